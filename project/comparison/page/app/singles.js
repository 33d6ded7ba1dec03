// The single values of runs, or of groups of seeds, as bars show them.

// Bars of more runs than this are sorted.
const SORTED = 12;

// Rows for `bars`, without colours; of many the best come first.
export function singles({ shown, data, metric }) {
  const rows = shown.map(({ run, curve }) => {
    const [low, high] = data.intervals?.[run.id]?.[metric.key] ?? [];
    return { id: run.id, name: run.name, value: curve.y[0] ?? curve.odd[0]?.[1] ?? "–", low, high };
  });
  const sign = { min: 1, max: -1 }[metric.better];
  const worth = ({ value }) => (typeof value === "number" ? sign * value : Infinity);
  return sign && rows.length > SORTED ? rows.sort((a, b) => worth(a) - worth(b)) : rows;
}
