// The table that answers first: a row for each run or group, its flags that differ, the scores that
// count with their distance from the baseline. Reads `headline`, `primary`, `telling`, `rows`,
// `scores`, `groups`, `against`.

import { copyButtons } from "./copying.js";
import { el, status, swatch } from "./dom.js";
import { age, date, duration, number, spread } from "./format.js";
import { look } from "./palette.js";
import { onPoint, lit, pin, point } from "./pointing.js";
import { baseline, best, difference, told } from "./scoring.js";
import { state, update } from "./state.js";

// More flags have no room beside the scores; all stand in the table below.
const FLAGS = 4;
// Of more rows, some are found by words, and the table keeps its height.
const MANY = 8;

export class Headline {
  // `changed` is called when another baseline was chosen.
  constructor(data, items, grouped, changed) {
    Object.assign(this, { changed });
    this.filter = el("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter the rows", oninput: () => this.draw() });
    this.place = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Scores side by side" });
    this.filter.hidden = items.length <= MANY;
    this.root = el("section", { class: "headline", "aria-label": "Scores" }, this.place, this.foot());
    this.know(data, items, grouped);
    this.draw();
    onPoint(this.root, () => this.light());
  }

  know(data, items, grouped) {
    Object.assign(this, { data, items, grouped });
    this.flags = items.length > 1 ? data.telling.filter((name) => this.flag(name)).slice(0, FLAGS) : [];
    this.scores = [...new Set([data.primary, ...data.headline])].filter((name) => name && items.some((item) => told(data, item, name)));
  }

  // Names in the order of their columns; where there is little room, what is judged comes first.
  get columns() {
    const narrow = matchMedia("(max-width: 700px)").matches && this.scores.length;
    return narrow ? [this.scores[0], ...this.flags, ...this.scores.slice(1)] : [...this.flags, ...this.scores];
  }

  foot() {
    return el("div", { class: "foot" }, this.filter, el("span", { class: "grow" }), copyButtons(() => this.table()));
  }

  renew(data, items, grouped) {
    this.know(data, items, grouped);
    if (!this.place.contains(document.activeElement) && !getSelection().toString()) this.draw();
  }

  flag(name) {
    return this.data.rows.find((row) => row.section === "flags" && row.name === name);
  }

  cell(name, i) {
    const row = this.flag(name);
    return (this.grouped ? row.grouped : row.each)[i];
  }

  get rows() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = this.items.map((item, i) => ({ item, i, text: `${item.name} ${this.flags.map((name) => `${name}=${this.cell(name, i)}`).join(" ")}`.toLowerCase() }));
    const found = all.filter(({ text }) => words.every((word) => text.includes(word)));
    return this.sorted(found);
  }

  // Of many, the best come first.
  get usual() {
    const { primary, scores } = this.data;
    if (this.items.length <= MANY || !primary) return "";
    return scores.find(({ name }) => name === primary).better === "max" ? `-${primary}` : primary;
  }

  sorted(rows) {
    const order = state.by || this.usual;
    const by = order.replace(/^-/, "");
    const falling = order.startsWith("-");
    if (!by) return rows;
    const value = ({ item, i }) => (this.flags.includes(by) ? this.cell(by, i) : told(this.data, item, by)?.value) ?? null;
    const collator = new Intl.Collator("en", { numeric: true });
    const numbers = (text) => (text !== null && text !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
    return [...rows].sort((one, two) => {
      const [a, b] = [value(one), value(two)];
      if (a === null || b === null) return (a === null) - (b === null);
      const [x, y] = [numbers(a), numbers(b)];
      const order = x !== null && y !== null ? x - y : collator.compare(String(a), String(b));
      return falling ? -order : order;
    });
  }

  draw() {
    const base = baseline(this.items);
    this.tops = new Map(this.scores.map((name) => [name, best(this.data, this.items, name)]));
    const rows = this.rows;
    const table = el("table", { class: "scores" }, this.head(), el("tbody", {}, rows.map((row) => this.line(row, base))));
    this.place.classList.toggle("tall", this.items.length > MANY);
    const top = this.place.scrollTop;
    this.place.replaceChildren(table);
    this.place.scrollTop = top;
    this.light();
  }

  head() {
    const several = this.items.length > 1;
    const title = (name, kind) => {
      const score = this.data.scores.find((one) => one.name === name);
      const now = state.by || this.usual;
      const order = now === name ? "ascending" : now === `-${name}` ? "descending" : "none";
      const arrow = score?.better === "max" ? " ↑" : score?.better === "min" ? " ↓" : "";
      const next = order === "ascending" ? `-${name}` : order === "descending" ? "" : score?.better === "max" ? `-${name}` : name;
      const about = [score?.why && `Not compared: ${score.why}`, arrow && (score.better === "max" ? "More is better" : "Less is better"), "Click to sort"].filter(Boolean).join(". ");
      const press = el("button", { class: "plain", title: about, onclick: () => {
        update({ by: next });
        this.draw();
      } }, name, arrow && el("span", { class: "way", "aria-hidden": "true" }, arrow));
      return el("th", { scope: "col", class: kind, "aria-sort": several ? order : null }, several ? press : [name, arrow], name === this.data.primary && several && el("small", {}, "judged by this one"), score?.why && el("small", {}, "not compared"));
    };
    return el("thead", {}, el("tr", {}, several && el("th", { scope: "col", class: "pin", title: "The baseline: others are told as differences from it" }, "Base"), el("th", { scope: "col" }, this.grouped ? "Setting" : "Run"), this.columns.map((name) => title(name, this.flags.includes(name) ? "flag" : "number"))));
  }

  line({ item, i }, base) {
    const several = this.items.length > 1;
    const radio = el("input", { type: "radio", name: "base", checked: item.id === base.id, "aria-label": `Compare with ${item.name} as the baseline`, onchange: () => {
      update({ base: item.id === this.items[0].id ? "" : item.id });
      this.draw();
      this.place.querySelector("input:checked")?.focus();
      this.changed();
    } });
    const row = el("tr", { class: item.id === base.id && several ? "base" : "", "data-id": item.id }, several && el("td", { class: "pin" }, radio), el("th", { scope: "row" }, this.who(item)), this.columns.map((name) => (this.flags.includes(name) ? el("td", { class: "flag" }, this.cell(name, i) ?? "–") : this.score(name, item, base))));
    for (const [event, id] of [["pointerenter", item.id], ["pointerleave", null]]) row.addEventListener(event, () => point(id));
    return row;
  }

  light() {
    const ids = lit();
    for (const row of this.place.querySelectorAll("tr[data-id]")) row.classList.toggle("lit", ids.has(row.dataset.id));
  }

  who(item) {
    const runs = (item.members ?? [item.id]).map((id) => this.data.runs.find((run) => run.id === id));
    const [run] = runs;
    const called = el("button", { class: "plain who", title: `${item.name}\nClick to let it stand out in the charts`, onclick: () => pin(item.id) }, swatch(look(item.id)), " ", this.items.length > 1 ? el("b", {}, item.id) : "");
    if (item.group) {
      const group = this.data.groups.find(({ label }) => label === item.id);
      const more = runs.length - group.counted.length;
      return [called, el("small", { title: item.name }, `${runs.length} seeds`, more > 0 && `, ${more} not counted`)];
    }
    const about = run.foreign || !this.flags.length ? run.name : run.run_id.split("-").at(-1);
    const lasted = run.lasted === null ? "" : ` ${duration(run.lasted)}`;
    return [called, el("small", { title: `${run.run_id}\n${date(run.started)}` }, about, " ", run.status !== "finished" && status(run), run.status === "finished" && this.items.length <= MANY && `${lasted} · ${age(run.started)}`)];
  }

  score(name, item, base) {
    const found = told(this.data, item, name);
    if (!found) return el("td", { class: "number" }, el("span", { class: "none" }, "–"));
    const tops = this.tops.get(name);
    const top = tops.has(item.id);
    const tied = top && tops.size > 1;
    const less = difference(this.data, base, item, name);
    const about = item.group ? `mean ${found.value}, standard deviation ${found.sd ?? "–"}, ${found.n} seeds` : String(found.value);
    const mark = top && el("span", { class: "star", role: "img", "aria-label": tied ? "tied for best" : "best", title: tied ? "Tied for best" : "Best" }, tied ? "=★" : "★");
    return el("td", { class: `number${top ? " best" : ""}` }, el("span", { class: "value", title: about }, spread(found.value, found.sd ?? null)), mark, less && delta(less));
  }

  table() {
    const head = [this.grouped ? "setting" : "run", ...this.flags, ...this.scores];
    const rows = this.rows.map(({ item, i }) => [
      { text: item.name },
      ...this.flags.map((name) => ({ text: String(this.cell(name, i) ?? "") })),
      ...this.scores.map((name) => {
        const found = told(this.data, item, name);
        const known = found && typeof found.value === "number";
        return { text: found ? spread(found.value, found.sd ?? null) : "", ...(known ? { value: found.value } : {}), ...(typeof found?.sd === "number" ? { sd: found.sd } : {}), best: this.tops.get(name).has(item.id) };
      }),
    ]);
    return { head, rows };
  }
}

// The distance from the baseline: coloured where seeds show it, with its interval.
export function delta({ mean, low, high, shown, sign }) {
  const signed = (value) => (value > 0 ? "+" : "") + number(value, 3);
  const known = typeof low === "number" && typeof high === "number";
  const kind = sign && shown ? (sign > 0 ? "better" : "worse") : "";
  const flat = low === high;
  const sure = !known ? "Single values: seeds would show whether it is more than chance" : shown ? "More than the seeds' noise" : flat ? "The same with every seed: that has no spread to judge by" : "Within the seeds' noise";
  return el("small", { class: `delta ${kind}${known ? "" : " alone"}`, title: known ? `${sure}: ${signed(low)} to ${signed(high)}` : sure }, signed(mean), known && !shown && el("span", { class: "noise" }, flat ? " no spread" : " noise"), known && el("span", { class: "interval" }, ` [${signed(low)}, ${signed(high)}]`));
}
