// A comparison of runs, or one run: what the structure of comparison/page/content.py says of them.

import { looks } from "./beginning.js";
import { classes } from "./classes.js";
import { Comparison } from "./comparison.js";
import { Curves } from "./curves.js";
import { diffs } from "./diff.js";
import { disagreements } from "./disagreements.js";
import { el } from "./dom.js";
import { date } from "./format.js";
import { Headline } from "./headline.js";
import { showImages } from "./images.js";
import { Legend } from "./legend.js";
import { listing } from "./listing.js";
import { one } from "./one.js";
import { Parallel } from "./parallel.js";
import { Scatter } from "./scatter.js";
import { baseline } from "./scoring.js";
import { seeds } from "./seeds.js";
import { setOpen, state, update } from "./state.js";
import { changes, verdictLines } from "./verdict.js";

export class Page {
  // `live` is what a server's page has besides: `extras` and `told` of a run's chip, `tools` beside
  // all chips, and `extremes`, the numbers of points of curves as far as they are counted.
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
    this.curves = new Curves({ runs: items, metrics: data.metrics, extremes: this.live.extremes ?? points(data, items), intervals: data.intervals });
    this.parallel = new Parallel(data.dimensions, items, grouped, () => {
      this.legend.mark();
      this.curves.redraw();
    });
    this.table = new Comparison(data, items, grouped);
    this.headline = items.length > 1 && new Headline(data, items, grouped, () => this.rebase());
    this.chips = el("div", { class: "chips" });
    this.name(items);
    this.places = {};
    const sections = this.sections(items, grouped);
    this.header = el("header", { class: "about" });
    this.tell();
    main.replaceChildren(this.header, data.listing ? runs() : "", this.headline ? this.headline.root : "", this.strip(sections), ...sections.map(([, root]) => root));
    const height = main.querySelector(".strip");
    new ResizeObserver(() => main.style.setProperty("--strip", `${height.offsetHeight}px`)).observe(height);
    performance.mark("comparison drawn");
  }

  // The sections below the first screen, by what they are called in the navigation.
  sections(items, grouped) {
    const { data } = this;
    const several = items.length > 1;
    const images = el("section", { "aria-labelledby": "images" });
    if (data.images.length) showImages(images, data, this.few());
    this.places = { seeds: el("div", {}, data.groups.length ? seeds(data) : ""), classes: el("div", {}, classes(data, items) ?? ""), code: el("div", {}, diffs(data) ?? "") };
    return [
      ["Curves", this.curves.root],
      data.groups.length && ["Seeds", this.places.seeds],
      this.places.classes.firstElementChild && ["Classes", this.places.classes],
      data.disagreements?.length && ["Samples", disagreements(data)],
      data.images.length && ["Images", images],
      several && ["Flags and scores", el("div", {}, this.parallel.root, new Scatter(data.dimensions, items, grouped).root)],
      ["All values", this.table.root],
      this.places.code.firstElementChild && ["Code", this.places.code],
    ].filter((entry) => entry && entry[1]);
  }

  // The runs whose pictures there is room for: the baseline's first, then those that are not hidden.
  few() {
    const base = baseline(this.compared.items);
    const first = (base.members ?? [base.id])[0];
    const unit = (run) => this.data.units.find(({ members }) => members.includes(run.id));
    const hidden = (run) => state.hide.includes(run.id) || state.hide.includes(unit(run)?.id);
    const runs = this.data.runs.map((run, index) => ({ ...run, index, name: this.data.runs.length > 1 ? `${run.id} · ${run.name}` : run.name }));
    return runs.filter((run) => run.id === first || !hidden(run)).sort((a, b) => (b.id === first) - (a.id === first));
  }

  // Another baseline.
  rebase() {
    this.tell();
    const { grouped, items } = this.compared;
    this.places.classes.replaceChildren(classes(this.data, items) ?? "");
    if (this.data.groups.length) this.places.seeds.replaceChildren(seeds(this.data));
    this.table.renew(this.data, items, grouped);
  }

  // The head of the page: what the comparison comes to.
  tell() {
    const { grouped, items } = this.compared;
    this.header.replaceChildren(...header(this.data, items, grouped, (name) => this.go(name)).filter(Boolean));
  }

  go(name) {
    const place = name === "code" ? this.places.code : this.table.root;
    if (name !== "code") {
      setOpen(name, true);
      this.table.draw();
    }
    place.scrollIntoView({ behavior: calm() ? "auto" : "smooth" });
  }

  // News of the same runs; what one is doing just now stays as it is.
  refresh(data, changed) {
    this.data = data;
    const { grouped, items } = this.compared;
    this.table.renew(data, items, grouped);
    if (this.headline) this.headline.renew(data, items, grouped);
    if (!this.header.contains(document.activeElement)) this.tell();
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
      update({ each: !each.checked, hide: [], from: null, to: null, base: "" });
      this.show();
    } });
    const go = (root) => root.scrollIntoView({ behavior: calm() ? "auto" : "smooth" });
    return el(
      "section",
      { class: this.legend.items.length > 5 ? "strip many" : "strip", "aria-label": "Runs" },
      this.chips,
      data.units.length > 0 && el("label", { class: "check" }, each, "Group seeds"),
      el("nav", { "aria-label": "Sections" }, sections.map(([name, root]) => el("button", { class: "plain", onclick: () => go(root) }, name))),
      this.live.tools ?? [],
    );
  }
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

function header(data, items, grouped, go) {
  const single = data.runs.length === 1;
  document.title = data.listing ? "Runs" : single ? data.runs[0].name : `${data.runs.length} runs compared`;
  const settings = grouped && items.length < data.runs.length ? `, ${items.length} setting${items.length > 1 ? "s" : ""}` : "";
  return [
    el("div", { class: "title" }, el("h1", {}, `${document.title}${single ? "" : settings}`), el("span", { class: "quiet" }, `as of ${date(Date.parse(data.made))}`)),
    single && one(data, data.runs[0]),
    !data.listing && !single && verdictLines(data, items, grouped),
    !data.listing && changes(data, items, grouped, go),
    notes(data),
  ];
}

// What can't be shown or compared; of other notes one line that opens.
function notes({ problems, notes: told }) {
  const parts = [
    problems.length > 0 && el("ul", { class: "notes" }, problems.map((text) => el("li", { class: "problem" }, text))),
    told.length > 0 && el("details", { class: "plain" }, el("summary", {}, told.length === 1 ? told[0] : `${told.length} notes`), told.length > 1 && el("ul", { class: "notes" }, told.map((text) => el("li", {}, text)))),
  ].filter(Boolean);
  return parts.length ? el("div", {}, parts) : null;
}

// Whether one has asked for less motion.
function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
