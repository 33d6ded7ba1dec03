// A point for each run: any flag or score across, any one upwards, a third one as its colour.

import { el, svg } from "./dom.js";
import { number } from "./format.js";
import { look, MARKS } from "./palette.js";
import { lit, onPoint, pin, point } from "./pointing.js";
import { mixed, ramp } from "./ramp.js";
import { scale } from "./scales.js";
import { state, update } from "./state.js";

const HEIGHT = 400;
const [LEFT, RIGHT, TOP, BOTTOM] = [76, 18, 16, 44];
const NEAR = 24; // pixels from a point at which it is meant
const LETTER = 6.2; // pixels of a usual letter

export class Scatter {
  // `dimensions` of the page's data, and the runs or groups that are compared; `elsewhere` says where
  // else a point is marked.
  constructor(dimensions, items, grouped, elsewhere = " and in the curves") {
    Object.assign(this, { items, elsewhere });
    this.dimensions = dimensions.map((told) => ({ ...told, values: grouped ? told.grouped : told.each }));
    this.place = el("div", { class: "scatter", tabIndex: 0, role: "application", "aria-roledescription": "scatter plot" });
    this.note = el("p", { class: "note" });
    this.root = el("section", { "aria-labelledby": "scatter" }, el("div", { class: "heading" }, el("h2", { id: "scatter" }, "Any two against each other"), this.controls()), this.place, this.note);
    new ResizeObserver(() => this.draw()).observe(this.place);
    this.place.addEventListener("pointermove", (event) => point(this.near(event)));
    this.place.addEventListener("pointerleave", () => point(null));
    this.place.addEventListener("click", (event) => this.near(event) && pin(this.near(event)));
    this.place.addEventListener("keydown", (event) => this.key(event));
    this.place.addEventListener("blur", () => point(null));
    onPoint(this.root, () => this.mark());
  }

  controls() {
    return [this.chooser("sx", "Across"), this.log("sx"), this.chooser("sy", "Upwards"), this.log("sy"), this.chooser("sc", "Colour")];
  }

  chooser(part, text) {
    const options = [part === "sc" && el("option", { value: "" }, "as above"), ...this.dimensions.map(({ name }) => el("option", { value: name, selected: this.chosen(part)?.name === name }, name))];
    const select = el("select", { onchange: () => {
      update({ [part]: select.value });
      this.draw();
    } }, options.filter(Boolean));
    return el("label", { class: "check" }, text, select);
  }

  log(part) {
    const box = el("input", { type: "checkbox", "aria-label": part === "sx" ? "Logarithmic across" : "Logarithmic upwards", onchange: () => {
      const rest = (state.slog ?? []).filter((entry) => entry.replace("-", "") !== part);
      update({ slog: [...rest, box.checked ? part : `-${part}`] });
      this.draw();
    } });
    this[part] = el("label", { class: "check" }, box, "log");
    return this[part];
  }

  // At first a flag that differs, a number if there is one, and the score that counts.
  chosen(part) {
    const known = this.dimensions.find(({ name }) => name === state[part]);
    if (known || part === "sc") return known;
    const score = (wanted) => this.dimensions.find(({ name }) => wanted.test(name));
    const flags = this.dimensions.filter(({ kind, name }) => kind === "flag" && name !== "seed");
    const flag = flags.find(({ values }) => values.some((value) => typeof value === "number")) ?? flags[0];
    const first = score(/^test_(accuracy|mean_iou)$/) ?? this.dimensions.find(({ kind }) => kind === "score");
    return part === "sx" ? flag ?? first : first ?? flag;
  }

