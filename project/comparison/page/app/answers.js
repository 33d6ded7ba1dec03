// The answers that a server would give, from what stands in the page.

export function answers(data) {
  const given = {
    curves: ({ runs, metric, x, from, to }) => Object.fromEntries(runs.split(",").map((id) => [id, curve(data, data.curves[id][metric], x, from, to)])),
  };
  return {
    get: async (path, parameters) => given[path](parameters),
    imageAddress: (run, path) => data.pictures[`${run}/${path}`],
    library: async () => window.Plotly,
  };
}

// A curve's points from one to another place, and one point beyond at each side.
function curve(data, told, kind, from, to) {
  const within = (axis) => range(data.axes[axis][kind], from, to);
  const [start, end] = within(told.axis);
  const cut = (values) => values?.slice(start, end);
  const found = { x: cut(data.axes[told.axis][kind]), y: cut(told.y), points: told.points, mean: null };
  if (told.low) Object.assign(found, { low: cut(told.low), high: cut(told.high) });
  else if (told.mean) {
    const [first, last] = within(told.mean.axis);
    found.mean = { x: data.axes[told.mean.axis][kind].slice(first, last), y: told.mean.y.slice(first, last) };
  }
  const place = { step: 0, epoch: 1, time: 2 }[kind];
  const inside = (x) => (from === null || x >= from) && (to === null || x <= to);
  found.odd = told.odd.filter((point) => inside(point[place])).map((point) => [point[place], point[3]]);
  return found;
}

function range(xs, from, to) {
  let start = 0;
  let end = xs.length;
  if (from !== null) while (start + 1 < end && xs[start + 1] < from) start++;
  if (to !== null) while (end - 1 > start && xs[end - 2] > to) end--;
  return [start, end];
}
