// The range of values that a chart shows: a run that diverges doesn't flatten the others.

// What the rest would gain in height must be so much before anything is left out.
const GAIN = 5;
// A whole run is left out only if it is so many times as great as the others, or, where more is
// better, so small a part of them; more so where nobody said what is better.
const FAR = { min: 10, max: 3, null: 100 };
// Values are not far from a range that is less than so many of its lengths away.
const BESIDE = 0.3;

// The range of all values, or, where a few runs or points would flatten the rest, that of the rest.
//
// `curves` are lists of finite numbers, one of each run (with `log` their decadic logarithms);
// `better` ("min", "max" or null) says from which side a run can be too bad to be shown. Gives `low` and `high`, `least` and `greatest` of
// all, and whether something is `cut`.
export function fitting(curves, better = null, log = false) {
  const known = curves.filter((values) => values.length);
  const [least, greatest] = union(known.map(outermost));
  const kept = withoutFar(known.map((values) => ({ values, inner: quantiles(values) })), better, log);
  const whole = union(kept.map(({ values }) => outermost(values)));
  const inner = union(kept.map((run) => run.inner));
  const [low, high] = size(whole) > GAIN * size(inner) && size(inner) > 0 ? around(inner, kept) : whole;
  return { low, high, least, greatest, cut: low > least || high < greatest };
}

// The range of the values that are not far from a range.
function around([low, high], kept) {
  const room = (high - low) * BESIDE;
  return union(kept.map(({ values }) => outermost(values.filter((value) => value >= low - room && value <= high + room))));
}

// Take runs away from the outside, at most half of them, as long as the others gain enough.
function withoutFar(runs, better, log) {
  const orders = [{ rest: runs, size: size(inners(runs)), far: true }];
  while (orders.length <= runs.length / 2) orders.push(withoutFarthest(orders.at(-1).rest, better, log));
  let taken = 0;
  for (let next = 1; next < orders.length; next++) {
    if (orders[next].far && orders[next].size > 0 && orders[next].size * GAIN <= orders[taken].size) taken = next;
  }
  return orders[taken].rest;
}

function withoutFarthest(runs, better, log) {
  const top = runs.reduce((a, b) => (b.inner[1] > a.inner[1] ? b : a));
  const bottom = runs.reduce((a, b) => (b.inner[0] < a.inner[0] ? b : a));
  const less = (run) => runs.filter((other) => other !== run);
  const above = better === "min" || (better !== "max" && size(inners(less(top))) <= size(inners(less(bottom))));
  const rest = less(above ? top : bottom);
  return { rest, size: size(inners(rest)), far: isFar(above ? top : bottom, inners(rest), above, FAR[better], log) };
}

function isFar({ inner }, [low, high], above, times, log) {
  if (log) return (above ? inner[1] - high : low - inner[0]) >= Math.log10(times);
  return above ? inner[1] - high >= (times - 1) * Math.abs(high) : low - inner[0] >= (1 - 1 / times) * Math.abs(low);
}

function inners(runs) {
  return union(runs.map(({ inner }) => inner));
}

// The least and the greatest without the outermost fiftieth at each side; of eight, without one.
function quantiles(values) {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const out = Math.max(Math.floor(n / 50), n >= 8 ? 1 : 0);
  return [sorted[out], sorted[n - 1 - out]];
}

function outermost(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function union(ranges) {
  return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
}

function size([low, high]) {
  return high - low;
}
