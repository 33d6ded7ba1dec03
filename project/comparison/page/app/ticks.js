// Where the axes of a chart have numbers, and how these are written.

import { number } from "./format.js";

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

// Of a logarithmic axis from `low` to `high`: 1, 2 and 5, or over many decades powers of ten.
export function decades(low, high) {
  if (!(low > 0)) return {};
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = Math.log10(high / low) < 2.2 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil((last - first) / 6));
  const values = [];
  for (let power = first; power <= last; power += stride) values.push(...factors.map((factor) => factor * 10 ** power));
  return { tickmode: "array", tickvals: values, ticktext: values.map((v) => number(Number(v.toPrecision(2)), 1)) };
}

// Seconds as people read them.
export function times(first, last) {
  const [unit, name] = UNITS.find(([size]) => last >= 2 * size) ?? [1, "s"];
  const step = nice((last - first) / unit / 5) * unit;
  if (!(step > 0)) return {};
  const values = Array.from({ length: 8 }, (_, i) => Math.ceil(first / step + i) * step).filter((v) => v <= last);
  return { tickmode: "array", tickvals: values, ticktext: values.map((v) => (v ? `${Number((v / unit).toPrecision(3))} ${name}` : "0")) };
}

// The least of 1, 2, 5 and 10 times a power of ten that is no less than a number.
export function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((n) => n * power >= value * (1 - 1e-9)) * power;
}
