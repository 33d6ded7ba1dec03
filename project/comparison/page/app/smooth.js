// Exponential smoothing, without the bias of its beginning (as Adam's averages).

// `weight` of what came before, from 0 (none) to 1; gaps (null) stay gaps.
export function smooth(values, weight) {
  if (weight <= 0) return values;
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

// Index of the number nearest to x in rising numbers; -1 if there are none.
export function nearest(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low - (xs.length ? 0 : 1);
}
