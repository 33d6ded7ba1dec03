// One chart: the curves of one metric, or where each run has a single value, bars.

import { bars } from "./bars.js";
import { batches } from "./batches.js";
import { el, svg } from "./dom.js";
import { enlarge } from "./enlarge.js";
import { number } from "./format.js";
import { marks } from "./marks.js";
import { notes } from "./notes.js";
import { colour, inks } from "./palette.js";
import { pictureMenu } from "./picture.js";
import { draw, lines, MANY, purge } from "./plot.js";
import { lit, onPoint } from "./pointing.js";
import { reach } from "./reach.js";
import { Reading } from "./reading.js";
import { singles } from "./singles.js";
import { source } from "./source.js";
import { state, update } from "./state.js";
import { thinned } from "./thin.js";

// So many buckets are drawn in all: more a browser draws slowly, and nobody can tell apart.
const DRAWN = 16_000;
// Of very many runs, so many have their colours.
const CHIEFS = 7;

export class Chart {
  constructor(metric, data, all) {
    Object.assign(this, { metric, data, all, curves: {}, shown: [], visible: false, stale: true, asked: 0, drawn: false, zoomedTo: null, range: null });
    this.place = el("div", { class: "plot" });
    this.over = svg("svg", { class: "over", "aria-hidden": "true" });
    this.frame = el("div", { class: "frame", tabIndex: 0, role: "application", "aria-roledescription": "chart", "aria-label": metric.title, "aria-describedby": "chart-keys" }, this.place, this.over);
    this.reading = new Reading(this);
    this.note = el("p", { class: "note" });
    const larger = el("button", { class: "plain", onclick: () => enlarge(this, larger), "aria-label": `Enlarge ${metric.title}`, title: "Enlarge" }, "⤢");
    this.header = el("header", {}, el("h3", {}, metric.title), this.reading.at, pictureMenu(this), larger);
    this.root = el("article", { class: "chart", "data-metric": metric.key }, this.header, this.frame, this.reading.values, this.note);
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.frame);
    onPoint(this.root, () => this.mark());
  }

  setVisible(visible) {
    this.visible = visible;
    if (visible && this.stale) this.load();
    else if (visible && !this.drawn) this.draw();
  }

  counted() {
    if (this.visible && this.stale) this.load();
  }

  // Ask for the curves again, of all runs or of some; `quietly`, as nobody waits for it.
  reload(runs = null, quietly = false) {
    this.stale = true;
    if (this.visible) this.load(runs, quietly);
  }

  redraw() {
    this.drawn = false;
    if (this.visible && !this.stale) this.draw();
  }

  remove() {
    this.asked++;
    this.sized.disconnect();
    purge(this.place);
  }

  async load(runs = null, quietly = false) {
    if (Object.keys(this.data.extremes).length < this.data.runs.length) return; // until counted
    this.stale = false;
    const asked = ++this.asked;
    if (!quietly) this.root.setAttribute("aria-busy", "true");
    const common = { metric: this.metric.key, x: state.x, from: state.from, to: state.to, points: this.buckets };
    const fetched = batches(this.data.runs.map(({ id }) => id).filter((id) => !runs || runs.includes(id)), (id) => this.points(id)).map(async (ids) => {
      const curves = await source.get("curves", { ...common, runs: ids.join(",") });
      if (asked !== this.asked) return;
      for (const id of ids) this.curves[id] = curves[id] && thinned(curves[id], this.buckets);
      await this.soon();
    });
    try {
      await Promise.all(fetched);
    } catch (error) {
      this.note.textContent = error.message;
    }
    if (asked === this.asked) this.root.removeAttribute("aria-busy");
  }

  get buckets() {
    const wide = Math.round((this.frame.clientWidth || 400) * Math.min(devicePixelRatio, 2));
    return Math.max(25, Math.min(800, wide, Math.round(DRAWN / this.data.runs.length)));
  }

  points(id) {
    return this.data.extremes[id]?.[this.metric.key]?.points ?? 0;
  }

  // What comes at once is drawn once.
  soon() {
    this.pending ??= new Promise(requestAnimationFrame).then(() => {
      this.pending = null;
      return this.draw();
    });
    return this.pending;
  }

  async draw() {
    this.drawn = true;
    const hidden = new Set(state.hide);
    this.shown = this.data.runs
      .filter((run) => this.curves[run.id] && !hidden.has(run.id))
      .map((run) => ({ run, curve: this.curves[run.id], line: lines(this.curves[run.id]), chief: true }));
    if (this.shown.length > MANY) {
      const best = new Set(this.best(CHIEFS));
      this.shown.forEach((one) => (one.chief = best.has(one)));
    }
    this.alone = Math.max(...this.data.runs.map(({ id }) => this.points(id))) <= 1;
    this.root.classList.toggle("alone", this.alone);
    this.range = reach(this);
    if (this.alone) this.bars();
    else {
      await draw(this.place, this.shown, this.range.shown);
      this.watch();
    }
    this.note.replaceChildren(...notes(this));
    performance.mark(`drawn ${this.metric.key}`);
  }

  // Those that ended best, if it is known what is better.
  best(n) {
    const sign = { min: 1, max: -1 }[this.metric.better] ?? NaN;
    const worth = ({ line }) => sign * (line.y.at(-1) ?? NaN);
    return this.shown.filter((one) => Number.isFinite(worth(one))).sort((a, b) => worth(a) - worth(b)).slice(0, n);
  }

  watch() {
    if (this.watched || !this.place.on) return;
    this.watched = true;
    this.place.on("plotly_relayout", (event) => this.zoomed(event));
    this.place.on("plotly_afterplot", () => this.mark());
    this.mark();
  }

  // Where values are in the drawing, in pixels from its upper left corner.
  get pixels() {
    const { xaxis, yaxis } = this.place._fullLayout ?? {};
    if (!xaxis || this.alone) return null;
    return { x: (x) => xaxis.d2p(x), back: (x) => xaxis.p2d(x), y: (y) => (y === null || (yaxis.type === "log" && y <= 0) ? null : yaxis.d2p(y)), left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length, ground: "var(--card)" };
  }

  mark() {
    const place = this.pixels;
    if (!place || !this.visible) return;
    const standing = new Set([...lit()].filter((id) => this.shown.some(({ run }) => run.id === id)));
    Object.assign(this.over.style, { left: `${place.left}px`, top: `${place.top}px`, width: `${place.width}px`, height: `${place.height}px` });
    this.over.replaceChildren(...marks(this.shown, place, (id) => colour(id), standing));
    this.root.classList.toggle("standing", standing.size > 0);
    this.reading.tell();
  }

  bars() {
    const rows = singles(this).map((row) => ({ ...row, fill: colour(row.id) }));
    const width = Math.max(this.frame.clientWidth - 4, 200);
    const { drawn, ...told } = bars(rows, width, inks(), this.metric.better, state.full);
    Object.assign(this, told);
    this.place.replaceChildren(drawn);
    this.frame.setAttribute("aria-label", `${this.metric.title}: ${rows.map(({ name, value }) => `${name} ${number(value)}`).join(", ")}`);
  }

  resize() {
    if (!this.drawn || !this.visible) return;
    if (this.alone) this.bars();
    else this.soon();
  }

  // A zoom along x is that of all charts, one along y this one's.
  zoomed(event) {
    const told = (axis) => [event[`${axis}.range[0]`], event[`${axis}.range[1]`]].map(Number);
    const [low, high] = told("yaxis").map((y) => (this.place._fullLayout.yaxis.type === "log" ? 10 ** y : y));
    if (high > low) this.zoomedTo = [low, high];
    const [from, to] = told("xaxis");
    if (to > from && (from !== state.from || to !== state.to)) this.all.zoom(from, to);
    else if (high > low) this.all.zoom(state.from, state.to);
  }

  showAll() {
    update({ full: !state.full });
    this.all.redraw();
  }
}
