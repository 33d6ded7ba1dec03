// Colours from low to high, which are told apart by their lightness, too.

import { el } from "./dom.js";

export const STOPS = ["#482a8a", "#2f6ca6", "#219487", "#6fae3a", "#d8a800"];

// The colour of a place from 0 to 1.
export function mixed(share) {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  return `color-mix(in oklab, ${STOPS[i + 1]} ${Math.round(100 * (at - i))}%, ${STOPS[i]})`;
}

// What the colours mean: a bar with the names of its places, as `scale` gives them.
export function ramp(name, ticks) {
  const ends = ticks.length ? [ticks[0].text, ticks.at(-1).text] : [];
  return el("p", { class: "ramp" }, name, el("span", {}, ends[0] ?? ""), el("i", { style: { background: `linear-gradient(to right in oklab, ${STOPS.join(", ")})` } }), el("span", {}, ends[1] ?? ""));
}
