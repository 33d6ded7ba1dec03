// How much each flag matters for being among the best tenth of trials.

import { bars } from "../../../comparison/page/app/bars.js";
import { el } from "../../../comparison/page/app/dom.js";
import { inks, onThemeChange, paint } from "../../../comparison/page/app/palette.js";
import { savers } from "./keeping.js";

const TITLE = "Importance of flags";
const WIDTH = 860;

export function importances({ importance: { rows, why } }) {
  if (!rows.length) return el("p", { class: "empty" }, why);
  const place = el("div", { class: "plot" });
  const drawing = (width, scheme) => bars(rows.map(({ name, value, chance }) => ({ name, value, low: 0, high: chance, fill: paint(value > chance ? "--run-0" : "--line", scheme) })), width, inks(scheme)).drawn;
  const draw = () => place.clientWidth && place.replaceChildren(drawing(place.clientWidth));
  new ResizeObserver(draw).observe(place);
  onThemeChange(draw);
  const table = () => ({ head: ["flag", "importance", "by chance"], rows: rows.map(({ name, value, chance }) => [{ text: name }, { text: String(value), value }, { text: String(chance), value: chance }]) });
  const about = el("p", { class: "note" }, "The share of each flag in what tells the best trials from all (PED-ANOVA). The whisker is the most that it has by chance, where the same scores are dealt out to the trials anew: what does not go beyond it is grey, and shows nothing. Flags that matter only together are not found.");
  return el("article", { class: "chart alone importances" }, el("header", {}, el("h3", {}, TITLE), savers(TITLE, (scheme) => drawing(WIDTH, scheme), table)), el("div", { class: "frame" }, place), about);
}
