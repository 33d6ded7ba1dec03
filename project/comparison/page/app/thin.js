// Fewer points of a long curve: the least and the greatest of each stretch, as a screen has no room
// for more. A server sends no more than are asked for; a file holds some more, to zoom into.

// A curve of more than twice as many points as `buckets`, by stretches of about as many points each.
export function thinned(curve, buckets) {
  if (curve.x.length <= 2 * buckets + 2) return curve;
  const parts = stretches(curve.x.length, buckets);
  // The means are what one looks at in a group: its band has the extremes.
  if (curve.low) return { ...curve, ...means(curve, parts), low: parts.map(within(curve.low, Math.min)), high: parts.map(within(curve.high, Math.max)) };
  const kept = extremes(curve.y, parts);
  const whole = curve.mean ?? curve;
  return { ...curve, x: kept.map((i) => curve.x[i]), y: kept.map((i) => curve.y[i]), mean: means(whole, stretches(whole.x.length, buckets)) };
}

// Where stretches begin and end, none of them empty.
function stretches(n, buckets) {
  const count = Math.min(n, buckets);
  const at = (i) => Math.floor((i * n) / count);
  return Array.from({ length: count }, (_, i) => [at(i), at(i + 1)]);
}

function means({ x, y }, parts) {
  const mean = (values) => ([start, end]) => {
    let sum = 0;
    for (let i = start; i < end; i++) sum += values[i];
    return sum / (end - start);
  };
  return { x: parts.map(mean(x)), y: parts.map(mean(y)) };
}

function within(values, outermost) {
  return ([start, end]) => outermost(...values.slice(start, end));
}

// Rising indices of each stretch's least and greatest value, and of both ends.
function extremes(values, parts) {
  const kept = [0];
  for (const [start, end] of parts) {
    let [least, greatest] = [start, start];
    for (let i = start; i < end; i++) {
      if (values[i] < values[least]) least = i;
      if (values[i] > values[greatest]) greatest = i;
    }
    kept.push(Math.min(least, greatest), Math.max(least, greatest));
  }
  kept.push(values.length - 1);
  return kept.filter((index, i) => index !== kept[i - 1]);
}
