// A comparison of runs, or one run: what the structure of comparison/page/content.py says of them.

import { Comparison } from "./comparison.js";
import { Curves } from "./curves.js";
import { diffs } from "./diff.js";
import { disagreements } from "./disagreements.js";
import { el } from "./dom.js";
import { date } from "./format.js";
import { showImages } from "./images.js";
import { Legend } from "./legend.js";
import { listing } from "./listing.js";
import { COLOURS, look, setLook } from "./palette.js";
import { Parallel } from "./parallel.js";
import { seeds } from "./seeds.js";
import { state, update } from "./state.js";

export class Page {
  // `live` is what a server's page has besides: `extras` and `told` of a run's chip, `tools` beside
  // all chips, and whether it has `counted` the points of curves.
  constructor(main, data, live = {}) {
    Object.assign(this, { main, data, live });
    looks(data);
  }

  // What is compared: runs, or groups of those that differ only in the seed.
  get compared() {
    const { data } = this;
    const grouped = data.units.length > 0 && !state.each;
    const items = (grouped ? data.units : data.runs).map((item) => ({ ...item, name: data.runs.length > 1 ? `${item.id} · ${item.name}` : item.name }));
    return { grouped, items };
  }

  show() {
    const { data, main } = this;
    const { grouped, items } = this.compared;
    this.table = new Comparison(data, items, grouped);
    this.curves = new Curves({ runs: items, metrics: data.metrics, extremes: this.live.extremes ?? points(data, items) });
    this.parallel = new Parallel(data.dimensions, items, grouped, () => {
      this.legend.mark();
      this.curves.redraw();
    });
    const images = el("section", { "aria-labelledby": "images" });
    this.chips = el("div", { class: "chips" });
    this.name(items);
    const sections = [
      data.listing && ["Runs", runs()],
      ["Differences", this.table.root],
      data.groups.length && ["Seeds", seeds(data)],
      ["Curves", this.curves.root],
      items.length > 1 && ["Parallel coordinates", this.parallel.root],
      data.disagreements.length && ["Samples", disagreements(data)],
      ["Code", diffs(data)],
      data.images.length && ["Images", images],
    ].filter((entry) => entry && entry[1]);
    this.header = header(data);
    main.replaceChildren(this.header, this.strip(sections), ...sections.map(([, root]) => root));
    const height = main.querySelector(".strip");
    new ResizeObserver(() => main.style.setProperty("--strip", `${height.offsetHeight}px`)).observe(height);
    showImages(images, data.runs.map((run) => ({ ...run, name: data.runs.length > 1 ? `${run.id} · ${run.name}` : run.name })));
  }

  // News of the same runs; what one is doing just now stays as it is.
  refresh(data, changed) {
    this.data = data;
    const { grouped, items } = this.compared;
    this.table.renew(data, items, grouped);
    const fresh = header(data);
    this.header.replaceWith(fresh);
    this.header = fresh;
    Object.assign(this.curves.data, { runs: items });
    this.curves.data.metrics = data.metrics;
    this.curves.refresh(changed);
    if (!this.chips.contains(document.activeElement)) this.name(items);
  }

  name(items) {
    this.legend = new Legend(items, () => {
      this.curves.redraw();
      this.parallel.forget();
    }, { told: this.live.told, extras: this.live.extras });
    this.chips.replaceChildren(...(items.length > 1 || this.live.extras ? this.legend.parts : []));
  }

  strip(sections) {
    const { data } = this;
    const each = el("input", { type: "checkbox", id: "each", checked: !state.each, onchange: () => {
      update({ each: !each.checked, hide: [], from: null, to: null });
      this.show();
    } });
    const go = (root) => root.scrollIntoView({ behavior: "smooth" });
    return el(
      "section",
      { class: data.runs.length > 8 ? "strip many" : "strip", "aria-label": "Runs" },
      this.chips,
      data.units.length > 0 && el("label", { class: "check" }, each, "Group seeds"),
      el("nav", { "aria-label": "Sections" }, sections.map(([name, root]) => el("button", { class: "plain", onclick: () => go(root) }, name))),
      this.live.tools ?? [],
    );
  }
}

// Seeds of one group share a colour, and have dashes of their own as long as colours tell groups.
function looks(data) {
  const plain = data.units.length <= COLOURS;
  data.units.forEach((unit, i) => {
    setLook(unit.id, i, Math.floor(i / COLOURS));
    unit.members.forEach((id, seed) => setLook(id, i, plain ? seed : Math.floor(i / COLOURS)));
  });
  data.runs.forEach((run) => look(run.id));
}

// The list of the runs that a file holds.
function runs() {
  const place = el("div", {});
  listing(place, "h2");
  return place;
}

// How many points each curve in the page has.
function points(data, items) {
  return Object.fromEntries(items.map(({ id }) => [id, data.curves[id] ?? {}]));
}

function header(data) {
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
