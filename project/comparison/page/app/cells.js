// Cells of the list of runs, by the kind of their column (see listed.py), and what their marks mean.

import { el, status } from "./dom.js";
import { age, date, duration, number, spread } from "./format.js";

const SHOWN = {
  status: (value) => status({ status: value.split(",")[0] }),
  age: (value) => age(Date.now() - 1000 * value),
  seconds: (value) => duration(1000 * value),
  tags: (value) => value.map((tag) => [el("span", { class: "tag" }, tag), " "]),
  note: (value) => el("span", { class: "noted", title: value }, value),
};

export function cell(column, value, last) {
  const { kind, score } = column;
  if (value === null || value === undefined || value === "") return el("td", { class: kind === "number" ? "number" : "" });
  const shown = SHOWN[kind]?.(value) ?? (score ? number(value) : String(value));
  const title = kind === "age" ? date(Date.now() - 1000 * value) : score ? String(value) : null;
  const rest = kind === "status" && value.includes(",") ? value.slice(value.indexOf(",")) : "";
  return el("td", { class: kind === "number" ? "number" : "", title }, shown, rest, last && el("small", {}, " last"));
}

// Of a group of seeds: the mean and deviation of a score over the newest run of each seed that has
// finished; of what all its runs share, that.
export function mean(column, i, runs) {
  const name = column.kind === "number" ? "number" : "";
  const newest = new Map(runs.filter((run) => run.finished && typeof run.values[i] === "number").sort((a, b) => a.started - b.started).map((run) => [run.seed, run.values[i]]));
  const values = [...newest.values()];
  if (column.score && values.length) {
    const middle = values.reduce((a, b) => a + b, 0) / values.length;
    const sd = values.length > 1 ? Math.sqrt(values.reduce((a, b) => a + (b - middle) ** 2, 0) / (values.length - 1)) : null;
    return el("td", { class: name, title: `mean ${middle}, standard deviation ${sd ?? "unknown"}, ${values.length} seeds` }, spread(middle, sd));
  }
  const texts = new Set(runs.map((run) => JSON.stringify(run.values[i])));
  return texts.size === 1 && !column.score ? cell(column, runs[0].values[i], false) : el("td", { class: name });
}

// What is said of marks, where there are any.
export function cellsLegend({ columns, rows }) {
  const code = columns.findIndex(({ kind }) => kind === "code");
  const told = [];
  if (rows.some((run) => code >= 0 && run.values[code]?.endsWith("*"))) told.push("* behind a commit: the code differed from it by changes that were not committed; the run holds them.");
  if (rows.some((run) => run.label.includes(" = "))) told.push("= stands before the end of the id of the run that a reproduction repeats.");
  if (rows.some((run) => run.last.length)) told.push("A score is the best checkpoint's; “last” marks the last one logged, of runs that have no other.");
  return told;
}
