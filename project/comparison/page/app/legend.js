// One button for each run: it shows or hides the run's curves; another one leaves these alone.

import { el, swatch } from "./dom.js";
import { look } from "./palette.js";
import { lit, onPoint, point } from "./pointing.js";
import { state, update } from "./state.js";

// Of more runs, so many have their buttons at first.
const AT_FIRST = 24;
const legends = new Set();

export class Legend {
  // `items` have an id and a name; `told` gives what stands beside a name, `extras` beside a button.
  constructor(items, changed, { told = () => [], extras = () => [] } = {}) {
    Object.assign(this, { items, changed });
    this.toggles = items.map((item) => this.toggle(item, told));
    this.chips = items.map((item, i) => el("span", { class: "chip", hidden: i >= AT_FIRST }, this.toggles[i], items.length > 1 && this.only(item), extras(item)));
    this.every = el("button", { class: "plain", onclick: () => this.hide([]) }, "Show all");
    this.more = el("button", { class: "plain", hidden: items.length <= AT_FIRST, onclick: () => this.unfold() }, `${items.length - AT_FIRST} more`);
    this.parts = [...this.chips, this.more, this.every];
    this.mark();
    legends.add(this);
    onPoint(this.every, () => this.light());
  }

  toggle(item, told) {
    const button = el("button", { class: "toggle", title: `${item.name}\nClick to show or hide, double-click for this alone` }, swatch(look(item.id)), el("span", { class: "name" }, item.name), told(item));
    button.addEventListener("click", () => this.hide(state.hide.includes(item.id) ? state.hide.filter((id) => id !== item.id) : [...state.hide, item.id]));
    button.addEventListener("dblclick", () => this.alone(item));
    for (const [event, id] of [["pointerenter", item.id], ["focus", item.id], ["pointerleave", null], ["blur", null]]) button.addEventListener(event, () => point(id));
    return button;
  }

  only(item) {
    return el("button", { class: "only", "aria-label": `Only ${item.name}`, title: "Only this one; again: all", onclick: () => this.alone(item) }, "only");
  }

  unfold() {
    this.chips.forEach((chip) => (chip.hidden = false));
    this.more.hidden = true;
    this.toggles[AT_FIRST].focus();
  }

  // This one alone, or if it is so already, all.
  alone(item) {
    const rest = this.items.map((other) => other.id).filter((id) => id !== item.id);
    const already = rest.every((id) => state.hide.includes(id)) && !state.hide.includes(item.id);
    this.hide(already ? [] : rest);
  }

  hide(hide) {
    update({ hide });
    this.changed();
    for (const legend of legends) {
      if (legend.every.isConnected) legend.mark();
      else legends.delete(legend);
    }
  }

  mark() {
    this.toggles.forEach((toggle, i) => toggle.setAttribute("aria-pressed", String(!state.hide.includes(this.items[i].id))));
    this.every.hidden = !this.items.some((item) => state.hide.includes(item.id));
    this.light();
  }

  light() {
    const standing = lit();
    this.chips.forEach((chip, i) => {
      const on = standing.has(this.items[i].id);
      chip.classList.toggle("lit", on);
      if (on && i >= AT_FIRST) chip.hidden = false;
    });
  }
}