  axis(part) {
    const told = this.chosen(part);
    const asked = state.slog?.includes(part) ? true : state.slog?.includes(`-${part}`) ? false : undefined;
    const found = scale(told, told.values, asked);
    this[part].hidden = found.log === null;
    this[part].firstChild.checked = found.log === true;
    return { ...found, name: told.name, values: told.values };
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width || !this.chosen("sx")) return;
    const [across, upwards] = [this.axis("sx"), this.axis("sy")];
    const [right, bottom] = [width - RIGHT, HEIGHT - BOTTOM];
    const x = (place) => LEFT + 14 + place * (right - LEFT - 28);
    const y = (place) => bottom - 14 - place * (bottom - TOP - 28);
    this.points = this.items.map((item, i) => ({ item, i, at: [across.at(across.values[i]), upwards.at(upwards.values[i])] }))
      .filter(({ item, at }) => !at.includes(null) && !state.hide.includes(item.id))
      .map((one) => ({ ...one, x: x(one.at[0]), y: y(one.at[1]) }));
    this.axes = [across, upwards];
    this.over = svg("g");
    const { colours, key } = this.colours();
    this.place.replaceChildren(svg("svg", { width, height: HEIGHT, "aria-hidden": "true" },
      apart(across.ticks, x, 56).map(({ at, text }) => tick(x(at), TOP, x(at), bottom, text, x(at), bottom + 16, "middle")),
      apart(upwards.ticks, y, 18).map(({ at, text }) => tick(LEFT, y(at), right, y(at), text, LEFT - 8, y(at) + 4, "end")),
      svg("text", { class: "title", x: (LEFT + right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, across.name),
      svg("text", { class: "title", transform: `translate(13 ${(TOP + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, upwards.name),
      this.points.map((one) => drawn(one, colours[one.i], "point")), this.over), ...key);
    this.colour = colours;
    this.mark();
  }

  // Of each item its colour, and what the colours mean.
  colours() {
    const by = this.chosen("sc");
    if (!by) return { colours: this.items.map(({ id }) => `var(--run-${look(id).colour})`), key: [] };
    const found = scale(by, by.values);
    const places = by.values.map((value) => found.at(value));
    return { colours: places.map((place) => (place === null ? "var(--quiet)" : mixed(place))), key: [ramp(by.name, found.ticks)] };
  }

  mark() {
    if (!this.over) return;
    const standing = lit();
    const chosen = this.points.filter(({ item }) => standing.has(item.id));
    this.place.classList.toggle("standing", chosen.length > 0);
    this.over.replaceChildren(...chosen.flatMap((one) => [drawn(one, this.colour[one.i], "lit"), this.label(one)]));
    const told = chosen.map((one) => `${one.item.name}: ${this.said(one)}`);
    const left = this.items.length - this.points.length - state.hide.length;
    this.note.textContent = told.length ? told.join("; ") : `${this.points.length} points. Point at one for its run, click to keep it marked here${this.elsewhere}.${left > 0 ? ` ${left} have no value.` : ""}`;
    this.place.setAttribute("aria-label", told.length ? told.join("; ") : `${this.axes[1].name} by ${this.axes[0].name}, ${this.points.length} points; arrow keys go from one to the next, Enter marks it`);
  }

  said({ i }) {
    const by = this.chosen("sc");
    return [...this.axes, ...(by ? [by] : [])].map(({ name, values }) => `${name} ${number(values[i], 5)}`).join(", ");
  }

  label({ item, x, y }) {
    const width = this.place.clientWidth;
    const room = Math.floor((x > width / 2 ? x - LEFT : width - x - RIGHT) / LETTER);
    const text = item.name.length > room ? `${item.name.slice(0, Math.max(room - 1, 1))}…` : item.name;
    return svg("text", { class: "label", x: x + (x > width / 2 ? -10 : 10), y: y - 9, "text-anchor": x > width / 2 ? "end" : "start" }, text);
  }

  near(event) {
    const box = this.place.getBoundingClientRect();
    const far = (one) => Math.hypot(event.clientX - box.left - one.x, event.clientY - box.top - one.y);
    const nearest = (this.points ?? []).reduce((best, one) => (best && far(best) <= far(one) ? best : one), null);
    return nearest && far(nearest) < NEAR ? nearest.item.id : null;
  }

  // Left and right go along the axis across, Enter keeps a run marked, Escape forgets.
  key(event) {
    const order = [...(this.points ?? [])].sort((a, b) => a.x - b.x || b.y - a.y);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step && order.length) {
      const now = order.findIndex(({ item }) => item.id === this.keyed);
      this.keyed = order[now < 0 ? (step > 0 ? 0 : order.length - 1) : Math.min(Math.max(now + step, 0), order.length - 1)].item.id;
      point(this.keyed);
    } else if (event.key === "Enter" && this.keyed) pin(this.keyed);
    else if (event.key === "Escape") point((this.keyed = null));
    else return;
    event.preventDefault();
  }
}

function drawn({ item, x, y }, fill, kind) {
  const mark = svg("path", { class: kind, d: MARKS[look(item.id).colour], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})${kind === "lit" ? " scale(1.7)" : ""}` });
  mark.style.fill = fill;
  return mark;
}

function tick(x1, y1, x2, y2, text, x, y, anchor) {
  return svg("g", {}, svg("line", { class: "grid", x1, y1, x2, y2 }), svg("text", { x, y, "text-anchor": anchor }, text.length > 10 ? `${text.slice(0, 9)}…` : text));
}

// Those that can be read beside each other.
function apart(ticks, at, room) {
  const kept = [];
  for (const one of ticks) if (!kept.length || Math.abs(at(one.at) - at(kept.at(-1).at)) >= room) kept.push(one);
  return kept;
}
