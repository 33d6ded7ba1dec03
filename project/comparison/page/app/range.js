// The range of values that a chart shows: a run that diverges doesn't flatten the others.

// What the rest would gain in height must be so much before anything is left out.
const GAIN = 5;
// Values are not far from a range that is less than so many of its lengths away.
const BESIDE = 0.3;

// The range of all values, or, where a few runs or points would flatten the rest, that of the rest.
//
// `curves` are lists of finite numbers, one of each run; `better` ("min", "max" or null) says from
// which side a run can be too bad to be shown. Gives `low` and `high`, `least` and `greatest` of
// all, and whether something is `cut`.
export function fitting(curves, better = null) {
  const known = curves.filter((values) => values.length);
  const [least, greatest] = union(known.map(outermost));
  const kept = withoutFar(known.map((values) => ({ values, inner: quantiles(values) })), better);
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
function withoutFar(runs, better) {
  const orders = [runs];
  while (orders.length <= runs.length / 2) orders.push(withoutFarthest(orders.at(-1), better));
  const sizes = orders.map((rest) => size(union(rest.map(({ inner }) => inner))));
  let taken = 0;
  for (let next = 1; next < orders.length; next++) {
    if (sizes[next] > 0 && sizes[next] * GAIN <= sizes[taken]) taken = next;
  }
  return orders[taken];
}

function withoutFarthest(runs, better) {
  const top = runs.reduce((a, b) => (b.inner[1] > a.inner[1] ? b : a));
  const bottom = runs.reduce((a, b) => (b.inner[0] < a.inner[0] ? b : a));
  const less = (run) => runs.filter((other) => other !== run);
  const left = (run) => size(union(less(run).map(({ inner }) => inner)));
  const farthest = better === "min" ? top : better === "max" ? bottom : left(top) <= left(bottom) ? top : bottom;
  return less(farthest);
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
