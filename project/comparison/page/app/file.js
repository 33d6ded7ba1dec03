// The page in a file: everything it shows stands in it, and nothing is asked for anywhere.

import { answers } from "./answers.js";
import { Comparison } from "./comparison.js";
import { Curves } from "./curves.js";
import { diffs } from "./diff.js";
import { el, say } from "./dom.js";
import { date } from "./format.js";
import { showImages } from "./images.js";
import { Legend } from "./legend.js";
import { listing } from "./listing.js";
import { COLOURS, look, setLook } from "./palette.js";
import { Parallel } from "./parallel.js";
import { seeds } from "./seeds.js";
import { source } from "./source.js";
import { load, presume, state, update } from "./state.js";

const data = JSON.parse(document.getElementById("data").textContent);

// What is compared: runs, or groups of those that differ only in the seed.
function compared() {
  const grouped = data.units.length > 0 && !state.each;
  const items = (grouped ? data.units : data.runs).map((item) => ({ ...item, name: data.runs.length > 1 ? `${item.id} · ${item.name}` : item.name }));
  return { grouped, items };
}

// Seeds of one group share a colour, and have dashes of their own as long as colours tell groups.
function looks() {
  const plain = data.units.length <= COLOURS;
  data.units.forEach((unit, i) => {
    setLook(unit.id, i, Math.floor(i / COLOURS));
    unit.members.forEach((id, seed) => setLook(id, i, plain ? seed : Math.floor(i / COLOURS)));
  });
  data.runs.forEach((run) => look(run.id));
}

function show() {
  const { grouped, items } = compared();
  const main = document.getElementById("main");
  const table = new Comparison(data, items, grouped);
  const extremes = Object.fromEntries(items.map(({ id }) => [id, data.curves[id] ?? {}]));
  const curves = new Curves({ runs: items, metrics: data.metrics, extremes });
  const parallel = new Parallel(data.dimensions, items, grouped, () => {
    legend.mark();
    curves.redraw();
  });
  const legend = new Legend(items, () => {
    curves.redraw();
    parallel.forget();
  });
  const images = el("section", { "aria-labelledby": "images" });
  const sections = [
    data.listing && ["Runs", listing(data.listing)],
    ["Differences", table.root],
    data.groups.length && ["Seeds", seeds(data)],
    ["Curves", curves.root],
    items.length > 1 && ["Parallel coordinates", parallel.root],
    ["Code", diffs(data)],
    data.images.length && ["Images", images],
  ].filter((entry) => entry && entry[1]);
  main.replaceChildren(header(), strip(legend, sections), ...sections.map(([, root]) => root));
  const height = main.querySelector(".strip");
  new ResizeObserver(() => main.style.setProperty("--strip", `${height.offsetHeight}px`)).observe(height);
  showImages(images, data.runs.map((run) => ({ ...run, name: data.runs.length > 1 ? `${run.id} · ${run.name}` : run.name })));
}

function header() {
  const one = data.runs.length === 1;
  document.title = data.listing ? "Runs" : one ? data.runs[0].run_id : `${data.runs.length} runs compared`;
  const told = data.problems.concat(data.notes);
  const about = one && data.runs[0];
  return el(
    "header",
    { class: "about" },
    el("h1", {}, document.title),
    el("p", { class: "quiet" }, `Made ${date(Date.parse(data.made))}`, about && [about.description, about.note, about.tags.join(", ")].filter(Boolean).map((text) => ` · ${text}`)),
    about && about.command && el("pre", { class: "command" }, about.command),
    !data.listing && data.verdicts.map((text) => el("p", { class: "verdict" }, text)),
    told.length > 0 && el("ul", { class: "notes" }, data.problems.map((text) => el("li", { class: "problem" }, text)), data.notes.map((text) => el("li", {}, text))),
  );
}

function strip(legend, sections) {
  const each = el("input", { type: "checkbox", id: "each", checked: !state.each, onchange: () => {
    update({ each: !each.checked, hide: [], from: null, to: null });
    show();
  } });
  const go = (root) => root.scrollIntoView({ behavior: "smooth" });
  return el(
    "section",
    { class: legend.items.length > 8 ? "strip many" : "strip", "aria-label": "Runs" },
    el("div", { class: "chips" }, data.runs.length > 1 && legend.parts),
    data.units.length > 0 && el("label", { class: "check" }, each, "Group seeds"),
    el("nav", { "aria-label": "Sections" }, sections.map(([name, root]) => el("button", { class: "plain", onclick: () => go(root) }, name))),
  );
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part behind the # says what is shown
  document.getElementById("main").focus();
});
window.addEventListener("hashchange", () => {
  load();
  show();
});
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "Something failed"));
Object.assign(source, answers(data));
looks();
presume("all", data.all);
load();
show();
