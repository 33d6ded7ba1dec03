// One button for each run: it shows or hides the run's curves; a double click leaves these alone.

import { el, swatch } from "./dom.js";
import { look } from "./palette.js";
import { state, update } from "./state.js";

export class Legend {
  // `items` have an id and a name; `told` gives what stands beside a name, `extras` beside a button.
  constructor(items, changed, { told = () => [], extras = () => [], point = () => {} } = {}) {
    Object.assign(this, { items, changed });
    this.toggles = items.map((item) => this.toggle(item, told, point));
    this.every = el("button", { class: "plain", onclick: () => this.hide([]) }, "Show all");
    const chips = items.map((item, i) => el("span", { class: "chip" }, this.toggles[i], extras(item)));
    this.parts = [...chips, this.every];
    this.mark();
  }

  toggle(item, told, point) {
    const button = el("button", { class: "toggle", title: `${item.name}\nClick to show or hide, double-click for this alone` }, swatch(look(item.id)), el("span", { class: "name" }, item.name), told(item));
    button.addEventListener("click", () => this.hide(state.hide.includes(item.id) ? state.hide.filter((id) => id !== item.id) : [...state.hide, item.id]));
    button.addEventListener("dblclick", () => this.alone(item));
    for (const [event, id] of [["pointerenter", item.id], ["focus", item.id], ["pointerleave", null], ["blur", null]]) button.addEventListener(event, () => point(id));
    return button;
  }

  // This one alone, or if it is so already, all.
  alone(item) {
    const rest = this.items.map((other) => other.id).filter((id) => id !== item.id);
    const already = rest.every((id) => state.hide.includes(id));
    this.hide(already ? [] : rest);
  }

  hide(hide) {
    update({ hide });
    this.mark();
    this.changed();
  }

  mark() {
    this.toggles.forEach((toggle, i) => toggle.setAttribute("aria-pressed", String(!state.hide.includes(this.items[i].id))));
    this.every.hidden = !this.items.some((item) => state.hide.includes(item.id));
  }
}
