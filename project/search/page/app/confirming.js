// The trials that ran again with new seeds, beside the default flags: how much better they are.

import { copyButtons } from "../../../comparison/page/app/copying.js";
import { el, svg } from "../../../comparison/page/app/dom.js";
import { number } from "../../../comparison/page/app/format.js";

const WIDTH = 160;
const HEIGHT = 26;

export function confirming(data) {
  return data.confirmed.map((told) => [
    el("div", { class: "heading" }, el("h3", {}, `${told.objective} over ${told.seeds.length} new seeds`), copyButtons(() => taken(told))),
    el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": `Confirmed ${told.objective}` }, table(told)),
    el("p", { class: "note" }, `A gain is how much better a trial is than the default flags with the same seeds. It is at least, and at most, so much with ${told.sure} confidence for all trials together.`),
  ]);
}

function table(told) {
  const known = told.rows.filter(({ low }) => low !== null);
  const scale = scaled([0, ...known.flatMap(({ low, high }) => [low, high])]);
  const head = ["Trial", "Verdict", `${told.objective}, mean ± sd`, "Gain", "At least", "At most", "Interval", "p (Holm)", "Flags, and the score of each seed"];
  const numeric = [2, 3, 4, 5, 7];
  return el("table", { class: "confirmed" },
    el("thead", {}, el("tr", {}, head.map((text, i) => el("th", { scope: "col", class: numeric.includes(i) ? "number" : "" }, text)))),
    el("tbody", {}, told.rows.map((row) => line(row, scale))));
}

function line(row, scale) {
  const cell = (text) => el("td", { class: "number" }, (text ?? "").replace("-", "−"));
  return el("tr", { class: `is-${row.kind}` },
    el("th", { scope: "row" }, row.name),
    el("td", { class: "said" }, row.said),
    cell(row.mean),
    cell(row.texts[0]), cell(row.texts[1]), cell(row.texts[2]),
    el("td", {}, row.low !== null && interval(row, scale)),
    cell(row.p === null ? "" : number(row.p, 2)),
    el("td", { class: "flags" }, row.flags, el("small", {}, row.each)));
}

function scaled(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => 8 + (high > low ? (value - low) / (high - low) : 0.5) * (WIDTH - 16);
}

function interval({ low, gain, high, texts, kind }, at) {
  const colour = { winner: "var(--best)", better: "var(--best)", worse: "var(--removed)" }[kind] ?? "var(--quiet)";
  const bar = svg("line", { class: "interval", x1: at(low), x2: at(high), y1: HEIGHT / 2, y2: HEIGHT / 2 });
  const dot = svg("circle", { cx: at(gain), cy: HEIGHT / 2, r: 4.5 });
  bar.style.stroke = dot.style.fill = colour;
  const zero = svg("line", { class: "zero", x1: at(0), x2: at(0), y1: 2, y2: HEIGHT - 2 });
  return svg("svg", { class: "strip-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": `From ${texts[1]} to ${texts[2]}, the dashed line is no gain` }, zero, bar, dot);
}

function taken({ objective, rows }) {
  const cell = (text, value) => (value === null ? null : { text, value });
  return { head: ["trial", `${objective} mean`, "gain", "at least", "at most", "p", "verdict"], rows: rows.map((row) => [{ text: row.name }, cell(row.mean, row.value), cell(row.texts[0], row.gain), cell(row.texts[1], row.low), cell(row.texts[2], row.high), cell(String(row.p), row.p), { text: row.said }]) };
}
