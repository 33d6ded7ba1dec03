// The table of a comparison: flags, results with their differences, code, data and environment.

import { el, status, swatch } from "./dom.js";
import { age, date, duration, number, spread } from "./format.js";
import { look } from "./palette.js";
import { state } from "./state.js";
import { Table } from "./table.js";

// These differ without telling anything; they are shown once opened.
const CLOSED = new Set(["environment"]);

export class Comparison extends Table {
  constructor(data, items, grouped) {
    super(items.length);
    this.know(data, items, grouped);
    this.draw();
  }

  know(data, items, grouped) {
    Object.assign(this, { data, items, grouped, runs: new Map(data.runs.map((run) => [run.id, run])) });
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
  }

  bodies() {
    return [...Map.groupBy(this.data.rows, (row) => row.section)].map(([name, rows]) => this.section(name, rows));
  }

  section(name, rows) {
    const fits = (row) => this.found(row.name) && (this.all || row.differs) && (this.whole || !row.of_class);
    const wanted = rows.filter(fits);
    const differing = rows.filter((row) => row.differs);
    // What groups differ in comes before what differs only within each.
    wanted.sort((a, b) => this.within(a) - this.within(b));
    if (!wanted.length) return this.filter.value ? null : this.sameLine(name, rows.length);
    const lines = wanted.map((row) => (name === "results" ? this.result(row) : this.fact({ name: row.name, differs: row.differs && !this.within(row), values: this.cells(row) }, row.differs ? "in each group" : "the same")));
    const telling = this.columns === 1 || wanted.some((row) => !this.within(row));
    return this.body(name, lines, state.all || (telling && !CLOSED.has(name)), this.note(rows, differing, wanted));
  }

  // Whether a row differs, but the same way in each group.
  within(row) {
    return row.differs && this.grouped && new Set(this.cells(row).map((cell) => JSON.stringify(cell))).size === 1;
  }

  note(rows, differing, wanted) {
    const classes = rows.filter((row) => row.of_class && (row.differs || this.columns === 1) && !wanted.includes(row)).length;
    if (this.columns === 1) return classes && !this.filter.value ? `${classes} more are of single classes: filter names to see them` : `${rows.length} entries`;
    const hidden = classes && !this.filter.value ? `, ${classes} of them of single classes: show all to see them` : "";
    const within = differing.every((row) => this.within(row)) ? ", only within groups" : "";
    return `${differing.length} of ${rows.length} differ${within}${hidden}`;
  }

  cells(row) {
    return this.grouped ? row.grouped : row.each;
  }

  result(row) {
    const cells = this.cells(row);
    if (!row.differs && this.columns > 1) return this.fact({ name: row.name, differs: false, values: [cells[0]?.text ?? spread(cells[0]?.value)] });
    return el("tr", { class: row.differs ? "result differs" : "result" }, el("th", { scope: "row" }, row.name, row.why && el("small", {}, ` not compared: ${row.why}`)), cells.map(result));
  }
}

function result(cell) {
  if (cell === null) return el("td", {}, el("span", { class: "none", title: "This run does not have it" }, "–"));
  const sign = { 1: "better", "-1": "worse" }[cell.sign] ?? "";
  const shown = cell.text ?? spread(cell.value, cell.sd);
  const about = cell.n === undefined ? shown : `mean ${cell.value}, standard deviation ${cell.sd ?? "–"}, ${cell.n} seeds`;
  const less = cell.interval ? `Paired by seed, 95 % confidence interval ${cell.interval}` : "Less the first";
  return el(
    "td",
    { class: cell.best ? "best" : "" },
    el("span", { class: "last" }, el("span", { class: "value", title: about }, shown), cell.best && el("span", { class: "star", role: "img", "aria-label": "best" }, "★")),
    " ",
    cell.delta && el("small", { class: `delta ${sign}`, title: less }, cell.delta.replace("-", "−")),
    cell.last && el("small", { class: "last-one", title: "A score is the best checkpoint's; this one is the last epoch's" }, ` last ${cell.last.replace("-", "−")}`),
  );
}
