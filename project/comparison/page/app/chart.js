// One chart: the curves of one metric, what they are where one points, and zooming.

import { el, swatch } from "./dom.js";
import { number, xText } from "./format.js";
import { look } from "./palette.js";
import { draw, lines, purge } from "./plot.js";
import { nearest } from "./smooth.js";
import { source } from "./source.js";
import { state } from "./state.js";

// Curves of fewer points than this, in all, are asked for together.
const TOGETHER = 100_000;

export class Chart {
  constructor(metric, data, all) {
    Object.assign(this, { metric, data, all, curves: {}, visible: false, stale: true, asked: 0, drawn: false, x: null });
    this.place = el("div", { class: "plot" });
    this.mark = el("div", { class: "mark", hidden: true });
    this.values = el("ul", { class: "values" });
    this.note = el("p", { class: "note" });
    this.at = el("span", { class: "at" });
    const enlarge = el("button", { class: "plain", onclick: () => this.enlarge(enlarge), "aria-label": `Enlarge ${metric.title}`, "aria-pressed": "false" }, "⤢");
    this.frame = el("div", { class: "frame", tabIndex: 0, role: "img", "aria-label": `Curves of ${metric.title}` }, this.place, this.mark);
    this.root = el("article", { class: "chart", "data-metric": metric.key }, el("header", {}, el("h3", {}, metric.title), this.at, enlarge), this.frame, this.values, this.note);
    this.listen();
  }

  listen() {
    this.frame.addEventListener("pointermove", (event) => this.all.point(this.xAt(event), this));
    this.frame.addEventListener("pointerleave", () => this.all.point(null, this));
    this.frame.addEventListener("dblclick", () => this.all.zoom(null, null));
    this.frame.addEventListener("keydown", (event) => this.key(event));
    this.frame.addEventListener("blur", () => this.all.point(null, this));
  }

  setVisible(visible) {
    this.visible = visible;
    if (visible && this.stale) this.load();
    else if (visible && !this.drawn) this.draw();
  }

  counted() {
    if (this.visible && this.stale) this.load();
  }

  reload() {
    this.stale = true;
    if (this.visible) this.load();
  }

  redraw() {
    this.drawn = false;
    if (this.visible && !this.stale) this.draw();
  }

  remove() {
    this.asked++;
    purge(this.place);
  }

  async load() {
    if (Object.keys(this.data.extremes).length < this.data.runs.length) return; // until counted
    this.stale = false;
    const asked = ++this.asked;
    this.root.setAttribute("aria-busy", "true");
    const buckets = Math.max(100, Math.min(800, Math.round((this.frame.clientWidth || 400) * devicePixelRatio)));
    const common = { metric: this.metric.key, x: state.x, from: state.from, to: state.to, points: buckets };
    const fetched = this.batches().map(async (runs) => {
      const curves = await source.get("curves", { ...common, runs: runs.join(",") });
      if (asked !== this.asked) return;
      for (const run of runs) this.curves[run] = curves[run];
      await this.draw();
    });
    try {
      await Promise.all(fetched);
    } catch (error) {
      this.note.textContent = error.message;
    }
    if (asked === this.asked) this.root.removeAttribute("aria-busy");
  }

  // Runs that have this metric: those with many points each by itself, as they come one by one.
  batches() {
    const batches = [[]];
    let size = 0;
    for (const run of this.data.runs) {
      const points = this.data.extremes[run.id]?.[this.metric.key]?.points ?? 0;
      if (!points) continue;
      size += points;
      if (size > TOGETHER && batches.at(-1).length) {
        batches.push([]);
        size = points;
      }
      batches.at(-1).push(run.id);
    }
    return batches.filter((batch) => batch.length);
  }

  get shown() {
    return this.data.runs
      .filter((run) => this.curves[run.id] && !state.hide.includes(run.id))
      .map((run) => ({ run, curve: this.curves[run.id], line: lines(this.curves[run.id]) }));
  }

  async draw() {
    const shown = this.shown;
    this.drawn = true;
    this.visibleLines = shown;
    const counts = this.data.runs.map((run) => this.data.extremes[run.id]?.[this.metric.key]?.points ?? 0);
    const alone = Math.max(...counts) <= 1;
    this.root.classList.toggle("alone", alone);
    if (alone) this.bars(shown);
    else {
      await draw(this.place, shown);
      this.place.on && !this.watched && this.place.on("plotly_relayout", (event) => this.zoomed(event));
      this.watched = true;
    }
    this.placeMark();
    this.tell();
    this.warn();
  }

