// What stands over the lines of a chart: marks that tell runs apart without colour, where curves
// leave the chart, where they are not finite, and the lines of those that stand out.

import { svg } from "./dom.js";
import { look, MARKS } from "./palette.js";
import { LONG } from "./plot.js";
import { nearest } from "./smooth.js";

const FEW = 12; // points of a curve that has a mark at each
const ALONG = 5; // marks of a longer one
const MOST = 10; // runs whose longer curves have marks: of more they hide the lines
const APART = 12; // pixels between two marks of a kind

// `place` has `x` and `y`, which turn values into pixels (`y` null where there is none), `back` the
// opposite of `x`, `width`, `height`, and the colour of its `ground`; `paint` gives a run's colour,
// `standing` are the ids of runs that stand out.
export function marks(shown, place, paint, standing) {
  const over = shown.filter(({ run }) => standing.has(run.id));
  const chiefs = shown.filter(({ chief }) => chief);
  return [
    ...over.map((one) => svg("path", { d: path(one.line, place), fill: "none", stroke: paint(one.run.id), "stroke-width": one.line.x.length > LONG ? 1.8 : 3, "stroke-dasharray": look(one.run.id).array, "stroke-linejoin": "round" })),
    ...(standing.size ? over : chiefs).flatMap((one) => symbols(one, chiefs, place, paint)),
    ...shown.flatMap((one) => leaving(one, place, paint)),
    ...shown.flatMap((one) => odd(one, place, paint)),
  ];
}

function path({ x, y }, place) {
  let pen = "M";
  return x.map((value, i) => {
    const at = y[i] === null ? null : place.y(y[i]);
    const told = at === null ? "" : `${pen}${place.x(value).toFixed(1)},${at.toFixed(1)}`;
    pen = at === null ? "M" : "L";
    return told;
  }).join("");
}

// At each point of a short curve, here and there on a long one; not where several are one run.
function symbols({ run, line }, all, place, paint) {
  const n = line.x.length;
  if (n > FEW && (all.length < 2 || all.length > MOST)) return [];
  const turn = (Math.max(all.findIndex((one) => one.run === run), 0) + 0.5) / all.length;
  const chosen = n <= FEW ? line.x.map((_, i) => i) : within(line.x, place, ALONG, turn);
  return chosen.map((i) => ({ x: place.x(line.x[i]), y: place.y(line.y[i]) })).filter(({ x, y }) => inside(x, place.width) && y !== null && inside(y, place.height))
    .map(({ x, y }) => svg("path", { class: "symbol", d: MARKS[look(run.id).colour], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, fill: paint(run.id), stroke: place.ground, "stroke-width": 1 }));
}

// Points that are nearest to places evenly spread over the width.
function within(xs, place, n, turn) {
  const [left, right] = [place.back(0), place.back(place.width)];
  return [...new Set(Array.from({ length: n }, (_, i) => nearest(xs, left + ((i + turn) / n) * (right - left))))];
}

function inside(at, end) {
  return at >= 0 && at <= end;
}

// Triangles at the edge where a curve goes beyond it.
function leaving({ run, curve }, place, paint) {
  const found = [];
  let last = { above: -Infinity, below: -Infinity };
  curve.y.forEach((value, i) => {
    const y = place.y(value);
    const x = place.x(curve.x[i]);
    const side = y === null || y > place.height + 0.5 ? "below" : y < -0.5 ? "above" : null;
    if (!side || !inside(x, place.width) || x - last[side] < APART) return;
    last[side] = x;
    found.push(triangle(x, side, place, paint(run.id)));
  });
  return found;
}

function triangle(x, side, place, fill) {
  const d = side === "above" ? "M0,0L4.5,8H-4.5z" : "M0,0L4.5,-8H-4.5z";
  return svg("path", { class: `off ${side}`, d, transform: `translate(${x.toFixed(1)} ${side === "above" ? 0 : place.height})`, fill, stroke: place.ground });
}

// A cross where a curve ends in NaN, at its last value; infinities at the edges, by their sign.
function odd({ run, curve, line }, place, paint) {
  const found = [];
  const last = new Map();
  for (const [at, kind] of curve.odd) {
    const x = place.x(at);
    if (!inside(x, place.width) || x - (last.get(kind) ?? -Infinity) < APART) continue;
    last.set(kind, x);
    const y = kind === "NaN" ? beside(line, at, place) : kind === "∞" ? 12 : place.height - 4;
    found.push(kind === "NaN" ? svg("path", { class: "odd", d: "M-4,-4L4,4M-4,4L4,-4", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, fill: "none", stroke: paint(run.id), "stroke-width": 2.5 })
      : svg("text", { class: "odd", x: x.toFixed(1), y, "text-anchor": "middle", "font-size": 14, "font-weight": 700, fill: paint(run.id) }, kind));
  }
  return found;
}

// The height of the last point before x, kept within the chart.
function beside({ x, y }, at, place) {
  let i = nearest(x, at);
  if (i > 0 && x[i] > at) i--;
  const height = i < 0 ? null : place.y(y[i]);
  return Math.min(Math.max(height ?? place.height, 6), place.height - 6);
}
