// The table side by side: flags, metrics, code, data and environment, by default what differs.

import { get } from "./api.js";
import { el, openDialog, status, swatch } from "./dom.js";
import { age, date, lasted, number } from "./format.js";
import { look } from "./palette.js";
import { Table, slug } from "./table.js";

// Shown also where they are the same: what one asks for first.
const ALWAYS = new Set(["code/sha", "code/branch", "code/dirty", "code/patch_blake3", "data/name", "data/hash"]);
// These differ without telling anything; they are shown once opened.
const CLOSED = new Set(["environment", "result", "run", "tags"]);

export class Facts extends Table {
  constructor(data) {
    super(data.runs.length);
    this.data = data;
    this.draw();
  }

  bodies() {
    const bodies = [];
    const sections = Map.groupBy(this.data.rows, (row) => row.section);
    const add = (name) => sections.has(name) && bodies.push(this.facts(name, sections.get(name)));
    add("flags");
    for (const [group, metrics] of Map.groupBy(this.data.metrics, (metric) => metric.group)) bodies.push(this.metrics(group, metrics));
    [...sections.keys()].filter((name) => name !== "flags").forEach(add);
    return bodies;
  }

  head() {
    const cells = this.data.runs.map((run) =>
      el(
        "th",
        { scope: "col" },
        swatch(look(run.id)),
        el("span", { class: "who", title: run.name }, run.name),
        el("small", {}, el("a", { href: `mlflow#/experiments/${run.experiment_id}/runs/${run.id}?workflowType=machine_learning`, title: "This run in MLflow" }, run.given), " ", status(run), ` ${lasted(run)}`, el("span", { title: date(run.started) }, ` · ${age(run.started)}`)),
      ),
    );
    return el("thead", {}, el("tr", {}, el("td", {}), cells));
  }

  facts(name, rows) {
    const wanted = rows.filter((row) => this.found(row.name) && (this.all || row.differs || ALWAYS.has(`${name}/${row.name}`)));
    if (!this.all) wanted.sort((a, b) => telling(a) - telling(b));
    const same = rows.length - rows.filter((row) => row.differs).length;
    if (!wanted.length) return this.filter.value || this.all ? null : this.sameLine(name, same);
    const lines = wanted.map((row) => this.fact(row));
    const note = wanted.length < rows.length && !this.filter.value ? `${rows.length - wanted.length} more are the same` : "";
    return this.body(name, lines, !CLOSED.has(name), note, undefined, name === "code" && this.patchButton(rows));
  }

  metrics(group, metrics) {
    const wanted = metrics.filter((metric) => this.found(metric.label));
    if (!wanted.length) return null;
    const name = `metrics-${slug(group)}`;
    const note = `${metrics.length} metric${metrics.length > 1 ? "s" : ""}`;
    return this.body(name, wanted.map((metric) => this.metric(metric)), group === "Loss and accuracy", note, group);
  }

  // A score is the best checkpoint's; of runs that have none yet, or never, the last one.
  metric(metric) {
    const lasts = metric.last.map((last) => last?.value ?? null);
    const values = metric.best.map((best, i) => best ?? lasts[i]);
    // A reproduction only repeats another run.
    const repeats = this.data.runs.map((run) => this.data.runs.some((other) => other.given === run.reproduces));
    const numbers = values.filter((v, i) => typeof v === "number" && !repeats[i]);
    const told = metric.best.some((best) => best !== null);
    const isLast = values.map((value, i) => told && value !== null && metric.best[i] === null);
    // A last value among others of best checkpoints is not to be compared with them.
    const comparable = metric.better && !metric.why && !isLast.includes(true) && new Set(numbers).size > 1;
    const best = comparable ? Math[metric.better](...numbers) : null;
    const cells = this.data.runs.map((run, i) => {
      const known = this.data.extremes[run.id]?.[metric.key];
      const range = known && known.points > 1 && known.min !== null ? el("small", {}, `${number(known.min)} … ${number(known.max)}`) : null;
      const star = best !== null && values[i] === best && !repeats[i];
      const after = metric.best[i] !== null && lasts[i] !== null && lasts[i] !== metric.best[i] ? `last ${number(lasts[i])}` : "";
      const note = isLast[i] ? "last" : after;
      return el("td", { class: star ? "best" : "", title: title(metric.best[i], lasts[i], known) }, el("span", { class: "last" }, el("span", { class: "value" }, number(values[i])), star && el("span", { class: "star", role: "img", "aria-label": "best" }, "★")), " ", note && el("small", { class: "note" }, note), note && range && " · ", range);
    });
    const why = metric.why && el("small", {}, ` not compared: ${metric.why}`);
    return el("tr", { class: "metric" }, el("th", { scope: "row" }, metric.label, why), cells);
  }

  patchButton(rows) {
    const hashes = rows.find((row) => row.name === "patch_blake3")?.values ?? [];
    const changed = this.data.runs.filter((run, i) => hashes[i] && hashes[i] !== "null");
    if (!changed.length) return null;
    const two = changed.length === 2 && rows.find((row) => row.name === "patch_blake3").differs;
    return el("button", { class: "plain", onclick: () => showPatch(two ? changed : changed.slice(0, 1), changed) }, two ? "Compare the uncommitted changes" : "Uncommitted changes");
  }
}

// 0: all runs know it, and it differs; 1: some do, and it differs among them; 2: they agree.
function telling(row) {
  if (!row.differs || !row.values.includes(null)) return 0;
  return new Set(row.values.filter((text) => text !== null)).size > 1 ? 1 : 2;
}

function title(best, last, known) {
  const parts = [best !== null && `of the best checkpoint ${best}`, `last ${last ?? "–"}`].filter(Boolean);
  if (known) parts.push(`least ${known.min}`, `greatest ${known.max}`, `${known.points} points`);
  return parts.join("\n");
}

// The changes of one run, or what two runs' differ in; others can be chosen.
async function showPatch(runs, all) {
  const patch = await get("patch", { runs: runs.map((run) => run.id).join(",") });
  const lines = patch.text.split("\n").map((line) => el("span", { class: kind(line) }, `${line}\n`));
  const chooser = (index) =>
    el("select", { "aria-label": index ? "Second run" : "First run", onchange: (event) => choose(index, event.target.value) },
      index ? el("option", { value: "" }, "alone") : null,
      all.map((run) => el("option", { value: run.id, selected: runs[index]?.id === run.id }, run.name)));
  const choose = (index, id) => {
    const next = [...runs];
    if (id) next[index] = all.find((run) => run.id === id);
    else next.pop();
    showPatch(next[0]?.id === next[1]?.id ? next.slice(0, 1) : next, all);
  };
  const choice = all.length > 1 ? el("p", { class: "choice" }, chooser(0), " → ", chooser(1)) : null;
  openDialog(patch.title, el("div", {}, choice, el("pre", { class: "patch", tabIndex: 0 }, patch.text ? lines : "They are the same.")));
}

function kind(line) {
  if (/^(\+\+\+|---|diff |index )/.test(line)) return "file";
  return { "+": "added", "-": "removed", "@": "place" }[line[0]] ?? "";
}
