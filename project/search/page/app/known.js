// The trials of the page's data, one by one, and what is said of each.

import { duration, number } from "../../../comparison/page/app/format.js";

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

export function time(seconds) {
  return duration(seconds * 1000);
}
