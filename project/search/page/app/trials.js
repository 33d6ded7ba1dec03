// All trials as a table that can be sorted, and one trial with all that is known of it.

import { copyButtons } from "../../../comparison/page/app/copying.js";
import { el, openDialog } from "../../../comparison/page/app/dom.js";
import { number } from "../../../comparison/page/app/format.js";
import { shown, tableOf, time } from "./known.js";

const AT_ONCE = 100;

export class Trials {
  constructor(data, trials, opened) {
    Object.assign(this, { data, trials, opened, by: null, down: false, most: AT_ONCE, state: "" });
    this.place = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Trials" });
    this.more = el("button", { class: "plain", onclick: () => this.draw((this.most *= 4)) });
    const states = [...new Set(trials.map(({ state }) => state))];
    const choice = el("select", { "aria-label": "Which trials", onchange: () => this.draw((this.state = choice.value)) }, el("option", { value: "" }, `all ${trials.length.toLocaleString("en")}`), states.map((state) => el("option", { value: state }, `${trials.filter((one) => one.state === state).length.toLocaleString("en")} ${state}`)));
    this.root = el("section", { "aria-labelledby": "trials" }, el("div", { class: "heading" }, el("h2", { id: "trials" }, "Trials"), choice, copyButtons(() => tableOf(data, this.kept()))), this.place, this.more);
    this.columns = [
      ["Trial", (trial) => trial.number],
      ["State", (trial) => trial.state],
      ...data.objectives.map(({ name }, k) => [name, (trial) => trial.scores[k]]),
      ...data.dims.map(({ name }, k) => [name, (trial) => trial.values[k]]),
      ["Epochs", (trial) => trial.epochs],
      ["Wall time", (trial) => trial.seconds, time],
      ["Process time", (trial) => trial.cpu, time],
      ["Run, or why it ended", (trial) => trial.reason || trial.run],
    ];
    this.draw();
  }

  kept() {
    const found = this.trials.filter(({ state }) => !this.state || state === this.state);
    if (this.by === null) return found;
    const [, value] = this.columns[this.by];
    return found.sort((a, b) => (this.down ? -1 : 1) * order(value(a), value(b)) || a.number - b.number);
  }

  draw() {
    const all = this.kept();
    this.place.replaceChildren(el("table", { class: "all-trials" }, this.head(), el("tbody", {}, all.slice(0, this.most).map((trial) => this.line(trial)))));
    this.more.hidden = all.length <= this.most;
    this.more.textContent = `Show more of ${all.length.toLocaleString("en")}`;
  }

  head() {
    const sorted = (i) => (this.by === i ? (this.down ? "descending" : "ascending") : "none");
    return el("thead", {}, el("tr", {}, this.columns.map(([name], i) => el("th", { scope: "col", "aria-sort": sorted(i) }, el("button", { class: "plain", onclick: () => this.sort(i) }, name, this.by === i && (this.down ? " ↓" : " ↑"))))));
  }

  sort(i) {
    this.down = this.by === i && !this.down;
    this.by = i;
    this.draw();
  }

  line(trial) {
    const best = this.data.winner === trial.number ? "best" : "";
    return el("tr", { class: best, "data-trial": trial.id }, this.columns.map(([, value, told = number], i) => {
      const found = shown(value(trial));
      if (i === 0) return el("th", { scope: "row" }, el("button", { class: "plain", onclick: () => this.opened(trial.id) }, String(found)));
      const text = found === null ? "–" : told(found);
      return el("td", { class: typeof found === "number" ? "number" : "", title: typeof found === "string" ? found : String(found ?? "") }, text);
    }));
  }
}

// Those that have none come last, whichever way.
function order(a, b) {
  const [one, two] = [a ?? null, b ?? null];
  if (one === null || two === null) return (one === null) - (two === null);
  return typeof one === "number" && typeof two === "number" ? one - two : String(one).localeCompare(String(two), "en", { numeric: true });
}

// One trial, over the page.
export function openTrial(data, trial) {
  const rows = [
    ["state", trial.state],
    ...data.objectives.map(({ name }, k) => [name, trial.scores[k]]),
    ...data.dims.map(({ name }, k) => [name, shown(trial.values[k])]),
    ["epochs", trial.epochs],
    ["wall time", time(trial.seconds)],
    ["process time", time(trial.cpu)],
    ["run", trial.run],
    ["reason", trial.reason],
  ].filter(([, value]) => value !== null && value !== "");
  openDialog(`Trial ${trial.number}`, el("table", { class: "one-trial" }, el("tbody", {}, rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, typeof value === "number" ? String(value) : value))))));
}
