// The latest runs of all experiments: find some, tick them, compare them.

import { get } from "./api.js";
import { el, say, status } from "./dom.js";
import { age, date, lasted, number } from "./format.js";
import { address } from "./state.js";

const MOST = 20;
const chosen = new Map();

export async function showLatest(main) {
  document.title = "Runs";
  document.getElementById("where").textContent = "";
  const query = new URLSearchParams(location.search);
  const filter = el("input", {
    type: "search",
    id: "search",
    value: query.get("search") ?? "",
    placeholder: "Name, tag, or a flag such as learning_rate=0.01",
  });
  const compare = el("button", { class: "main", id: "compare", onclick: open });
  const list = el("div", { class: "scroll" });
  const more = el("button", { class: "plain", hidden: true }, "Show more");
  main.replaceChildren(
    el("div", { class: "heading" }, el("h1", {}, "Runs"), el("p", { class: "quiet" }, "Tick up to 20, and compare them.")),
    el("div", { class: "tools" }, el("label", { class: "grow" }, el("span", { class: "unseen" }, "Filter"), filter), compare),
    list,
    more,
  );
  let rows = [];
  let metrics = [];
  let asked = 0;
  const read = async (offset) => {
    const number = ++asked;
    const found = await get("latest", { search: filter.value, offset });
    if (number !== asked) return;
    rows = offset ? rows.concat(found.runs) : found.runs;
    if (!offset) metrics = found.metrics;
    for (const run of found.runs) {
      run.values = Object.fromEntries(found.metrics.map((m, i) => [m.key, found.values[run.id][i]]));
      run.last = Object.fromEntries(found.metrics.map((m, i) => [m.key, found.last[run.id][i]]));
    }
    list.replaceChildren(rows.length ? table(rows, metrics, told) : nothing(filter.value));
    more.hidden = !found.more;
  };
  function told() {
    compare.textContent = chosen.size > 1 ? `Compare ${chosen.size} runs` : chosen.size ? "Look at 1 run" : "Compare";
    compare.disabled = !chosen.size || chosen.size > MOST;
    if (chosen.size > MOST) say(`${MOST} runs at most are compared; ${chosen.size} are ticked`);
  }
  let wait = 0;
  filter.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      history.replaceState(null, "", filter.value ? `compare?search=${encodeURIComponent(filter.value)}` : "compare");
      read(0);
    }, 200);
  });
  more.addEventListener("click", () => read(rows.length));
  told();
  await read(0);
}

function open() {
  location.assign(address({ runs: [...chosen.keys()] }));
}

function nothing(search) {
  return el("p", { class: "empty" }, search ? "No run holds all of these words." : "There are no runs yet. Train one with python -m project.run, or point a Neptune client here.");
}

// A score is the best checkpoint's. Where all there is are last values, the heading says so; where
// only some runs have no other, their cells do.
function table(rows, metrics, told) {
  const having = (key) => rows.filter((run) => (run.values[key] ?? null) !== null);
  const lasts = new Set(metrics.filter(({ key }) => having(key).every((run) => run.last[key])).map(({ key }) => key));
  const head = ["", "Run", "Status", "Started", "Lasted", "Experiment"].map((text, i) =>
    i ? el("th", { scope: "col" }, text) : el("td", {}),
  );
  head.push(...metrics.map((metric) => el("th", { scope: "col", class: "number" }, lasts.has(metric.key) ? `${metric.title} (last)` : metric.title)));
  return el("table", { class: "latest" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map((run) => line(run, metrics, lasts, told))));
}

function line(run, metrics, lasts, told) {
  const box = el("input", { type: "checkbox", checked: chosen.has(run.id), "aria-label": `Choose ${run.name}` });
  const row = el(
    "tr",
    { class: chosen.has(run.id) ? "chosen" : "" },
    el("td", {}, box),
    el("th", { scope: "row" }, el("a", { href: address({ runs: [run.id] }) }, run.name), run.short_id && el("small", {}, run.short_id)),
    el("td", {}, status(run)),
    el("td", { title: date(run.started) }, age(run.started)),
    el("td", {}, lasted(run)),
    el("td", {}, el("a", { href: `compare/mlflow?experiment=${run.experiment_id}` }, run.experiment)),
    metrics.map((metric) => {
      const value = run.values[metric.key] ?? null;
      const last = value !== null && run.last[metric.key] && !lasts.has(metric.key);
      return el("td", { class: "number", title: String(value ?? "") }, number(value), last && el("small", {}, " last"));
    }),
  );
  const set = (on) => {
    box.checked = on;
    row.className = on ? "chosen" : "";
    if (on) chosen.set(run.id, run);
    else chosen.delete(run.id);
    told();
  };
  box.addEventListener("change", () => set(box.checked));
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a, input") && !getSelection().toString()) set(!box.checked);
  });
  return row;
}
