// The comparison of a server's runs, which goes on while they train: where its data come from, what
// can be done with a run, and how news reach the page.

import { get, imageAddress, plotly, stop } from "./api.js";
import { el, openDialog, say, status } from "./dom.js";
import { presumeHidden } from "./beginning.js";
import { Page } from "./show.js";
import { source } from "./source.js";
import { address, state, update } from "./state.js";

const POLL = 5000;
// So many runs' numbers of points are asked for at once.
const COUNTED = 20;

export class Live {
  constructor(main) {
    this.main = main;
    this.timer = 0;
  }

  // Show the runs of the address; what was shown before is forgotten.
  async show() {
    clearTimeout(this.timer);
    await this.read();
    presumeHidden(this.data);
    const extremes = {};
    const live = { extremes, told: (item) => (item.status ? status(item) : []), extras: (item) => this.extras(item), tools: [el("a", { class: "add", href: "compare" }, "Choose runs"), el("button", { class: "plain", onclick: copy }, "Copy link")] };
    this.page = new Page(this.main, this.data, live);
    this.page.show();
    document.getElementById("where").textContent = where(this.data.runs);
    await this.count(extremes);
    this.page.curves.counted();
    this.poll();
  }

  stop() {
    clearTimeout(this.timer);
  }

  async read() {
    this.data = await get("content", { runs: state.runs.join(",") });
    // The letters that runs have on the page, and what the server calls them.
    this.ids = new Map(this.data.runs.map((run) => [run.id, run.store.id]));
    const letters = new Map(this.data.runs.map((run) => [run.store.id, run.id]));
    for (const unit of this.data.units.filter((unit) => unit.group)) this.ids.set(unit.id, this.counted(unit).map((id) => this.ids.get(id)).join("~"));
    // Addresses of former versions have the server's ids.
    if (state.hide.some((id) => !this.ids.has(id))) update({ hide: state.hide.map((id) => letters.get(id) ?? id).filter((id) => this.ids.has(id)) });
    Object.assign(source, { get: (path, asked) => this.answer(path, asked), imageAddress: (id, path) => imageAddress(this.ids.get(id), path), library: plotly });
  }

  // The runs of a group that its statistics are of.
  counted(unit) {
    const group = this.data.groups.find((one) => one.label === unit.id);
    return group.counted.length ? group.counted : group.runs;
  }

  async answer(path, asked) {
    const letters = asked.runs.split(",");
    const found = await get(path, { ...asked, runs: letters.map((id) => this.ids.get(id)).join(",") });
    return Object.fromEntries(letters.map((id) => [id, found[this.ids.get(id)]]));
  }

  // How many points curves have: those with few are asked for together.
  async count(extremes) {
    const ids = this.data.runs.map((run) => run.store.id);
    const parts = [];
    for (let i = 0; i < ids.length; i += COUNTED) parts.push(get("points", { runs: ids.slice(i, i + COUNTED).join(",") }));
    const counts = Object.assign({}, ...(await Promise.all(parts)));
    const points = (metrics) => Object.fromEntries(Object.entries(metrics).map(([key, n]) => [key, { points: n }]));
    for (const run of this.data.runs) extremes[run.id] = points(counts[run.store.id] ?? {});
    for (const unit of this.data.units.filter((unit) => unit.group)) {
      const own = this.counted(unit).map((id) => Object.entries(extremes[id]));
      extremes[unit.id] = Object.fromEntries(own.flat());
    }
  }

  poll() {
    clearTimeout(this.timer);
    if (!this.data.runs.some((run) => run.status === "running")) return;
    this.timer = setTimeout(async () => {
      if (!document.hidden) await this.refresh();
      this.poll();
    }, POLL);
  }

  async refresh() {
    try {
      const pulse = await get("pulse", { runs: state.runs.join(",") });
      if (JSON.stringify(pulse) === JSON.stringify(this.data.pulse)) return;
      const before = this.data;
      await this.read();
      if (told(before) !== told(this.data)) return await this.again();
      await this.count(this.page.live.extremes);
      this.page.refresh(this.data, changed(before, this.data));
    } catch (error) {
      say(`Not refreshed: ${error.message}`);
    }
  }

  // Other runs, or other groups of them: the page is made anew.
  async again() {
    this.page.data = this.data;
    await this.count(this.page.live.extremes);
    this.page.show();
  }

  extras(item) {
    const run = this.data.runs.find((one) => one.id === item.id);
    if (!run) return [];
    return [
      run.store.stoppable && el("button", { class: "stop", onclick: () => askToStop(run) }, "Stop"),
      this.data.runs.length > 1 && el("button", { class: "plain", onclick: () => this.remove(run), "aria-label": `Remove ${run.name}`, title: "Remove from the comparison" }, "✕"),
    ];
  }

  remove(run) {
    update({ runs: this.data.runs.filter((other) => other !== run).map((other) => other.store.id), hide: [] });
    return this.show();
  }
}

function told(data) {
  return JSON.stringify([data.runs.map((run) => run.store.id), data.units.map((unit) => [unit.id, unit.members])]);
}

// Of which metrics any run has logged something since.
function changed(before, data) {
  const lasts = (one) => new Map(one.metrics.map((metric) => [metric.key, JSON.stringify(metric.last)]));
  const [old, fresh] = [lasts(before), lasts(data)];
  return new Set([...fresh.keys()].filter((key) => old.get(key) !== fresh.get(key)));
}

function where(runs) {
  const experiments = [...new Set(runs.map((run) => run.experiment))];
  return experiments.length > 3 ? `${experiments.length} experiments` : experiments.join(", ");
}

async function copy() {
  const link = new URL(address(), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    say("The link to what you see is copied");
  } catch {
    openDialog("Link to what you see", el("input", { class: "link", value: link, readOnly: true }), false);
  }
}

function askToStop(run) {
  const dialog = openDialog(
    "Stop this run?",
    el(
      "div",
      {},
      el("p", {}, `${run.name} is asked to end its training; what it has logged stays.`),
      el("button", { class: "main", onclick: () => send() }, "Stop it"),
    ),
    false,
  );
  async function send() {
    dialog.close();
    try {
      await stop(run.store);
      say(`${run.name} is asked to stop`);
    } catch (error) {
      say(`${run.name} was not asked to stop: ${error.message}`);
    }
  }
}
