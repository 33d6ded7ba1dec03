// The table of the list: headings that sort, a row for each run, a row for each group of seeds.

import { annotate } from "./annotate.js";
import { cell, mean } from "./cells.js";
import { el } from "./dom.js";
import { source } from "./source.js";
import { isOpen, setOpen, state } from "./state.js";

export function runsTable(found, ticks, list) {
  const head = [source.compare && el("td", {}), heading({ name: "run_id", title: "Run", kind: "text" }, list), ...found.columns.map((column) => heading(column, list))];
  return el("table", { class: "latest" }, el("thead", {}, el("tr", {}, head)), bodies(found, ticks, list));
}

function heading(column, list) {
  const { name, kind } = column;
  const falling = state.sort === `-${name}`;
  const by = falling || state.sort === name;
  // By the names that conditions use.
  const button = el("button", { class: "plain", "data-key": `sort ${name}`, onclick: () => list.change({ sort: next(column) }) }, column.title ?? name);
  return el("th", { scope: "col", class: kind === "number" ? "number" : "", "aria-sort": by ? (falling ? "descending" : "ascending") : null }, button);
}

// The best first, then the other way round, then as they began.
function next({ name, better }) {
  const [first, then] = better === "max" ? [`-${name}`, name] : [name, `-${name}`];
  return { [first]: then, [then]: "" }[state.sort] ?? first;
}

function bodies(found, ticks, list) {
  if (!state.seeds) return el("tbody", {}, found.rows.map((run) => row(run, found, ticks, list)));
  return groups(found.rows).map((runs) => (runs.length > 1 ? group(runs, found, ticks, list) : el("tbody", {}, row(runs[0], found, ticks, list))));
}

// Neighbours of one setting with several seeds.
function groups(rows) {
  const found = [];
  for (const run of rows) {
    const last = found.at(-1);
    if (last && run.setting && last[0].setting === run.setting) last.push(run);
    else found.push([run]);
  }
  return found.flatMap((runs) => (new Set(runs.map((run) => run.seed)).size > 1 ? [runs] : runs.map((run) => [run])));
}

function group(runs, found, ticks, list) {
  const name = `s-${runs[0].setting}`;
  const open = isOpen(name, false);
  const lines = runs.map((run) => row(run, found, ticks, list));
  lines.forEach((line) => (line.hidden = !open));
  const button = el("button", { class: "section", "aria-expanded": String(open), "data-key": name }, runs[0].group, el("small", {}, `${runs.length} runs, ${new Set(runs.map((run) => run.seed)).size} seeds`));
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-expanded") === "false";
    button.setAttribute("aria-expanded", String(on));
    lines.forEach((line) => (line.hidden = !on));
    setOpen(name, on);
  });
  const tick = source.compare && el("td", {}, ticks.box(runs, `Choose all runs of ${runs[0].group}`));
  const cells = found.columns.map((column, i) => mean(column, i, runs));
  return el("tbody", { class: "seeds-of" }, el("tr", { class: "group" }, tick, el("th", { scope: "row" }, button), cells), lines);
}

function row(run, found, ticks, list) {
  const name = source.compare && !run.deleted ? el("a", { href: `compare?runs=${run.id}`, "data-key": `run ${run.id}` }, run.label) : run.label;
  const edit = run.editable && el("button", { class: "plain edit", "data-key": `edit ${run.id}`, "aria-label": `Note and tags of ${run.label} ${run.short}`, title: "Note and tags", onclick: () => annotate(run, () => list.ask()) }, "✎");
  const line = el(
    "tr",
    { class: run.deleted ? "deleted" : "", title: run.name },
    source.compare && el("td", {}, !run.deleted && ticks.box([run], `Choose ${run.label} ${run.short}`)),
    el("th", { scope: "row" }, name, run.short && el("small", { class: "id" }, run.short), run.deleted && el("small", {}, "deleted"), edit),
    found.columns.map((column, i) => cell(column, run.values[i], run.last.includes(i))),
  );
  ticks.follow(line, run);
  return line;
}
