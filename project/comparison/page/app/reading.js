// What a chart says where one points: a line across all charts, the values there, the nearest run.

import { el, swatch } from "./dom.js";
import { number, xText } from "./format.js";
import { look } from "./palette.js";
import { lit, pin, point } from "./pointing.js";
import { nearest } from "./smooth.js";
import { state } from "./state.js";

const NEAR = 16; // pixels from a curve at which its run is meant
const MOST = 8; // values that are listed
const TWICE = 400; // milliseconds from a click to another that belongs to it

export class Reading {
  // `chart` has `frame`, `place` (of Plotly), `shown` (runs with their lines), `metric` and `all`.
  constructor(chart) {
    Object.assign(this, { chart, x: null, y: null, meant: null });
    this.mark = el("div", { class: "mark", hidden: true });
    this.tip = el("div", { class: "tip", hidden: true });
    this.values = el("ul", { class: "values" });
    this.at = el("span", { class: "at" });
    chart.frame.append(this.mark, this.tip);
    this.listen(chart.frame);
  }

  listen(frame) {
    frame.addEventListener("pointermove", (event) => this.move(event));
    frame.addEventListener("pointerleave", () => this.leave());
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("keydown", (event) => this.key(event));
    frame.addEventListener("blur", () => this.leave());
  }

  move(event) {
    const box = this.chart.place.getBoundingClientRect();
    const place = this.chart.pixels;
    if (!place) return;
    const x = event.clientX - box.left - place.left;
    this.y = event.clientY - box.top - place.top;
    this.chart.all.point(x >= 0 && x <= place.width ? place.back(x) : null, this.chart);
    this.mean();
  }

  // A click near a curve pins its run, two end a zoom; one that is drawn does neither.
  press(start) {
    const meant = this.meant;
    const again = start.timeStamp - (this.released ?? -Infinity) < TWICE;
    const end = (event) => {
      this.released = again ? null : event.timeStamp;
      if (Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) >= 4) return;
      if (meant) pin(meant);
      if (again) this.chart.all.zoom(null, null);
    };
    addEventListener("pointerup", end, { once: true });
  }

  // The run whose curve is near the pointer stands out.
  mean() {
    const near = this.found().map((one) => ({ ...one, far: Math.abs((this.chart.pixels.y(one.y) ?? Infinity) - this.y) })).sort((a, b) => a.far - b.far)[0];
    this.meant = this.x !== null && near?.far < NEAR ? near.run.id : null;
    this.tip.hidden = this.meant === null;
    if (this.meant !== null) {
      const place = this.chart.pixels;
      const left = place.left + place.x(near.x);
      this.tip.replaceChildren(swatch(look(near.run.id)), ` ${near.run.name} `, el("b", {}, number(near.y, 5)));
      Object.assign(this.tip.style, { top: `${place.top + place.y(near.y) + (this.y < 40 ? 14 : -34)}px`, ...(left > place.width / 2 ? { right: `${this.chart.frame.clientWidth - left + 8}px`, left: "" } : { left: `${left + 8}px`, right: "" }) });
    }
    point(this.meant);
  }

  leave() {
    [this.y, this.meant, this.tip.hidden] = [null, null, true];
    point(null);
    this.chart.all.point(null, this.chart);
  }

  // Show where x is, and what the curves are there; without one, their last values.
  show(x, here) {
    this.x = x;
    this.mark.classList.toggle("here", here);
    this.tell();
  }

  found() {
    return this.chart.shown.map(({ run, line }) => {
      const i = this.x === null ? line.x.length - 1 : nearest(line.x, this.x);
      return { run, x: line.x[i], y: line.y[i] };
    }).filter(({ y }) => y !== undefined && y !== null);
  }

  tell() {
    if (this.chart.alone) return;
    const place = this.chart.pixels;
    const at = this.x === null || !place ? NaN : place.x(this.x);
    this.mark.hidden = !(at >= 0 && at <= place.width);
    if (!this.mark.hidden) this.mark.style.left = `${place.left + at}px`;
    const found = this.found();
    const listed = this.listed(found);
    this.at.textContent = this.x === null || !found.length ? "" : `${xText(state.x, found[0].x)}${state.smooth ? ", smoothed" : ""}`;
    const standing = lit();
    const rest = found.length - listed.length;
    this.values.replaceChildren(...listed.map(({ run, y }) => el("li", { title: run.name, class: standing.has(run.id) ? "lit" : "" }, swatch(look(run.id)), el("span", { class: "unseen" }, `${run.name}: `), number(y))), rest ? el("li", { class: "quiet" }, `and ${rest} more`) : "");
    const told = listed.map(({ run, y }) => `${run.name} ${number(y)}`).join(", ");
    this.chart.frame.setAttribute("aria-label", `${this.chart.metric.title}${this.x === null ? ", last values" : ` at ${this.at.textContent}`}: ${told}${rest ? `, and ${rest} more` : ""}`);
  }

  // Of many those that stand out and those near the pointer, or else the best.
  listed(found) {
    if (found.length <= MOST) return found;
    const standing = lit();
    const place = this.chart.pixels;
    const sign = this.chart.metric.better === "min" ? 1 : -1;
    const far = ({ y }) => (this.y === null || !place ? sign * y : Math.abs((place.y(y) ?? Infinity) - this.y));
    return [...found].sort((a, b) => standing.has(b.run.id) - standing.has(a.run.id) || far(a) - far(b)).slice(0, MOST);
  }

  // Arrows point along the curves; + and - zoom there; Home, End and Escape.
  key(event) {
    const xs = this.chart.shown.reduce((longest, { line }) => (line.x.length > longest.length ? line.x : longest), []);
    if (!xs.length || event.altKey || event.ctrlKey || event.metaKey) return;
    const i = this.x === null ? xs.length : nearest(xs, this.x);
    const stride = event.shiftKey ? 10 : 1;
    const next = { ArrowLeft: i - stride, ArrowRight: this.x === null ? 0 : i + stride, Home: 0, End: xs.length - 1 }[event.key];
    if (next !== undefined) this.chart.all.point(xs[Math.max(0, Math.min(xs.length - 1, next))], this.chart);
    else if (event.key === "Escape" && this.x !== null) this.chart.all.point(null, this.chart);
    else if (event.key === "+" || event.key === "-") this.zoomBy(event.key === "+" ? 0.5 : 2, this.x ?? xs[xs.length >> 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  zoomBy(factor, x) {
    const place = this.chart.pixels;
    const [low, high] = [place.back(0), place.back(place.width)];
    this.chart.all.zoom(x - (x - low) * factor, x + (high - x) * factor);
  }
}
