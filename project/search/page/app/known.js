// The trials of the page's data, one by one, and what is said of each.

import { duration, number } from "../../../comparison/page/app/format.js";
import { scale } from "../../../comparison/page/app/scales.js";

// Columns become trials: `values` by flag, `scores` in the order of the objectives.
export function trialsOf({ trials, dims, objectives }) {
  return trials.number.map((n, i) => ({
    id: String(n),
    number: n,
    state: trials.state[i],
    scores: objectives.map((_, k) => trials.scores[k][i]),
    values: dims.map((_, k) => trials.values[k][i]),
    epochs: trials.epochs[i],
    seconds: trials.seconds[i],
    cpu: trials.cpu[i],
    run: trials.run[i],
    reason: trials.reason[n] ?? "",
  }));
}

export function isGood({ state, scores }) {
  return state === "complete" && scores.every((score) => typeof score === "number");
}

// `trial 7: val_loss 0.25, learning_rate 0.001`.
export function said(data, trial) {
  const scores = data.objectives.map(({ name }, k) => trial.scores[k] !== null && `${name} ${number(trial.scores[k])}`);
  const flags = data.dims.map(({ name }, k) => trial.values[k] !== null && `${name} ${number(shown(trial.values[k]))}`);
  const how = trial.state === "complete" ? "" : ` (${trial.state})`;
  return `trial ${trial.number}${how}: ${[...scores, ...flags].filter(Boolean).join(", ")}`;
}

// Rows of all that is known, as a table to take along.
export function tableOf(data, trials) {
  const head = ["trial", "state", ...data.objectives.map(({ name }) => name), ...data.dims.map(({ name }) => name), "epochs", "seconds", "process seconds", "run", "reason"];
  const cell = (value) => (value === null ? null : { text: number(shown(value)), value: shown(value) });
  return { head, rows: trials.map((trial) => [{ text: String(trial.number), value: trial.number }, { text: trial.state }, ...trial.scores.map(cell), ...trial.values.map(cell), cell(trial.epochs), cell(trial.seconds), cell(trial.cpu), { text: trial.run ?? "" }, { text: trial.reason }]) };
}

export function shown(value) {
  return typeof value === "boolean" ? String(value) : value;
}

// As an axis has it: choices stand side by side, also those that are numbers.
export function told({ kind }, value) {
  return kind === "choice" && value !== null ? String(value) : value;
}

// Scores are far off that are so many times the middle half's extent beyond it, on the bad side, if
// all others gain so much in height without them.
const FAR = 4;
const GAIN = 5;

// The axis of an objective; scores that are far off stand at its end.
export function scored({ name, better }, values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
  const room = FAR * (at(0.75) - at(0.25));
  const near = better === "max" ? (value) => value >= at(0.25) - room : (value) => value <= at(0.75) + room;
  const kept = sorted.filter(near);
  const cut = kept.at(-1) > kept[0] && GAIN * (kept.at(-1) - kept[0]) <= sorted.at(-1) - sorted[0];
  const inside = cut ? kept : sorted;
  const found = scale({ kind: "score" }, inside);
  const place = (value) => (value < inside[0] ? 0 : value > inside.at(-1) ? 1 : found.at(value));
  return { ...found, at: place, name: cut ? `${name} (some are farther)` : name };
}

export function time(seconds) {
  return duration(seconds * 1000);
}
