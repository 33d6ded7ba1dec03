// What stands below a chart: what is not in it, and why.

import { el } from "./dom.js";
import { number, xText } from "./format.js";
import { state } from "./state.js";

const MOST = 3; // names that are told
const CAPPED = 200; // points that are not finite: no more are known one by one

export function notes(chart) {
  return chart.alone ? ofBars(chart) : [...ofCurves(chart), scale(chart)].filter(Boolean);
}

function ofBars(chart) {
  const { begins, cut, whiskers } = chart;
  const told = begins ? [`The bars begin at ${number(begins)}, not at 0.`] : [];
  if (whiskers) told.push("Lines across their ends are 95 % confidence intervals of the means.");
  if (cut) told.push("Broken bars go on beyond the scale.");
  return [told.length ? `${told.join(" ")} ` : "", cut && shower(chart)].filter(Boolean);
}

function ofCurves({ data, curves, shown }) {
  const told = [];
  const chiefs = shown.filter(({ chief }) => chief).length;
  if (chiefs < shown.length) told.push(chiefs ? `The ${chiefs} best of ${shown.length} runs have colours; point at another line, or at its name, to see it.` : `${shown.length} runs: point at a line, or at its name, to see it.`);
  const without = data.runs.filter((run) => curves[run.id] === null);
  if (without.length) told.push(`No epochs are known of ${names(without)}.`);
  const odd = shown.filter(({ curve }) => curve.odd.length);
  for (const { run, curve } of odd.slice(0, MOST)) {
    const [x, kind] = curve.odd[0];
    told.push(`${run.name}: ${kind} at ${xText(state.x, x)}${curve.odd.length > 1 ? `, and ${curve.odd.length < CAPPED ? "" : "at least "}${curve.odd.length - 1} more points that are not finite` : ""}.`);
  }
  if (odd.length > MOST) told.push(`${odd.length - MOST} more runs have points that are not finite.`);
  if (state.log && shown.some(({ curve }) => curve.y.some((y) => y <= 0))) told.push("Values of 0 and less are not on a log scale.");
  return told.length ? [`${told.join(" ")} `] : [];
}

// Who is off the scale, and a button that shows all or leaves it out again.
function scale(chart) {
  const { cut, shown: range } = chart.range;
  if (!cut && !chart.zoomedTo) return null;
  if (state.full && !chart.zoomedTo) return shower(chart);
  const [low, high] = range;
  const out = chart.shown.filter(({ curve }) => curve.y.some((y) => y < low || y > high));
  if (!out.length) return null;
  const [least, greatest] = out.reduce(([a, b], { curve }) => [curve.y.reduce((x, y) => Math.min(x, y), a), curve.y.reduce((x, y) => Math.max(x, y), b)], [Infinity, -Infinity]);
  const ends = [least < low && `down to ${number(least)}`, greatest > high && `up to ${number(greatest)}`].filter(Boolean).join(" and ");
  return el("span", {}, `Off the scale, ${ends}: ${names(out.map(({ run }) => run))}. `, !chart.zoomedTo && shower(chart));
}

function shower(chart) {
  return el("button", { class: "plain small", onclick: () => chart.showAll() }, state.full ? "Leave out what is far off" : "Show all values");
}

function names(runs) {
  const rest = runs.length - MOST;
  return runs.slice(0, MOST).map(({ name }) => name).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
