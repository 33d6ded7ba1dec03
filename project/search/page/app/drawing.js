// Points, steps and axes as one SVG, the same on the page and in a file.

import { svg } from "../../../comparison/page/app/dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [64, 14, 10, 40];
const INSET = 10;
// Where trials stand that have no score, below all that have one.
export const BELOW = -0.07;
const MANY = 2000; // points of which each is small
const circle = (x, y, r) => `M${round(x - r)},${y}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z`;
const SHAPES = { dot: circle, ring: circle, cross: (x, y, r) => `M${round(x - r)},${round(y - r)}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}` };

// `across` and `upwards` are axes of scales.js with a `name`; `points` have places `at`, from 0 to 1,
// and the name of a look; `looks` are of a shape and a colour; `steps` is a line's points, or null.
// Gives the drawing, and where each point stands.
export function drawn({ across, upwards, points, looks, steps }, width, height, ink) {
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const x = (place) => round(LEFT + INSET + place * (right - LEFT - 2 * INSET));
  const y = (place) => round(bottom - INSET - 12 - place * (bottom - TOP - 2 * INSET - 12));
  const standing = points.map((point) => ({ ...point, x: x(point.at[0]), y: y(point.at[1]) }));
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-size": 11, "aria-hidden": "true" },
    apart(across.ticks, x, 52).map(({ at, text }) => tick([x(at), TOP, x(at), bottom], cut(text, 9), [x(at), bottom + 15, "middle"], ink)),
    apart(upwards.ticks, y, 18).map(({ at, text }) => tick([LEFT, y(at), right, y(at)], cut(text, 9), [LEFT - 6, y(at) + 4, "end"], ink)),
    name(across.name, { x: (LEFT + right) / 2, y: height - 6 }, ink),
    name(upwards.name, { transform: `translate(11 ${(TOP + bottom) / 2}) rotate(-90)` }, ink),
    Object.entries(looks).map(([key, look]) => crowd(standing.filter((point) => point.look === key), look, points.length > MANY ? 1.8 : 3)),
    steps ? stairs(steps, x, y, ink) : []);
  return { root, standing };
}

// Points of one look are one path: ten thousand are drawn at once.
function crowd(points, { shape, colour }, r) {
  if (!points.length) return [];
  const d = points.map(({ x, y }) => SHAPES[shape](x, y, r)).join("");
  const style = shape === "dot" ? { fill: colour, "fill-opacity": 0.75 } : { fill: "none", stroke: colour, "stroke-width": r < 3 ? 0.8 : 1.4 };
  return svg("path", { class: "points", d, ...style });
}

function stairs(steps, x, y, { text }) {
  const d = steps.map(([across, upwards], i) => (i ? `H${x(across)}V${y(upwards)}` : `M${x(across)},${y(upwards)}`)).join("");
  return svg("path", { class: "steps", d, fill: "none", stroke: text, "stroke-width": 1.8 });
}

function tick([x1, y1, x2, y2], text, [x, y, anchor], { grid, quiet }) {
  return [svg("line", { x1, y1, x2, y2, stroke: grid }), svg("text", { x, y, "text-anchor": anchor, fill: quiet }, text)];
}

function name(text, place, ink) {
  return svg("text", { ...place, "text-anchor": "middle", "font-size": 12, "font-weight": 600, fill: ink.text }, text);
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// Those that can be read beside each other.
function apart(ticks, at, room) {
  const kept = [];
  for (const one of ticks) if (!kept.length || Math.abs(at(one.at) - at(kept.at(-1).at)) >= room) kept.push(one);
  return kept;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
