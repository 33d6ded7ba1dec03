// The axes of parallel coordinates as they are drawn: where they stand, and their names.

import { svg } from "./dom.js";
import { STOPS } from "./ramp.js";

export const HEIGHT = 352;
const [TOP, BOTTOM] = [58, 40];
export const SIDE = 70;
export const NONE = -0.09; // where runs pass that have no value

// The colours along the axis by which runs are coloured.
export function gradient() {
  const stops = STOPS.map((colour, i) => svg("stop", { offset: i / (STOPS.length - 1), "stop-color": colour }));
  return svg("defs", {}, svg("linearGradient", { id: "scale", gradientUnits: "userSpaceOnUse", x1: 0, x2: 0, y1: y(0), y2: y(1) }, stops));
}

export function rail(x, coloured) {
  const line = svg("line", { class: "rail", x1: x, x2: x + 0.01, y1: y(0), y2: y(1) });
  if (coloured) Object.assign(line.style, { stroke: "url(#scale)", strokeWidth: 5 });
  return line;
}

// The height of a place from 0 to 1.
export function y(place) {
  return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP);
}

// A text that fits into so many pixels; all of it as its title.
export function label(text, x, at, room, kind) {
  const most = Math.max(Math.floor(room / 6.6), 4);
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return svg("text", { class: kind, x, y: at }, svg("title", {}, text), shown);
}
