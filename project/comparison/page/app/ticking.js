// Which runs are ticked, which stands in the address; and what is done with them.

import { el, say } from "./dom.js";
import { state, update } from "./state.js";

export const MOST = 200;

export class Ticks {
  constructor() {
    this.chosen = new Set(state.ticked);
    this.boxes = [];
    this.rows = [];
    this.compare = el("button", { class: "main", id: "compare", onclick: () => location.assign(`compare?runs=${[...this.chosen].join(",")}`) });
    this.every = el("button", { class: "plain", hidden: true, onclick: () => this.set(this.rows.slice(0, MOST), true) });
    this.none = el("button", { class: "plain", onclick: () => this.clear() }, "Untick all");
    this.buttons = el("span", { class: "tools" }, this.every, this.none, this.compare);
    this.mark();
  }

  // The rows that are shown now, of so many that were found.
  know(rows, found) {
    this.rows = rows.filter((run) => !run.deleted);
    this.boxes = [];
    const all = this.rows.length === found && found <= MOST;
    this.every.textContent = all ? `Tick all ${found} found` : `Tick the first ${Math.min(MOST, this.rows.length)}`;
    this.every.hidden = this.rows.length < 2;
    this.mark();
  }

  // A box for these runs together.
  box(runs, label) {
    const box = el("input", { type: "checkbox", "aria-label": label, "data-key": `tick ${runs[0].id}${runs.length}`, onchange: () => this.set(runs, box.checked) });
    this.boxes.push([box, runs]);
    this.paint(box, runs);
    return box;
  }

  // A row whose run can be ticked anywhere on it.
  follow(row, run) {
    const box = row.querySelector("input[type=checkbox]");
    if (!box) return;
    row.classList.toggle("chosen", box.checked);
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a, input, button") && !getSelection().toString()) this.set([run], !this.chosen.has(run.id));
    });
  }

  set(runs, on) {
    for (const run of runs) {
      if (on) this.chosen.add(run.id);
      else this.chosen.delete(run.id);
    }
    this.save();
  }

  clear() {
    this.chosen.clear();
    this.save();
  }

  save() {
    update({ ticked: [...this.chosen] });
    this.boxes.forEach(([box, runs]) => this.paint(box, runs));
    this.mark();
    if (this.chosen.size > MOST) say(`${MOST} runs at most are compared; ${this.chosen.size} are ticked`);
  }

  paint(box, runs) {
    const n = runs.filter((run) => this.chosen.has(run.id)).length;
    box.checked = n === runs.length;
    box.indeterminate = n > 0 && n < runs.length;
    if (runs.length === 1) box.closest("tr")?.classList.toggle("chosen", box.checked);
  }

  mark() {
    const n = this.chosen.size;
    this.compare.textContent = n > 1 ? `Compare ${n}` : n ? "Look at 1 run" : "Compare";
    this.compare.disabled = !n || n > MOST;
    this.none.hidden = !n;
  }
}
