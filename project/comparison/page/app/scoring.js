// What the scores of a comparison's runs and groups are, which is best, and how far they are from the
// baseline. Reads `scores`, `groups`, `runs`, `against` of the page's data.

import { state } from "./state.js";

// The run or group that others are set against: the one that the address names, or the first.
export function baseline(items) {
  return items.find(({ id }) => id === state.base) ?? items[0];
}

// A score of a run, or of a group its mean: `value`, and of a group `sd` and `n`. A value may be the
// text nan or inf.
export function told(data, item, name) {
  if (item.group) {
    const group = data.groups.find(({ label }) => label === item.id);
    const found = group.scores[name];
    return found ? { value: found.mean, sd: found.sd, n: found.n } : null;
  }
  const index = data.runs.findIndex(({ id }) => id === (item.members?.[0] ?? item.id));
  const value = data.scores.find((score) => score.name === name)?.values[index] ?? null;
  return value === null ? null : { value };
}

// Ids of those with the best value, by the metric's own direction; several are tied. None where all
// are the same, or can't be compared. A reproduction only repeats another run.
export function best(data, items, name) {
  const score = data.scores.find((one) => one.name === name);
  if (!score?.better || score.why) return new Set();
  const ids = new Set(data.runs.map((run) => run.run_id));
  const repeats = (item) => !item.group && ids.has(data.runs.find(({ id }) => id === (item.members?.[0] ?? item.id)).reproduces);
  const values = items.filter((item) => !repeats(item)).map((item) => [item.id, told(data, item, name)?.value]).filter(([, value]) => typeof value === "number");
  if (new Set(values.map(([, value]) => value)).size < 2) return new Set();
  const top = values.reduce((found, [, value]) => (score.better === "max" ? value > found : value < found) ? value : found, values[0][1]);
  return new Set(values.filter(([, value]) => value === top).map(([id]) => id));
}

// An item's score less the baseline's: `mean`, of seeds `low` and `high` and whether a difference is
// `shown`, and its `sign`: 1 better, -1 worse, 0 where nobody says.
export function difference(data, base, item, name) {
  const score = data.scores.find((one) => one.name === name);
  if (item.id === base.id || score?.why) return null;
  const [mine, its] = [told(data, item, name)?.value, told(data, base, name)?.value];
  if (typeof mine !== "number" || typeof its !== "number") return null;
  const known = data.against[base.id]?.differences[item.id]?.[name];
  const found = known && typeof known.mean === "number" ? { ...known } : { mean: mine - its };
  const sign = !score?.better || !found.mean ? 0 : (found.mean > 0) === (score.better === "max") ? 1 : -1;
  return { ...found, sign };
}

// Sentences of the settings with this one as the baseline.
export function verdicts(data, base) {
  return data.against[base.id]?.verdicts ?? data.verdicts;
}
