// The head of one run's page: how it stands, what it scored, and the command that gives it again.
// Reads `runs`, `scores`, `headline`, `metrics`.

import { annotations } from "./annotate.js";
import { el, say, status } from "./dom.js";
import { age, date, duration, number } from "./format.js";

export function one(data, run) {
  const lasted = run.lasted === null ? "" : `, took ${duration(run.lasted)}`;
  const marks = [run.description, run.note, run.tags.join(", ")].filter(Boolean);
  return el(
    "div",
    { class: "one" },
    el("p", { class: "quiet" }, status(run), lasted, run.started === null ? "" : el("span", { title: date(run.started) }, ` · ${age(run.started)}`), ` · ${run.experiment ?? ""} · code ${run.code} · data ${run.data}`),
    run.store?.tags ? annotations({ ...run.store, label: run.name }) : marks.length > 0 && el("p", {}, marks.join(" · ")),
    cards(data, run),
    !run.foreign && command("Reproduce it", `python -m project.reproduce ${run.run_id}`),
    run.command && command(run.foreign ? "Made by" : "Run it again", run.command),
  );
}

// The scores that count, large; each is the best checkpoint's.
function cards(data, run) {
  const shown = data.headline.map((name) => [name, data.scores.find((score) => score.name === name)?.values[0] ?? null]).filter(([, value]) => value !== null);
  if (!shown.length) return el("p", { class: "empty" }, run.status === "running" ? "No score yet: it has not validated." : "It has no scores.");
  const last = (name) => data.metrics.find((metric) => metric.title === name)?.last[0] ?? null;
  const about = (name, value) => (name === run.monitor ? "monitored" : last(name) !== null && last(name) !== value ? `last ${number(last(name))}` : "");
  return el("dl", { class: "cards" }, shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { title: String(value) }, number(value)), el("dd", { class: "quiet" }, about(name, value)))));
}

function command(title, text) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("The command is copied");
    } catch {
      getSelection().selectAllChildren(code);
      say("Marked: copy it with the keys");
    }
  };
  const code = el("code", {}, text);
  return el("div", { class: "command" }, el("span", { class: "quiet" }, title), el("pre", { tabIndex: 0 }, code), el("button", { class: "plain", onclick: copy, "aria-label": `Copy: ${title}` }, "Copy"));
}
