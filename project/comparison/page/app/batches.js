// Which curves are asked for together.

// Curves of fewer points than this, in all.
const TOGETHER = 100_000;

// Lists of ids of runs that have points: those with many each by itself, as they come one by one.
export function batches(ids, points) {
  const found = [[]];
  let size = 0;
  for (const id of ids.filter(points)) {
    size += points(id);
    if (size > TOGETHER && found.at(-1).length) {
      found.push([]);
      size = points(id);
    }
    found.at(-1).push(id);
  }
  return found.filter((batch) => batch.length);
}
