// Parallel coordinates: a line for each run through its flags and scores. Drawing along an axis keeps
// the runs that pass there. Plotly's own need WebGL and eval, which not every browser gives a file.

import { el, svg } from "./dom.js";
import { number } from "./format.js";
import { look } from "./palette.js";
import { Brushes } from "./brushes.js";
import { scale } from "./scales.js";
import { state, update } from "./state.js";

const HEIGHT = 352;
const [TOP, BOTTOM, SIDE] = [58, 40, 70];
const NONE = -0.09; // where runs pass that have no value
const FLAGS = 6;
const STOPS = ["#3b1c8c", "#21639a", "#1b9a80", "#7cbf35", "#e3b505"];

export class Parallel {
  constructor(dimensions, items, grouped, changed) {
    Object.assign(this, { items, changed, pointed: null, brushes: new Brushes(), logs: new Map() });
    this.dimensions = dimensions.map((told) => ({ ...told, values: grouped ? told.grouped : told.each })).filter(varies);
    this.place = el("div", { class: "parallel" });
    this.note = el("p", { class: "note" });
    this.root = el("section", { "aria-labelledby": "parallel" }, el("div", { class: "heading" }, el("h2", { id: "parallel" }, "Parallel coordinates"), this.controls()), this.place, this.note);
    new ResizeObserver(() => this.draw()).observe(this.place);
    this.tell();
  }

  controls() {
    const boxes = this.dimensions.map(({ name }) => {
      const box = el("input", { type: "checkbox", checked: this.shown.includes(name), onchange: () => {
        const rest = this.shown.filter((other) => other !== name);
        this.brushes.delete(name);
        update({ axes: this.dimensions.map((told) => told.name).filter((other) => rest.includes(other) || (box.checked && other === name)) });
        this.filter();
      } });
      return el("label", { class: "check" }, box, name);
    });
    const scores = this.dimensions.filter(({ kind }) => kind === "score");
    const colour = el("select", { "aria-label": "Colour of the lines", onchange: () => {
      update({ colour: colour.value });
      this.draw();
    } }, el("option", { value: "" }, "Colours as above"), scores.map(({ name }) => el("option", { value: name, selected: state.colour === name }, `Colour by ${name}`)));
    this.reset = el("button", { class: "plain", onclick: () => this.clear() }, "Clear selection");
    return [this.reset, colour, el("details", { class: "menu" }, el("summary", {}, "Axes"), el("div", {}, boxes))];
  }

  // Names of the axes that are shown: at first the flags, and the losses and accuracies.
  get shown() {
    if (state.axes !== null) return state.axes;
    const flags = this.dimensions.filter(({ kind, name }) => kind === "flag" && name !== "seed").slice(0, FLAGS);
    const scores = this.dimensions.filter(({ kind }) => kind === "score");
    const main = scores.filter(({ name }) => /^(val|test)_(loss|accuracy)$/.test(name));
    return [...flags, ...(main.length ? main : scores.slice(0, 3))].map(({ name }) => name);
  }

  point(id) {
    this.pointed = id;
    this.draw();
  }

  clear() {
    this.brushes.clear();
    this.filter();
  }

  // What is shown was chosen elsewhere: lines drawn along an axis no longer say why.
  forget() {
    this.brushes.clear();
    this.draw();
  }

  // Hide the runs that miss a brush.
  filter() {
    const axes = this.axes();
    update({ hide: this.items.filter((_, i) => this.brushes.misses(axes, i)).map(({ id }) => id) });
    this.draw();
    this.changed();
  }

