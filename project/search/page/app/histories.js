// The scores of all trials in their order, and the best so far.

import { el } from "../../../comparison/page/app/dom.js";
import { paint } from "../../../comparison/page/app/palette.js";
import { scale } from "../../../comparison/page/app/scales.js";
import { BELOW } from "./drawing.js";
import { said, scored, tableOf } from "./known.js";
import { Points } from "./points.js";

// How trials look that ended in one way or another.
const LOOKS = {
  complete: { shape: "dot", paint: "--run-0", text: "complete" },
  "breaks a constraint": { shape: "ring", paint: "--run-4", text: "breaks a constraint" },
  pruned: { shape: "ring", paint: "--quiet", text: "pruned, with its last score" },
  failed: { shape: "cross", paint: "--removed", text: "failed" },
};

export function histories(data, trials, opened) {
  const ended = trials.filter(({ state }) => state in LOOKS);
  return data.objectives.map((objective, k) => {
    const known = ended.filter(({ scores }) => typeof scores[k] === "number");
    if (!known.length) return el("p", { class: "empty" }, `No trial has a ${objective.name}.`);
    const across = { ...scale({ kind: "score" }, trials.map(({ number }) => number), false), name: "trial" };
    const upwards = scored(objective, known.map(({ scores }) => scores[k]));
    const place = ({ number, scores }) => [across.at(number), typeof scores[k] === "number" ? upwards.at(scores[k]) : BELOW];
    const steps = k === 0 && data.steps.length ? [...data.steps, [trials.at(-1).number, data.steps.at(-1)[1]]].map(([number, score]) => [across.at(number), upwards.at(score)]) : null;
    const spec = (scheme) => ({ across, upwards, steps, looks: painted(scheme), points: ended.map((trial) => ({ id: trial.id, at: place(trial), look: trial.state })) });
    const present = Object.entries(LOOKS).filter(([key]) => ended.some(({ state }) => state === key));
    const keys = el("p", { class: "keys" }, present.map(([, look]) => key(look, k)), steps && el("span", {}, el("i", { class: "line" }), "best so far"));
    return new Points({ title: `${objective.name} of each trial`, spec, told: (id) => said(data, trials[id]), opened, table: () => tableOf(data, trials), legend: [keys] }).root;
  });
}

function painted(scheme) {
  return Object.fromEntries(Object.entries(LOOKS).map(([name, { shape, paint: colour }]) => [name, { shape, colour: paint(colour, scheme) }]));
}

function key({ shape, paint: colour, text }, k) {
  return el("span", {}, el("i", { class: shape, style: { "--look": `var(${colour})` } }), k > 0 ? text.split(",")[0] : text);
}
