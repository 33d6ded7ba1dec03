// The comparison: the runs, what they differ in, their curves and their images.

import { Curves } from "./curves.js";
import { el, openDialog, say, status } from "./dom.js";
import { showImages } from "./images.js";
import { Legend } from "./legend.js";
import { look } from "./palette.js";
import { address, state, update } from "./state.js";
import { get, stop } from "./api.js";
import { Facts } from "./facts.js";

const POLL = 5000;
let timer = 0;

export async function showComparison(main) {
  clearTimeout(timer);
  const data = await compared(state.runs);
  data.extremes = {};
  data.runs.forEach((run) => look(run.id));
  title(data);
  const strip = el("section", { class: data.runs.length > 8 ? "strip many" : "strip", "aria-label": "Runs" });
  const table = new Facts(data);
  const curves = new Curves(data);
  const images = el("section", { "aria-labelledby": "images" });
  const again = () => showComparison(main);
  main.replaceChildren(strip, table.root, curves.root, images);
  // What sticks below it has to know its height.
  new ResizeObserver(() => main.style.setProperty("--strip", `${strip.offsetHeight}px`)).observe(strip);
  runs(strip, data, curves, again);
  showImages(images, data.runs);
  await Promise.all(data.runs.map((run) => extremes(run, data)));
  table.draw();
  curves.counted();
  poll(strip, data, table, curves, again);
}

// Runs are called by what tells them apart; `given` is the name that they have in the store.
async function compared(ids) {
  const data = await get("runs", { runs: ids.join(",") });
  return { ...data, runs: data.runs.map((run) => ({ ...run, given: run.name, name: run.label })) };
}

function title(data) {
  const names = data.runs.map((run) => run.name);
  document.title = names.length === 1 ? names[0] : `${names.length} runs compared`;
  const experiments = [...new Set(data.runs.map((run) => run.experiment))];
  document.getElementById("where").textContent = experiments.length > 3 ? `${experiments.length} experiments` : experiments.join(", ");
}

async function extremes(run, data) {
  data.extremes[run.id] = await get("extremes", { run: run.id });
}

function poll(strip, data, table, curves, again) {
  clearTimeout(timer);
  if (!data.runs.some((run) => run.status === "running")) return;
  timer = setTimeout(async () => {
    if (!document.hidden) await refresh(strip, data, table, curves, again);
    poll(strip, data, table, curves, again);
  }, POLL);
}

async function refresh(strip, data, table, curves, again) {
  const alive = data.runs.filter((run) => run.status === "running");
  try {
    const fresh = await compared(data.runs.map((run) => run.id));
    const changed = curves.changed(fresh.metrics);
    Object.assign(data, { runs: fresh.runs, rows: fresh.rows, metrics: fresh.metrics });
    if (changed.size) await Promise.all(alive.map((run) => extremes(run, data)));
    runs(strip, data, curves, again);
    table.refresh();
    curves.refresh(changed);
  } catch (error) {
    say(`Not refreshed: ${error.message}`);
  }
}

// The runs whose curves are shown; and what else can be done with a run.
function runs(strip, data, curves, again) {
  if (strip.contains(document.activeElement)) {
    const live = strip.querySelectorAll(".status");
    data.runs.forEach((run, i) => live[i]?.replaceWith(status(run)));
    return;
  }
  const remove = (run) => {
    const rest = data.runs.map((other) => other.id).filter((id) => id !== run.id);
    update({ runs: rest, hide: state.hide.filter((id) => id !== run.id) });
    again();
  };
  const extras = (run) => [
    run.stoppable && el("button", { class: "stop", onclick: () => askToStop(run) }, "Stop"),
    data.runs.length > 1 && el("button", { class: "plain", onclick: () => remove(run), "aria-label": `Remove ${run.name}`, title: "Remove from the comparison" }, "✕"),
  ];
  const legend = new Legend(data.runs, () => curves.redraw(), { told: status, extras });
  strip.replaceChildren(el("div", { class: "chips" }, legend.parts, el("a", { class: "add", href: "compare" }, "Choose runs")), el("button", { class: "plain", onclick: copy }, "Copy link"));
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
      await stop(run);
      say(`${run.name} is asked to stop`);
    } catch (error) {
      say(`${run.name} was not asked to stop: ${error.message}`);
    }
  }
}
