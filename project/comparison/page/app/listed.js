// What a file answers to questions about its list of runs, from all that it holds of them.
//
// `listing`: all `columns` and `rows`, as listed.py makes them; a column that all runs share has its
// value as `same`; `usual`, the names of the columns at first; `notes`.
const AT_ONCE = 1000;

export function listed(listing) {
  const places = new Map();
  listing.columns.filter((column) => !("same" in column)).forEach((column, i) => places.set(column.name, i));
  const value = (run, { name, same }) => (places.has(name) ? run.values[places.get(name)] : same);
  const columns = new Map(listing.columns.map((column) => [column.name, column]));
  columns.set("run_id", { name: "run_id", same: null });
  const pairs = (run) => listing.columns.map((column) => `${column.name}=${value(run, column)}`).join("\n");
  return async (question) => {
    const fits = listing.rows.filter((run) => holds(run, pairs(run), question.search));
    const tried = fits.filter((run) => run.tried);
    const folds = !question.debug && tried.length > 0 && tried.length < fits.length;
    const rows = folds ? fits.filter((run) => !run.tried) : fits;
    const falling = question.sort.startsWith("-");
    const by = columns.get(question.sort.replace(/^-/, ""));
    if (by) rows.sort((a, b) => order(by.name === "run_id" ? a.name : value(a, by), by.name === "run_id" ? b.name : value(b, by), falling));
    const names = question.columns.filter((name) => columns.has(name));
    const shown = (names.length ? names : listing.usual).map((name) => columns.get(name));
    const sorted = question.seeds ? together(rows) : rows;
    const first = (question.page - 1) * AT_ONCE;
    return {
      columns: shown,
      rows: sorted.slice(first, first + AT_ONCE).map((run) => ({ ...run, values: shown.map((column) => value(run, column)), last: [] })),
      names: [...columns.keys()].filter((name) => name !== "run_id").sort(),
      found: rows.length,
      known: listing.rows.length,
      first,
      at_once: AT_ONCE,
      folded: folds ? `${tried.length} failed run${tried.length > 1 ? "s" : ""} of debug ${tried.length > 1 ? "are" : "is"} not shown` : null,
      notes: listing.notes,
    };
  };
}

function holds(run, pairs, search) {
  const text = [run.name, run.label, ...run.tags, run.note, pairs].join("\n").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

// What has no value comes last, either way.
function order(a, b, falling) {
  const none = (x) => x === null || x === undefined || Number.isNaN(x) || x === "nan";
  if (none(a) || none(b)) return none(a) - none(b);
  const found = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return falling ? -found : found;
}

function together(rows) {
  return [...Map.groupBy(rows, (run) => run.setting ?? run.id).values()].flat();
}
