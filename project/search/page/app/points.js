// A chart of trials: one points at a trial, goes through them with the keys, and saves it as SVG or CSV.

import { el, svg } from "../../../comparison/page/app/dom.js";
import { inks, onThemeChange } from "../../../comparison/page/app/palette.js";
import { lit, onPoint, pin, point } from "../../../comparison/page/app/pointing.js";
import { drawn } from "./drawing.js";
import { savers } from "./keeping.js";

const NEAR = 24; // pixels from a point at which it is meant
const SAVED = [860, 420];

export class Points {
  // `spec` gives what drawing.js draws, of points that have the `id` of their trial; `told` a trial in
  // words; `opened` shows all of one; `table` is for CSV; `legend` are elements.
  constructor({ title, spec, told, opened, table, legend = [] }) {
    Object.assign(this, { title, spec, told, opened });
    this.place = el("div", { class: "frame", tabIndex: 0, role: "application", "aria-roledescription": "chart of trials" });
    this.tip = el("p", { class: "note", role: "status" });
    const tools = savers(title, (scheme) => this.picture(scheme), table);
    this.root = el("article", { class: "chart trials-chart" }, el("header", {}, el("h3", {}, title), tools), this.place, legend, this.tip);
    new ResizeObserver(() => this.draw()).observe(this.place);
    onThemeChange(() => this.draw());
    onPoint(this.root, () => this.mark());
    this.place.addEventListener("pointermove", (event) => point(this.near(event)));
    this.place.addEventListener("pointerleave", () => point(null));
    this.place.addEventListener("click", (event) => this.near(event) !== null && opened(this.near(event)));
    this.place.addEventListener("keydown", (event) => this.key(event));
    this.place.addEventListener("blur", () => point(null));
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (!width) return;
    const { root, standing } = drawn(this.spec(), width, height, inks());
    this.over = svg("g");
    root.append(this.over);
    this.standing = standing;
    this.place.replaceChildren(root);
    this.mark();
  }

  mark() {
    if (!this.over) return;
    const ids = lit();
    const chosen = ids.size ? this.standing.filter(({ id }) => ids.has(id)) : [];
    const { text } = inks();
    this.over.replaceChildren(...chosen.map(({ x, y }) => svg("circle", { cx: x, cy: y, r: 6, fill: "none", stroke: text, "stroke-width": 2 })));
    this.tip.textContent = chosen.length ? this.told(chosen.at(-1).id) : "";
    this.place.setAttribute("aria-label", `${this.title}, ${this.standing.length} trials; arrow keys go from one to the next, Enter opens it`);
  }

  near(event) {
    const box = this.place.getBoundingClientRect();
    const far = (one) => Math.hypot(event.clientX - box.left - one.x, event.clientY - box.top - one.y);
    const nearest = (this.standing ?? []).reduce((best, one) => (best && far(best) <= far(one) ? best : one), null);
    return nearest && far(nearest) < NEAR ? nearest.id : null;
  }

  // Left and right go along the axis across; Enter opens a trial, space keeps it marked.
  key(event) {
    const order = [...(this.standing ?? [])].sort((a, b) => a.x - b.x || b.y - a.y);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step && order.length) {
      const now = order.findIndex(({ id }) => id === this.keyed);
      this.keyed = order[now < 0 ? (step > 0 ? 0 : order.length - 1) : Math.min(Math.max(now + step, 0), order.length - 1)].id;
      point(this.keyed);
    } else if (event.key === "Enter" && this.keyed) this.opened(this.keyed);
    else if (event.key === " " && this.keyed) pin(this.keyed);
    else if (event.key === "Escape") point((this.keyed = null));
    else return;
    event.preventDefault();
  }

  // For a file, in "light" or "dark" colours.
  picture(scheme) {
    return drawn(this.spec(scheme), ...SAVED, inks(scheme)).root;
  }
}
