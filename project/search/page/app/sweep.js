// The page of a sweep, in a file: the verdict in words, what it rests on, and all trials.

import { el, say } from "../../../comparison/page/app/dom.js";
import { setLook } from "../../../comparison/page/app/palette.js";
import { Parallel } from "../../../comparison/page/app/parallel.js";
import { Scatter } from "../../../comparison/page/app/scatter.js";
import { load, presume } from "../../../comparison/page/app/state.js";
import { confirming } from "./confirming.js";
import { fronts } from "./fronts.js";
import { histories } from "./histories.js";
import { importances } from "./importances.js";
import { isGood, told, trialsOf } from "./known.js";
import { opening } from "./opening.js";
import { slices } from "./slices.js";
import { openTrial, Trials } from "./trials.js";

// More lines than that nobody can tell apart: the best, and others from the first trial to the last.
const LINES = 600;
const data = JSON.parse(document.getElementById("data").textContent);
const trials = trialsOf(data);
const good = trials.filter(isGood);

function opened(id) {
  openTrial(data, trials[id]);
}

function section(id, title, ...parts) {
  return el("section", { "aria-labelledby": id }, el("div", { class: "heading" }, el("h2", { id }, title)), parts);
}

function lines() {
  if (good.length <= LINES) return good;
  const [{ better }] = data.objectives;
  const best = [...good].sort((a, b) => (better === "min" ? 1 : -1) * (a.scores[0] - b.scores[0])).slice(0, LINES / 2);
  const every = Math.ceil((2 * good.length) / LINES);
  const kept = new Set([...best, ...good.filter((_, i) => i % every === 0)]);
  return good.filter((trial) => kept.has(trial));
}

// What parallel.js and scatter.js draw.
function together() {
  const drawn = lines();
  const items = drawn.map(({ id }) => ({ id, name: `trial ${id}` }));
  const dimension = (name, kind, each) => ({ name, kind, each, grouped: [] });
  const dims = data.dims.map(({ name }, k) => dimension(name, "flag", drawn.map(({ values }) => told(data.dims[k], values[k]))));
  const scores = data.objectives.map(({ name }, k) => dimension(name, "score", drawn.map(({ scores: own }) => own[k])));
  if (drawn.length < 2) return [];
  presume("colour", data.objectives[0].name);
  presume("sc", data.objectives[0].name);
  presume("sy", data.objectives[0].name);
  load();
  const few = drawn.length < good.length ? [el("p", { class: "note" }, `${drawn.length} of ${good.length.toLocaleString("en")} trials that are complete are drawn here and below: the best, and others from the first to the last.`)] : [];
  for (const { id } of items) setLook(id, 0, 0); // a score says more than which trial it is of
  const scatter = new Scatter([...dims, ...scores], items, false, " and above");
  const parallel = new Parallel([...dims, ...scores], items, false, () => scatter.draw(), ", here and below");
  for (const { name, log } of data.dims) parallel.logs.set(name, log);
  return [...few, parallel.root, scatter.root];
}

load();
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "Something failed"));
document.title = `Sweep ${data.name}`;
document.getElementById("main").append(...[
  opening(data),
  data.confirmed.length && section("confirmed", "Confirmed with new seeds", confirming(data)),
  trials.length && section("history", "History", el("div", { class: "charts wide" }, histories(data, trials, opened))),
  data.objectives.length > 1 && section("front", "Pareto front", el("div", { class: "charts wide" }, fronts(data, trials, opened))),
  trials.length && section("importance", "Importance", importances(data)),
  trials.length && section("slices", "Slices", el("div", { class: "charts" }, slices(data, trials, opened))),
  ...together(),
  trials.length && new Trials(data, trials, opened).root,
].filter(Boolean));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
