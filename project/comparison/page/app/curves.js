// The section of curves: its controls, and charts in groups, of which those in sight are drawn.

import { Chart } from "./chart.js";
import { el } from "./dom.js";
import { xName } from "./format.js";
import { onThemeChange } from "./palette.js";
import { isOpen, setOpen, state, update } from "./state.js";
import { slug } from "./table.js";

const OPEN = new Set(["Loss and accuracy", "Training"]);
const MANY = 12;

export class Curves {
  constructor(data) {
    this.data = data;
    this.charts = new Map();
    this.alive = data.runs.filter((run) => run.status === "running").map(({ id }) => id);
    this.sight = new IntersectionObserver((entries) => entries.forEach((entry) => this.seen(entry)), { rootMargin: "200px" });
    this.groups = el("div", {});
    this.zoomed = el("button", { class: "plain", onclick: () => this.zoom(null, null) }, "Reset zoom");
    this.root = el("section", { "aria-labelledby": "curves" }, el("div", { class: "heading" }, el("h2", { id: "curves" }, "Curves")), el("p", { id: "chart-keys", class: "unseen" }, "Arrow keys read the values, plus and minus zoom, Escape ends."), this.controls(), this.groups);
    this.build();
    onThemeChange(() => this.redraw());
  }

  controls() {
    const axis = ["step", "epoch", "time"].map((kind) => {
      const radio = el("input", { type: "radio", name: "x", value: kind, checked: state.x === kind, onchange: () => this.setAxis(kind) });
      return el("label", {}, radio, el("span", {}, xName(kind)));
    });
    const filter = el("input", { type: "search", id: "filter", value: state.filter, placeholder: "Filter metrics", "aria-label": "Filter metrics", oninput: () => {
      update({ filter: filter.value });
      this.build();
    } });
    this.zoomed.hidden = state.from === null;
    return el("div", { class: "tools sticky" }, el("fieldset", { class: "choice" }, el("legend", { class: "unseen" }, "Horizontal axis"), axis), this.smoothing(), this.check("log", "Log scale", "A logarithmic axis of values"), this.check("full", "All values", "Also what is so far off that it flattens the rest"), el("span", { class: "grow" }, filter), this.zoomed);
  }

  smoothing() {
    const told = (weight) => (weight ? `${weight.toFixed(2)}, over ${Math.round(1 / (1 - weight))} points` : "none");
    const shown = el("output", { for: "smooth" }, told(state.smooth));
    const slider = el("input", { type: "range", id: "smooth", min: 0, max: 0.99, step: 0.01, value: state.smooth, "aria-label": "Smoothing", "aria-valuetext": told(state.smooth), title: "Exponential smoothing of what is drawn; what was logged is faint behind", oninput: () => {
      const weight = Number(slider.value);
      shown.textContent = told(weight);
      slider.setAttribute("aria-valuetext", told(weight));
      update({ smooth: weight });
      this.redraw();
    } });
    return el("label", { class: "slider" }, "Smoothing", slider, shown);
  }

  check(name, text, title) {
    const box = el("input", { type: "checkbox", id: name, checked: state[name], onchange: () => {
      update({ [name]: box.checked });
      this.charts.forEach((chart) => (chart.zoomedTo = null));
      this.redraw();
    } });
    return el("label", { class: "check", title }, box, text);
  }

  // Charts that the filter lets through; a filter shows them in any group.
  build() {
    this.charts.forEach((chart) => chart.remove());
    this.charts.clear();
    this.sight.disconnect();
    const wanted = this.data.metrics.filter((metric) => metric.title.toLowerCase().includes(state.filter.toLowerCase()));
    const groups = [...Map.groupBy(wanted, (metric) => metric.group)].map(([name, metrics]) => this.group(name, metrics));
    this.groups.replaceChildren(...groups);
    if (!groups.length) this.groups.replaceChildren(el("p", { class: "empty" }, this.data.metrics.length ? "No metric has this in its name." : "These runs have logged no metrics."));
  }

  group(name, metrics) {
    const id = `curves-${slug(name)}`;
    const grid = el("div", { class: "charts" });
    const usually = OPEN.has(name) || (name === "Validation" && metrics.length <= MANY) || state.filter !== "";
    const details = el("details", { class: "group", open: isOpen(id, usually) }, el("summary", {}, name, el("small", {}, String(metrics.length))), grid);
    const fill = () => {
      if (!details.open || grid.childElementCount) return;
      for (const metric of metrics) {
        const chart = new Chart(metric, this.data, this);
        this.charts.set(chart.root, chart);
        grid.append(chart.root);
        this.sight.observe(chart.root);
      }
    };
    details.addEventListener("toggle", () => {
      if (details.open !== isOpen(id, usually)) setOpen(id, details.open);
      fill();
    });
    fill();
    return details;
  }

  seen(entry) {
    const chart = this.charts.get(entry.target);
    if (chart) chart.setVisible(entry.isIntersecting);
  }

  // The numbers of points are known: curves of few can be asked for together.
  counted() {
    this.charts.forEach((chart) => chart.counted());
  }

  setAxis(kind) {
    update({ x: kind, from: null, to: null });
    this.zoomed.hidden = true;
    this.charts.forEach((chart) => (chart.zoomedTo = null));
    this.charts.forEach((chart) => chart.reload());
  }

  // All charts show the same range.
  zoom(from, to) {
    const digits = (value) => (value === null ? null : Number(value.toPrecision(8)));
    const [before, after] = [[state.from, state.to], [digits(from), digits(to)]];
    update({ from: after[0], to: after[1] });
    if (from === null) this.charts.forEach((chart) => (chart.zoomedTo = null));
    this.zoomed.hidden = from === null && ![...this.charts.values()].some((chart) => chart.zoomedTo);
    if (before[0] === after[0] && before[1] === after[1]) this.redraw();
    else this.charts.forEach((chart) => chart.reload());
  }

  redraw() {
    const full = this.root.querySelector("#full");
    if (full) full.checked = state.full;
    this.charts.forEach((chart) => chart.redraw());
  }

  point(x, from) {
    this.charts.forEach((chart) => chart.visible && chart.reading.show(x, chart === from));
  }

  // Keys of metrics whose last point is another one now.
  changed(metrics) {
    const told = (all) => new Map(all.map((metric) => [metric.key, JSON.stringify(metric.last)]));
    const [before, after] = [told(this.data.metrics), told(metrics)];
    return new Set([...after.keys()].filter((key) => before.get(key) !== after.get(key)));
  }

  refresh(changed) {
    const known = new Set([...this.charts.values()].map((chart) => chart.metric.key));
    const fresh = new Map(this.data.metrics.map((metric) => [metric.key, metric]));
    const open = this.groups.querySelectorAll("details[open]").length;
    if (open && [...changed].some((key) => !known.has(key) && fresh.get(key).group === "Loss and accuracy")) return this.build();
    // Those that have ended since have last points, too.
    const alive = this.data.runs.filter((run) => run.group || run.status === "running").map(({ id }) => id);
    const news = new Set([...alive, ...this.alive]);
    this.alive = alive;
    this.charts.forEach((chart) => {
      chart.metric = fresh.get(chart.metric.key) ?? chart.metric;
      if (changed.has(chart.metric.key)) chart.reload([...news], true);
    });
  }
}