  // A single value of each run is a bar.
  bars(shown) {
    const most = Math.max(...shown.flatMap(({ curve }) => [curve.y[0] ?? 0, curve.high?.[0] ?? 0].map(Math.abs)), 0);
    this.place.replaceChildren(
      el("ul", { class: "bars" }, shown.map(({ run, curve }) => {
        const share = most ? (100 * Math.abs(curve.y[0] ?? 0)) / most : 0;
        const bar = el("span", { class: "bar", style: { width: `${share}%`, "background-color": `var(--run-${look(run.id).colour})` } });
        const [low, high] = [curve.low, curve.high].map((values) => (most && values ? (100 * Math.abs(values[0])) / most : share));
        const range = el("span", { class: "range", hidden: low === high, style: { left: `${Math.min(low, high)}%`, width: `${Math.abs(high - low)}%` } });
        return el("li", {}, el("span", { class: "name", title: run.name }, run.name), el("span", { class: "rail" }, bar, range), el("span", { class: "value" }, number(curve.y[0] ?? null)));
      })),
    );
  }

  zoomed(event) {
    const [from, to] = [event["xaxis.range[0]"], event["xaxis.range[1]"]].map(Number);
    if (Number.isFinite(from) && Number.isFinite(to) && to > from && (from !== state.from || to !== state.to)) this.all.zoom(from, to);
  }

  get axis() {
    return this.place._fullLayout?.xaxis;
  }

  xAt(event) {
    if (!this.axis) return null;
    const x = this.axis.p2d(event.clientX - this.place.getBoundingClientRect().left - this.axis._offset);
    const [low, high] = this.axis.range;
    return x >= low && x <= high ? x : null;
  }

  // Show where x is, and what the curves are there; without one, their last values.
  point(x, here) {
    if (!this.visible || x === this.x) return;
    this.x = x;
    this.mark.classList.toggle("here", here);
    this.placeMark();
    this.tell();
  }

  placeMark() {
    const [low, high] = this.axis?.range ?? [0, 0];
    this.mark.hidden = this.x === null || this.x < low || this.x > high || this.root.classList.contains("alone");
    if (!this.mark.hidden) this.mark.style.left = `${this.axis._offset + this.axis.d2p(this.x)}px`;
  }

  tell() {
    if (this.root.classList.contains("alone")) return this.values.replaceChildren();
    const found = (this.visibleLines ?? []).map(({ run, line }) => {
      const i = this.x === null ? line.x.length - 1 : nearest(line.x, this.x);
      return { run, x: line.x[i], y: line.y[i] };
    }).filter(({ y }) => y !== undefined);
    this.at.textContent = this.x === null || !found.length ? "" : xText(state.x, found[0].x);
    this.values.replaceChildren(...found.map(({ run, y }) => el("li", { title: run.name }, swatch(look(run.id)), el("span", { class: "unseen" }, `${run.name}: `), number(y))));
    const told = found.map(({ run, y }) => `${run.name} ${number(y)}`).join(", ");
    this.frame.setAttribute("aria-label", `Curves of ${this.metric.title}${this.x === null ? ", last values" : ` at ${this.at.textContent}`}: ${told}`);
  }

  warn() {
    const notes = [];
    const without = this.data.runs.filter((run) => this.curves[run.id] === null);
    if (without.length) notes.push(`No epochs are known of ${without.map((run) => run.name).join(", ")}.`);
    for (const { run, curve } of this.visibleLines) {
      if (curve.odd.length) notes.push(`${run.name}: ${curve.odd[0][1]} at ${xText(state.x, curve.odd[0][0])}${curve.odd.length > 1 ? `, and ${curve.odd.length - 1} more points that are not finite` : ""}.`);
    }
    if (state.log && this.visibleLines.some(({ curve }) => curve.y.some((y) => y <= 0))) notes.push("Values of 0 and less are not on a log scale.");
    this.note.textContent = notes.join(" ");
  }

  // Arrows point along the curve; + and - zoom there; Home, End and Escape.
  key(event) {
    const xs = this.visibleLines?.[0]?.line.x;
    if (!xs?.length) return;
    const i = this.x === null ? xs.length : nearest(xs, this.x);
    const stride = event.shiftKey ? 10 : 1;
    const next = { ArrowLeft: i - stride, ArrowRight: this.x === null ? 0 : i + stride, Home: 0, End: xs.length - 1 }[event.key];
    if (next !== undefined) this.all.point(xs[Math.max(0, Math.min(xs.length - 1, next))], this);
    else if (event.key === "Escape") this.all.point(null, this);
    else if (event.key === "+" || event.key === "-") this.zoomBy(event.key === "+" ? 0.5 : 2, this.x ?? xs[xs.length >> 1]);
    else return;
    event.preventDefault();
  }

  zoomBy(factor, x) {
    const [low, high] = this.axis.range;
    this.all.zoom(x - (x - low) * factor, x + (high - x) * factor);
  }

  enlarge(button) {
    const large = this.root.classList.toggle("large");
    button.setAttribute("aria-pressed", String(large));
    this.reload();
  }
}
