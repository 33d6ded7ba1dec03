// Where a value stands on an axis of parallel coordinates: by size, by its logarithm, or by its name.

import { number } from "./format.js";

// Values over so many times the least are easier told apart by their logarithms.
const WIDE = 20;
// So far apart are scores only where a run diverged.
const VAST = 1000;
const FEW = 6;
const MANY_DECADES = 1e4;

// An axis: `at` gives a value's place from 0 (below) to 1, `ticks` the places that have a name.
export function scale(dimension, values, asked) {
  const numbers = values.filter((value) => typeof value === "number");
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  const texts = new Set(values.filter((value) => typeof value === "string"));
  // Scores may be texts: nan and inf.
  if (!distinct.length || (dimension.kind === "flag" && texts.size)) return named(values);
  const [low, high] = [distinct[0], distinct.at(-1)];
  const able = low > 0 && high > low;
  const log = able && (asked ?? high / low >= (dimension.kind === "flag" ? WIDE : VAST));
  const size = log ? Math.log : (value) => value;
  const at = (value) => (typeof value !== "number" ? null : high > low ? (size(value) - size(low)) / (size(high) - size(low)) : 0.5);
  const few = distinct.length <= FEW && dimension.kind === "flag";
  const shown = few ? apart(distinct, at) : ends(log ? decades(low, high) : round(low, high), low, high, at);
  const names = apartInDigits(shown);
  return { log: able ? log : null, at, ticks: shown.map((value, i) => ({ at: at(value), text: names[i] })) };
}

function named(values) {
  const collator = new Intl.Collator("en", { numeric: true });
  const names = [...new Set(values.filter((value) => value !== null).map(String))].sort(collator.compare);
  const places = new Map(names.map((name, i) => [name, names.length > 1 ? i / (names.length - 1) : 0.5]));
  return { log: null, at: (value) => (value === null ? null : places.get(String(value))), ticks: names.map((name) => ({ at: places.get(name), text: name })) };
}

// The least and the greatest, and those between that can be read beside them.
function ends(values, low, high, at) {
  const between = apart(values, at).filter((value) => at(value) > 0.08 && at(value) < 0.92);
  return high > low ? [low, ...between, high] : [low];
}

// Those that can be read beside each other.
function apart(values, at) {
  const kept = [];
  for (const value of values) if (!kept.length || at(value) - at(kept.at(-1)) >= 0.06) kept.push(value);
  return kept;
}

// Powers of ten, or over few of them also twice and five times as much.
function decades(low, high) {
  const found = [];
  const factors = high / low > MANY_DECADES ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) found.push(...factors.map((factor) => factor * 10 ** power));
  return found.filter((value) => value >= low && value <= high);
}

function round(low, high) {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= (high - low) / 5) * power;
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

// With as many digits as tell them apart.
function apartInDigits(values) {
  for (let digits = 4; ; digits++) {
    const texts = values.map((value) => short(value, digits));
    if (digits >= 16 || new Set(texts).size === texts.length) return texts;
  }
}

// A number without zeros at its end.
export function short(value, digits = 4) {
  return number(value, digits).replace(/(\.\d*?)0+($|e)/, "$1$2").replace(/\.($|e)/, "$1");
}
