// The list of runs, of a server and of a file: found by words and conditions, in any order, with any
// columns; ticked and compared. It reads what `source.list` answers to a question (see listed.py).

import { cellsLegend } from "./cells.js";
import { chooseColumns, explain } from "./choosing.js";
import { el } from "./dom.js";
import { runsTable } from "./rows.js";
import { source } from "./source.js";
import { state, update } from "./state.js";
import { Ticks } from "./ticking.js";
import { views } from "./views.js";

const WAIT = 300; // ms after the last key
const POLL = 10000;

export function listing(place, heading = "h1") {
  return new Listing(place, heading).begin();
}

class Listing {
  constructor(place, heading) {
    this.place = place;
    this.ticks = new Ticks();
    this.asked = 0;
    this.count = el("p", { class: "quiet", role: "status" });
    this.fault = el("p", { class: "fault", role: "alert", id: "where-fault", hidden: true });
    this.folded = el("p", { class: "quiet", hidden: true });
    this.table = el("div", { class: "scroll tall", tabIndex: 0, role: "region", "aria-label": "Table of runs" });
    this.below = el("div", { class: "below" });
    this.pager = el("nav", { class: "tools", "aria-label": "Pages of the list" });
    const title = el(heading, {}, "Runs");
    const columns = el("button", { onclick: () => chooseColumns(this.found, () => this.change({})) }, "Columns");
    this.root = el(
      "section",
      { class: "list", "aria-label": "List of runs" },
      el("div", { class: "heading" }, title, this.count, el("span", { class: "grow" }), source.views && views(), columns),
      this.search(),
      this.fault,
      this.folded,
      el("div", { class: "tools acts" }, this.switch("seeds", "Group seeds"), source.edit && this.switch("deleted", "Deleted ones too"), el("span", { class: "grow" }), source.compare && this.ticks.buttons),
      this.table,
      this.pager,
      this.below,
    );
  }

  async begin() {
    await this.ask();
    if (!this.found) this.table.replaceChildren(el("p", { class: "empty" }, "Nothing is shown until that is mended."));
    this.place.replaceChildren(this.root);
    this.poll();
  }

  search() {
    const words = this.input("search", "Words", "Name, tag, or a flag such as learning_rate=0.01");
    const where = source.edit && this.input("where", "Where", "val_accuracy > 0.9 and model == cnn");
    const help = where && el("button", { type: "button", class: "plain", onclick: () => explain(this.found), "aria-label": "What a condition may say" }, "?");
    this.condition = where?.querySelector("input");
    if (where) this.condition.setAttribute("aria-describedby", "where-fault");
    return el("form", { class: "tools asks", role: "search", onsubmit: (event) => event.preventDefault() }, words, where, help);
  }

  input(name, label, placeholder) {
    let wait = 0;
    const field = el("input", { type: "search", id: `list-${name}`, value: state[name], placeholder, autocomplete: "off", spellcheck: false });
    field.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(() => this.change({ [name]: field.value.trim() }), WAIT);
    });
    return el("label", { class: name }, el("span", {}, label), field);
  }

  switch(name, label) {
    const box = el("input", { type: "checkbox", id: `list-${name}`, checked: state[name], onchange: () => this.change({ [name]: box.checked }) });
    return el("label", { class: "check" }, box, label);
  }

  // Something else is asked for; on another page only if that is what changes.
  change(changes) {
    update({ page: 1, ...changes });
    return this.ask();
  }

  async ask() {
    const number = ++this.asked;
    const began = performance.now();
    try {
      const { search, where, sort, columns, seeds, deleted, debug, page } = state;
      const found = await source.list({ search, where, sort, columns, seeds, deleted, debug, page });
      if (number === this.asked) this.show(found);
    } catch (error) {
      if (number === this.asked) this.tell(error.message);
    }
    this.took = performance.now() - began;
  }

  // What was found before stays, so that a condition can be mended beside it.
  tell(text) {
    this.fault.textContent = text;
    this.fault.hidden = !text;
    this.condition?.setAttribute("aria-invalid", String(Boolean(text)));
  }

  show(found) {
    this.tell("");
    const told = fixed(found) + state.sort;
    const same = told === this.told;
    Object.assign(this, { found, told });
    if (same) return;
    const focus = document.activeElement?.dataset?.key;
    this.ticks.know(found.rows, found.found);
    this.table.replaceChildren(found.rows.length ? runsTable(found, this.ticks, this) : this.nothing());
    this.table.querySelector(`[data-key="${CSS.escape(focus ?? "")}"]`)?.focus();
    const all = found.found === found.known ? "" : ` of ${found.known.toLocaleString("en")}`;
    this.count.textContent = `${found.found.toLocaleString("en")}${all} run${found.known === 1 ? "" : "s"}`;
    this.folded.hidden = !found.folded && !state.debug;
    this.folded.replaceChildren(found.folded ? `${found.folded}. ` : "", el("button", { class: "plain", onclick: () => this.change({ debug: !state.debug }) }, found.folded ? "Show" : "Hide failed runs of debug"));
    this.pages(found);
    performance.mark("list drawn");
    this.below.replaceChildren(...[...found.notes, ...cellsLegend(found)].map((note) => el("p", { class: "note" }, note)));
  }

  nothing() {
    const asks = state.search || state.where;
    if (this.found.found) return el("p", { class: "empty" }, "The list has not so many pages.");
    return el("p", { class: "empty" }, asks ? "No run fits all of that." : "There are no runs yet. Train one with python -m project.run, or point a client here.");
  }

  pages({ found, first, at_once: most, rows }) {
    this.pager.hidden = found <= most && first === 0;
    const to = (page) => () => this.change({ page }).then(() => this.table.scrollTo(0, 0));
    const page = Math.floor(first / most) + 1;
    const shown = rows.length ? `${(first + 1).toLocaleString("en")} to ${(first + rows.length).toLocaleString("en")} of ${found.toLocaleString("en")}` : "No run is so far down";
    this.pager.replaceChildren(el("button", { disabled: page === 1, onclick: to(page - 1) }, "Before"), el("span", {}, shown), el("button", { disabled: first + rows.length >= found, onclick: to(page + 1) }, "Next"));
  }

  // While something runs; a store of very many runs is asked less often.
  poll() {
    setTimeout(async () => {
      if (!this.root.isConnected) return;
      const alive = this.found?.running && !document.hidden && !document.querySelector("dialog[open]");
      if (alive) await this.ask();
      this.poll();
    }, Math.max(POLL, 20 * (this.took ?? 0)));
  }
}

// All of an answer but for times that go on.
function fixed(found) {
  const goes = found.columns.map(({ kind }) => kind === "age" || kind === "seconds");
  return JSON.stringify({ ...found, rows: found.rows.map((run) => ({ ...run, values: run.values.filter((value, i) => !goes[i]) })) });
}
