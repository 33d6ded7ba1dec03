// A single value of each run, or of each group of seeds, as bars. Where all are nearly the same, the
// bars don't begin at 0, as nobody could tell them apart, and it is said.

import { svg } from "./dom.js";
import { number } from "./format.js";
import { fitting } from "./range.js";
import { short } from "./scales.js";
import { nice } from "./ticks.js";

const ROW = 24;
const BAR = 10;
const FOOT = 22;
const LETTER = 6.4; // pixels of a usual letter
// Bars begin elsewhere than at 0 where what they differ in is less than this share of the greatest.
const NEARLY = 0.25;

// `rows` have a `name`, a `value` (a number, or a word where it is not finite), maybe numbers `low`
// and `high`, and `fill`, a colour; `better` is as for `fitting`, `full` shows all to their ends.
export function bars(rows, width, { text, quiet, grid, ground }, better = null, full = true) {
  const scale = scaled(rows.filter(({ value }) => typeof value === "number"), better, full);
  const names = Math.min(width * 0.5, Math.max(...rows.map(({ name }) => name.length)) * LETTER + 12);
  const [left, right] = [names, width - 62];
  const x = (value) => left + ((value - scale.low) / (scale.high - scale.low)) * (right - left);
  const height = rows.length * ROW + FOOT;
  const ticks = scale.ticks.map((value) => [svg("line", { x1: x(value), x2: x(value), y1: 0, y2: height - FOOT + 4, stroke: grid }), svg("text", { x: x(value), y: height - 5, "text-anchor": "middle", "font-size": 11, fill: quiet }, short(Number(value.toPrecision(6))))]);
  const drawn = svg("svg", { class: "bars", width, height, viewBox: `0 0 ${width} ${height}`, "font-size": 12 }, ticks, rows.map((row, i) => line(row, i * ROW + ROW / 2, x, { left, right, names, text, ground, scale })));
  return { drawn, height, begins: scale.low > 0 ? scale.low : Math.min(scale.high, 0), cut: scale.cut, whiskers: rows.some(({ low, high }) => low < high) };
}

function line({ name, value, low, high, fill }, y, x, { left, right, names, text, ground, scale }) {
  const most = Math.floor((names - 12) / LETTER);
  const shown = name.length > most ? `${name.slice(0, most - 1)}…` : name;
  const within = (at) => x(Math.min(Math.max(at, scale.low), scale.high));
  const ends = [within(0), within(value)];
  const bar = typeof value !== "number" ? [] : [
    svg("rect", { class: "bar", x: Math.min(...ends), y: y - BAR / 2, width: Math.max(Math.abs(ends[1] - ends[0]), 1), height: BAR, fill, rx: 2 }),
    scale.low > 0 ? broken(left, y, ground) : [],
    value > scale.high ? broken(right - 20, y, ground) : [],
    low < high ? whisker(within(low), within(high), y, text) : [],
  ];
  return [
    svg("text", { class: "name", x: 0, y: y + 4, fill: text }, svg("title", {}, name), shown),
    ...bar,
    svg("text", { class: "value", x: right + 60, y: y + 4, "text-anchor": "end", fill: text }, number(value)),
  ];
}

function whisker(low, high, y, stroke) {
  return svg("path", { class: "range", d: `M${low},${y - 4}v8M${high},${y - 4}v8M${low},${y}H${high}`, fill: "none", stroke, "stroke-width": 1.5 });
}

// Two slanted cuts: the bar goes on to the left.
function broken(x, y, stroke) {
  return svg("path", { class: "broken", d: `M${x + 5},${y + 7}l4,-14M${x + 9},${y + 7}l4,-14`, stroke, "stroke-width": 1.8 });
}

function scaled(rows, better, full) {
  const ends = rows.map(({ value, low, high }) => [value, low ?? value, high ?? value]);
  // Bars begin at 0, so what is flattened by others is flattened in its distance from there.
  const found = fitting(ends.map((values) => [0, ...values]), better);
  const cut = found.cut && !full;
  const inside = ends.flat().filter((value) => !cut || (value >= found.low && value <= found.high));
  const [least, greatest] = [Math.min(...inside), Math.max(...inside)];
  if (!(least <= greatest)) return { low: 0, high: 1, ticks: [], cut: false };
  const [low, high] = limits(least, greatest);
  const step = nice((high - low) / 3);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(i * step);
  return { low, high, ticks, cut };
}

// From 0, unless they differ in little.
function limits(least, greatest) {
  const apart = greatest - least;
  const size = Math.max(Math.abs(least), Math.abs(greatest));
  if (apart > 0 && apart < NEARLY * size && least > 0) return [Math.max(least - apart * 0.25, 0), greatest + apart * 0.06];
  if (apart > 0 && apart < NEARLY * size && greatest < 0) return [least - apart * 0.06, Math.min(greatest + apart * 0.25, 0)];
  return [Math.min(least, 0), Math.max(greatest, 0) || (least < 0 ? 0 : 1)];
}
