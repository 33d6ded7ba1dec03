// The first score by each flag alone, the flags that matter most first; later trials are lighter.

import { el } from "../../../comparison/page/app/dom.js";
import { ramp, STOPS } from "../../../comparison/page/app/ramp.js";
import { scale } from "../../../comparison/page/app/scales.js";
import { isGood, said, scored, tableOf, told } from "./known.js";
import { Points } from "./points.js";

const SHADES = 10;
const JITTER = 0.05; // of the axis, by which trials of one choice stand beside each other
const GOLDEN = 0.618; // whose multiples spread evenly

export function slices(data, trials, opened) {
  const good = trials.filter(isGood);
  if (!good.length) return [el("p", { class: "empty" }, "No trial is complete.")];
  const last = Math.max(...good.map(({ number }) => number), 1);
  return data.dims.map((dim, k) => slice(data, trials, good.filter(({ values }) => values[k] !== null), dim, k, last, opened)).concat(ramp("trial", [{ text: "0" }, { text: String(last) }]));
}

function slice(data, trials, own, dim, k, last, opened) {
  const [{ name: score }] = data.objectives;
  if (!own.length) return el("article", { class: "chart" }, el("h3", {}, dim.name), el("p", { class: "empty" }, "No trial that is complete has it."));
  const isChoice = dim.kind === "choice";
  const across = { ...scale({ kind: "flag" }, own.map(({ values }) => told(dim, values[k])), dim.log), name: dim.name };
  const upwards = scored(data.objectives[0], own.map(({ scores }) => scores[0]));
  const beside = (i) => (isChoice ? (((i * GOLDEN) % 1) - 0.5) * JITTER : 0);
  const points = own.map(({ id, number, values, scores }) => ({ id, at: [across.at(told(dim, values[k])) + beside(number), upwards.at(scores[0])], look: String(Math.floor((number / last) * (SHADES - 1))) }));
  const spec = () => ({ across, upwards, points, steps: null, looks: SHADED });
  return new Points({ title: `${score} by ${dim.name}`, spec, told: (id) => said(data, trials[id]), opened, table: () => tableOf(data, own) }).root;
}

const SHADED = Object.fromEntries(Array.from({ length: SHADES }, (_, i) => [i, { shape: "dot", colour: between(i / (SHADES - 1)) }]));

// A colour of the ramp in a form that any program reads.
function between(share) {
  const at = share * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  const parts = [1, 3, 5].map((k) => [STOPS[i], STOPS[i + 1]].map((stop) => parseInt(stop.slice(k, k + 2), 16)));
  return `rgb(${parts.map(([one, two]) => Math.round(one + (two - one) * (at - i))).join(",")})`;
}
