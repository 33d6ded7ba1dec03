// The comparison: the runs, what they differ in, their curves and their images.

import { get, stop } from "./api.js";
import { Curves } from "./curves.js";
import { el, openDialog, say, status, swatch } from "./dom.js";
import { showImages } from "./images.js";
import { look } from "./palette.js";
import { address, state, update } from "./state.js";
import { Table } from "./table.js";

const POLL = 5000;
let timer = 0;

export async function showComparison(main) {
  clearTimeout(timer);
  const data = await get("runs", { runs: state.runs.join(",") });
  data.extremes = {};
  data.runs.forEach((run) => look(run.id));
  title(data);
  const strip = el("section", { class: data.runs.length > 8 ? "strip many" : "strip", "aria-label": "Runs" });
  const table = new Table(data);
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
    const fresh = await get("runs", { runs: data.runs.map((run) => run.id).join(",") });
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

// One button per run: it shows or hides the run's curves; and what else can be done with it.
function runs(strip, data, curves, again) {
  if (strip.contains(document.activeElement)) {
    const live = strip.querySelectorAll(".status");
    data.runs.forEach((run, i) => live[i]?.replaceWith(status(run)));
    return;
  }
  const chips = data.runs.map((run) => {
    const hidden = state.hide.includes(run.id);
    const toggle = el(
      "button",
      { class: "toggle", "aria-pressed": String(!hidden), title: hidden ? "Show its curves" : "Hide its curves; double-click for these alone" },
      swatch(look(run.id)),
      el("span", { class: "name" }, run.name),
      status(run),
    );
    const chip = el("span", { class: "chip" }, toggle);
    toggle.addEventListener("click", () => {
      const hide = state.hide.includes(run.id) ? state.hide.filter((id) => id !== run.id) : [...state.hide, run.id];
      setHidden(strip, data, curves, hide);
    });
    toggle.addEventListener("dblclick", () => {
      setHidden(strip, data, curves, data.runs.map((other) => other.id).filter((id) => id !== run.id));
    });
    if (run.stoppable) chip.append(el("button", { class: "stop", onclick: () => askToStop(run) }, "Stop"));
    if (data.runs.length > 1) {
      const rest = data.runs.map((other) => other.id).filter((id) => id !== run.id);
      const remove = () => {
        update({ runs: rest, hide: state.hide.filter((id) => id !== run.id) });
        again();
      };
      chip.append(el("button", { class: "plain", onclick: remove, "aria-label": `Remove ${run.name}`, title: "Remove from the comparison" }, "✕"));
    }
    return chip;
  });
  const all = state.hide.length ? el("button", { class: "plain", onclick: () => setHidden(strip, data, curves, []) }, "Show all") : null;
  strip.replaceChildren(el("div", { class: "chips" }, chips, all, el("a", { class: "add", href: "compare" }, "Choose runs")), el("button", { class: "plain", onclick: copy }, "Copy link"));
}

function setHidden(strip, data, curves, hide) {
  update({ hide });
  strip.querySelectorAll(".toggle").forEach((toggle, i) => toggle.setAttribute("aria-pressed", String(!hide.includes(data.runs[i].id))));
  curves.redraw();
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
