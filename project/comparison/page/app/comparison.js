// The table of a comparison: flags, results with their differences, code, data and environment.

import { el, status, swatch } from "./dom.js";
import { age, date, duration, number, spread } from "./format.js";
import { delta } from "./headline.js";
import { look } from "./palette.js";
import { baseline, difference } from "./scoring.js";
import { state } from "./state.js";
import { Table, slug, title } from "./table.js";

// More columns than this nobody reads beside each other.
const MOST = 12;
// What differs without telling anything by itself.
const HASH = /hash|blake3|^weights\./;

export class Comparison extends Table {
  constructor(data, items, grouped) {
    super(Math.min(items.length, MOST));
    this.know(data, items, grouped);
    this.draw();
  }

  // Of many items the baseline and the first of those that are not hidden have columns.
  know(data, items, grouped) {
    Object.assign(this, { data, all_: items, grouped, runs: new Map(data.runs.map((run) => [run.id, run])) });
    const base = baseline(items);
    const rest = items.filter((item) => item !== base && !state.hide.includes(item.id));
    const chosen = items.length <= MOST ? items : [base, ...rest].slice(0, MOST);
    this.items = chosen;
    this.places = chosen.map((item) => items.indexOf(item));
    this.columns = chosen.length;
  }

  renew(data, items, grouped) {
    this.know(data, items, grouped);
    this.refresh();
  }

  // All that is known of one run is more than one looks through at once.
  get whole() {
    return this.filter.value !== "" || state.all;
  }

  head() {
    const cells = this.items.map((item) => el("th", { scope: "col" }, swatch(look(item.id)), el("span", { class: "who", title: item.name }, item.name), el("small", {}, this.about(item))));
    return el("thead", {}, el("tr", {}, el("td", {}), cells));
  }

  about(item) {
    if (item.group) return `${item.members.length} runs: ${item.members.join(" ")}`;
    const run = this.runs.get(item.members?.[0] ?? item.id);
    const lasted = run.lasted === null ? "" : ` ${duration(run.lasted)}`;
    return [item.name !== run.run_id && el("span", { class: "id" }, run.run_id), status(run), lasted, el("span", { title: date(run.started) }, ` · ${age(run.started)}`)];
  }

  draw() {
    super.draw();
    this.place.firstChild.classList.toggle("narrow", this.columns > 4);
    const more = this.all_.length - this.items.length;
    if (more > 0) this.place.append(el("p", { class: "note" }, `${more} more have no column: hide others above, or choose another baseline.`));
  }

  bodies() {
    return [...Map.groupBy(this.data.rows, (row) => row.section)].flatMap(([name, rows]) => this.section(name, rows));
  }

  section(name, rows) {
    const folded = (row) => this.foldOf(row);
    const fits = (row) => this.found(row.name) && (this.all || row.differs);
    const wanted = rows.filter(fits);
    // What groups differ in comes before what differs only within each.
    wanted.sort((a, b) => this.within(a) - this.within(b));
    if (!wanted.length) return this.filter.value ? [] : [this.sameLine(name, rows.length)];
    const plain = wanted.filter((row) => !folded(row));
    const open = this.whole ? true : name === "flags" && this.columns > 1;
    const own = plain.length ? [this.body(name, plain.map((row) => this.line(name, row)), open, this.note(rows, plain))] : [];
    const folds = [...Map.groupBy(wanted.filter(folded), folded)];
    return [...own, ...folds.map(([fold, some]) => this.body(`${name}-${slug(fold)}`, some.map((row) => this.line(name, row)), this.filter.value !== "" || state.all, String(some.length), `${own.length ? "" : `${title(name)}: `}${fold}`, null, true))];
  }

  // The closed line under which a row stands, as another one says nearly the same.
  foldOf(row) {
    return row.fold || (HASH.test(row.name) ? "hashes" : "");
  }

  line(section, row) {
    if (section === "results") return this.result(row);
    return this.fact({ name: row.name, differs: row.differs && !this.within(row), values: this.cells(row) }, row.differs ? "in each group" : "the same");
  }

  // Whether a row differs, but the same way in each group.
  within(row) {
    return row.differs && this.grouped && new Set(this.cells(row).map((cell) => JSON.stringify(cell))).size === 1;
  }

  note(rows, plain) {
    if (this.columns === 1) return `${rows.length} entries`;
    const differing = rows.filter((row) => row.differs);
    const within = differing.length && differing.every((row) => this.within(row)) ? ", only within groups" : "";
    return `${differing.length} of ${rows.length} differ${within}`;
  }

  cells(row) {
    const all = this.grouped ? row.grouped : row.each;
    return this.places.map((i) => all[i]);
  }

  result(row) {
    const cells = this.cells(row);
    if (!row.differs && this.columns > 1) return this.fact({ name: row.name, differs: false, values: [cells[0]?.text ?? spread(cells[0]?.value)] });
    return el("tr", { class: row.differs ? "result differs" : "result" }, el("th", { scope: "row" }, row.name, row.why && el("small", {}, ` not compared: ${row.why}`)), cells.map((cell, i) => result(cell, this.less(row, cell, i))));
  }

  // The difference from the baseline; of what is no score only the first one's is known.
  less(row, cell, i) {
    const base = baseline(this.all_);
    if (cell === null || this.columns === 1) return null;
    if (this.data.scores.some(({ name }) => name === row.name)) {
      const found = difference(this.data, base, this.items[i], row.name);
      return found && delta(found);
    }
    return base === this.all_[0] && cell.delta ? el("small", { class: "delta" }, cell.delta.replace("-", "−")) : null;
  }
}

function result(cell, less) {
  if (cell === null) return el("td", {}, el("span", { class: "none", title: "This run does not have it" }, "–"));
  const shown = cell.text ?? spread(cell.value, cell.sd);
  const about = cell.n === undefined ? shown : `mean ${cell.value}, standard deviation ${cell.sd ?? "–"}, ${cell.n} seeds`;
  return el(
    "td",
    { class: cell.best ? "best" : "" },
    el("span", { class: "last" }, el("span", { class: "value", title: about }, shown), cell.best && el("span", { class: "star", role: "img", "aria-label": "best" }, "★")),
    " ",
    less,
    cell.last && el("small", { class: "last-one", title: "A score is the best checkpoint's; this one is the last epoch's" }, ` last ${cell.last.replace("-", "−")}`),
  );
}
