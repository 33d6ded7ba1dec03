// Parallel coordinates: a line for each run through its flags and scores. Drawing along an axis keeps
// the runs that pass there. Plotly's own need WebGL and eval, which not every browser gives a file.

import { el, svg } from "./dom.js";
import { number } from "./format.js";
import { look } from "./palette.js";
import { Brushes } from "./brushes.js";
import { MANY } from "./plot.js";
import { lit, onPoint, pin, point } from "./pointing.js";
import { gradient, HEIGHT, label, NONE, rail, SIDE, y } from "./rails.js";
import { mixed } from "./ramp.js";
import { scale } from "./scales.js";
import { state, update } from "./state.js";

const FLAGS = 6;

export class Parallel {
  // `elsewhere` says where else what is kept is shown.
  constructor(dimensions, items, grouped, changed, elsewhere = ", here and in the curves") {
    Object.assign(this, { items, changed, elsewhere, brushes: new Brushes(), logs: new Map() });
    this.dimensions = dimensions.map((told) => ({ ...told, values: grouped ? told.grouped : told.each })).filter(varies);
    this.place = el("div", { class: "parallel" });
    this.note = el("p", { class: "note" });
    this.root = el("section", { "aria-labelledby": "parallel" }, el("div", { class: "heading" }, el("h2", { id: "parallel" }, "Parallel coordinates"), this.controls()), this.place, this.note);
    new ResizeObserver(() => this.draw()).observe(this.place);
    onPoint(this.root, () => this.mark());
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
    } }, el("option", { value: "-", selected: this.colouring === null }, "Colours as above"), [...scores, ...this.dimensions.filter(({ kind }) => kind === "flag")].map(({ name }) => el("option", { value: name, selected: this.colouring === name }, `Colour by ${name}`)));
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

  // Of many runs colours say more by a score than by the run.
  get colouring() {
    const known = this.dimensions.map(({ name }) => name);
    if (state.colour) return known.includes(state.colour) ? state.colour : null;
    const scores = this.dimensions.filter(({ kind, name }) => kind === "score" && this.shown.includes(name));
    return this.items.length > MANY ? scores.find(({ name }) => /accuracy|iou/.test(name))?.name ?? scores[0]?.name ?? null : null;
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
    const colours = this.colours();
    this.told = svg("g");
    this.place.replaceChildren(
      svg("svg", { width, height: HEIGHT, role: "group", "aria-label": "Parallel coordinates" },
        gradient(),
        axes.map((axis, i) => rail(x(i), axis.name === this.colouring)),
        this.items.map((item, i) => this.line(item, i, axes, x, colours)),
        axes.map((axis, i) => this.axis(axis, x(i), room)),
        this.told),
    );
    this.placed = { axes, x };
    this.mark();
    if (focused) this.place.querySelector(`[data-axis="${CSS.escape(focused)}"]`)?.focus();
    this.reset.hidden = !this.brushes.size;
  }

  colours() {
    const by = this.dimensions.find(({ name }) => name === this.colouring);
    const found = by && scale(by, by.values, this.logs.get(by.name));
    const places = this.items.map((_, i) => (by ? found.at(by.values[i]) : null));
    return this.items.map(({ id }, i) => (!by ? `var(--run-${look(id).colour})` : places[i] === null ? "var(--quiet)" : mixed(places[i])));
  }

  // The runs that stand out, here or elsewhere.
  mark() {
    if (!this.placed) return;
    const standing = lit();
    this.place.classList.toggle("standing", standing.size > 0);
    this.place.classList.toggle("many", this.items.length > MANY);
    for (const path of this.place.querySelectorAll(".run")) path.classList.toggle("pointed", standing.has(path.dataset.run));
    const last = [...standing].at(-1);
    this.told.replaceChildren(...this.values(this.placed.axes, this.placed.x, this.items.findIndex(({ id }) => id === last)));
    this.tell();
  }

  line(item, i, axes, x, colours) {
    const d = axes.map(({ places }, k) => {
      const middle = k ? (x(k - 1) + x(k)) / 2 : 0;
      return k ? `C${middle},${y(axes[k - 1].places[i])} ${middle},${y(places[i])} ${x(k)},${y(places[i])}` : `M${x(k)},${y(places[i])}`;
    }).join("");
    const hidden = state.hide.includes(item.id);
    const path = svg("path", { class: hidden ? "run faint" : "run", d, "data-run": item.id, "stroke-dasharray": this.colouring ? "none" : look(item.id).array });
    path.style.stroke = colours[i];
    const over = hidden ? [] : [svg("path", { class: "over", d, onpointerenter: () => point(item.id), onpointerleave: () => point(null), onclick: () => pin(item.id) })];
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
  values(axes, x, i) {
    if (i < 0) return [];
    return axes.map(({ values, places }, k) => svg("text", { class: "value", x: x(k) + 9, y: y(places[i]) - 6 }, values[i] === null ? "none" : number(values[i], 5)));
  }

  tell() {
    const kept = this.items.filter(({ id }) => !state.hide.includes(id));
    const standing = lit();
    const names = this.items.filter(({ id }) => standing.has(id)).map(({ name }) => name);
    this.note.textContent = names.length ? names.join("; ") : this.brushes.size ? `${kept.length} of ${this.items.length} kept` : `Drag along an axis to keep the runs that pass there${this.elsewhere}.`;
  }
}

function varies({ kind, values }) {
  return kind === "score" || new Set(values.map(String)).size > 1;
}