  axes() {
    const chosen = this.dimensions.filter(({ name }) => this.shown.includes(name));
    return chosen.map((told) => {
      const found = scale(told, told.values, this.logs.get(told.name));
      return { ...told, ...found, places: told.values.map((value) => found.at(value) ?? NONE), lacks: told.values.some((value) => found.at(value) === null) };
    });
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width) return;
    const axes = this.axes();
    const x = (i) => (axes.length > 1 ? SIDE + (i * (width - 2 * SIDE)) / (axes.length - 1) : width / 2);
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.axis : null;
    const room = axes.length > 1 ? (width - 2 * SIDE) / (axes.length - 1) : width;
    const colours = this.colours(axes);
    this.place.replaceChildren(
      svg("svg", { width, height: HEIGHT, role: "group", "aria-label": "Parallel coordinates" },
        this.gradient(),
        axes.map((axis, i) => this.rail(axis, x(i))),
        this.items.map((item, i) => this.line(item, i, axes, x, colours)),
        axes.map((axis, i) => this.axis(axis, x(i), room)),
        this.values(axes, x)),
    );
    if (focused) this.place.querySelector(`[data-axis="${CSS.escape(focused)}"]`)?.focus();
    this.reset.hidden = !this.brushes.size;
    this.tell();
  }

  colours(axes) {
    const by = axes.find(({ name }) => name === state.colour);
    return this.items.map(({ id }, i) => (by ? (by.places[i] === NONE ? "var(--quiet)" : mixed(by.places[i])) : `var(--run-${look(id).colour})`));
  }

  gradient() {
    const stops = STOPS.map((colour, i) => svg("stop", { offset: i / (STOPS.length - 1), "stop-color": colour }));
    return svg("defs", {}, svg("linearGradient", { id: "scale", gradientUnits: "userSpaceOnUse", x1: 0, x2: 0, y1: y(0), y2: y(1) }, stops));
  }

  rail(axis, x) {
    const line = svg("line", { class: "rail", x1: x, x2: x + 0.01, y1: y(0), y2: y(1) });
    if (axis.name === state.colour) Object.assign(line.style, { stroke: "url(#scale)", strokeWidth: 5 });
    return line;
  }

  line(item, i, axes, x, colours) {
    const d = axes.map(({ places }, k) => {
      const middle = k ? (x(k - 1) + x(k)) / 2 : 0;
      return k ? `C${middle},${y(axes[k - 1].places[i])} ${middle},${y(places[i])} ${x(k)},${y(places[i])}` : `M${x(k)},${y(places[i])}`;
    }).join("");
    const hidden = state.hide.includes(item.id);
    const kind = hidden ? "faint" : this.pointed === null ? "" : this.pointed === item.id ? "pointed" : "behind";
    const path = svg("path", { class: `run ${kind}`, d, "stroke-dasharray": look(item.id).array });
    path.style.stroke = colours[i];
    const over = hidden ? [] : [svg("path", { class: "over", d, onpointerenter: () => this.pointed !== item.id && this.point(item.id), onpointerleave: () => this.point(null) })];
    return [path, ...over];
  }

  axis(axis, x, room) {
    const ticks = axis.ticks.map((tick) => label(tick.text, x - 6, y(tick.at) - 4, room * 0.5, "tick"));
    if (axis.lacks) ticks.push(label("none", x - 6, y(NONE) - 4, room * 0.5, "tick"));
    const title = label(axis.name, x, 16, room - 12, "title");
    const log = axis.log === null ? [] : [this.logButton(axis, x)];
    const brush = this.brushes.get(axis.name);
    const shown = brush ? [svg("rect", { class: "brush", x: x - 9, width: 18, y: y(brush[1]), height: Math.max(y(brush[0]) - y(brush[1]), 2) })] : [];
    return [...ticks, title, ...log, ...shown, this.hit(axis, x)];
  }

  logButton(axis, x) {
    const turn = () => {
      this.logs.set(axis.name, !axis.log);
      this.brushes.delete(axis.name);
      this.filter();
    };
    const press = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn();
    };
    return svg("text", { class: "log", x, y: 32, tabindex: 0, role: "button", "data-axis": `log ${axis.name}`, "aria-pressed": String(axis.log), onclick: turn, onkeydown: press }, svg("title", {}, axis.log ? "Logarithmic; click for linear" : "Linear; click for logarithmic"), axis.log ? "log" : "linear");
  }

  // Where one draws along an axis; with the keys, arrows choose one value after the other.
  hit(axis, x) {
    const area = svg("rect", { class: "hit", x: x - 14, width: 28, y: y(1) - 8, height: y(NONE) - y(1) + 16, tabindex: 0, role: "slider", "data-axis": axis.name, "aria-label": `Keep runs by ${axis.name}`, "aria-valuetext": this.brushes.said(axis), "aria-valuenow": this.brushes.get(axis.name)?.[0] ?? 0 }, svg("title", {}, `Drag along ${axis.name} to keep the runs that pass there`));
    const at = (event) => Math.min(Math.max((y(0) - (event.clientY - this.place.getBoundingClientRect().top)) / (y(0) - y(1)), NONE - 0.03), 1.03);
    area.addEventListener("pointerdown", (event) => this.brushes.drag(event, axis.name, at, () => this.draw(), () => this.filter()));
    area.addEventListener("keydown", (event) => this.brushes.key(event, axis) && this.filter());
    return area;
  }

  // The values of the run that is pointed at, beside its line.
  values(axes, x) {
    const i = this.items.findIndex(({ id }) => id === this.pointed);
    if (i < 0) return [];
    return axes.map(({ values, places }, k) => svg("text", { class: "value", x: x(k) + 9, y: y(places[i]) - 6 }, values[i] === null ? "none" : number(values[i], 5)));
  }

  tell() {
    const kept = this.items.filter(({ id }) => !state.hide.includes(id));
    const pointed = this.items.find(({ id }) => id === this.pointed);
    this.note.textContent = pointed ? pointed.name : this.brushes.size ? `${kept.length} of ${this.items.length} kept` : "Drag along an axis to keep the runs that pass there, here and in the curves.";
  }
}

function varies({ kind, values }) {
  return kind === "score" || new Set(values.map(String)).size > 1;
}

function y(place) {
  return HEIGHT - BOTTOM - place * (HEIGHT - BOTTOM - TOP);
}

// A text that fits into so many pixels; all of it as its title.
function label(text, x, at, room, kind) {
  const most = Math.max(Math.floor(room / 6.6), 4);
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return svg("text", { class: kind, x, y: at }, svg("title", {}, text), shown);
}

function mixed(share) {
  const at = share * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  return `color-mix(in oklab, ${STOPS[i + 1]} ${100 * (at - i)}%, ${STOPS[i]})`;
}
