// Groups of runs that differ only in the seed: mean, spread, and paired differences from the baseline.

import { el, svg, swatch } from "./dom.js";
import { number, spread } from "./format.js";
import { look } from "./palette.js";
import { baseline } from "./scoring.js";
import { state, update } from "./state.js";

const WIDTH = 180;
const HEIGHT = 26;

export function seeds(data) {
  const place = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Seeds" });
  const known = data.scores.filter(({ name }) => data.groups.some((group) => group.scores[name]));
  const choice = el("select", { id: "score", "aria-label": "Score", onchange: () => {
    update({ score: choice.value });
    draw();
  } }, known.map(({ name }) => el("option", { value: name, selected: name === (state.score || data.primary) }, name)));
  const draw = () => place.replaceChildren(table(data, known.find(({ name }) => name === choice.value)));
  if (known.length) draw();
  else place.replaceChildren(el("p", { class: "empty" }, "No run of these groups has finished."));
  return el("section", { "aria-labelledby": "seeds" }, el("div", { class: "heading" }, el("h2", { id: "seeds" }, "Runs that differ only in the seed"), choice), place, notes(data));
}

function table(data, score) {
  const runs = new Map(data.runs.map((run, i) => [run.id, { ...run, value: score.values[i] }]));
  const base = from(data);
  const rows = data.groups.map((group) => ({
    group,
    told: group.scores[score.name],
    pair: data.pairs.find((pair) => pair.from === base && pair.to === group.label)?.scores[score.name],
    points: group.counted.map((id) => runs.get(id)).filter(({ value }) => typeof value === "number"),
  }));
  const scale = scaled(rows.flatMap(({ points }) => points.map(({ value }) => value)));
  const apart = scaled(rows.flatMap(({ pair }) => (typeof pair?.low === "number" ? [pair.low, pair.high, 0] : [])));
  const several = data.groups.length > 1;
  const head = ["", "Flags", "n", "Mean ± sd", score.name].concat(several ? [`Difference from ${base}`, "95 % interval", ""] : []);
  const numeric = new Set(["n", "Mean ± sd", `Difference from ${base}`, "95 % interval"]);
  const ends = (told, digits = 4) => told && el("div", { class: "ends" }, el("span", {}, number(told.low, digits)), el("span", {}, number(told.high, digits)));
  return el(
    "table",
    { class: "seeds" },
    el("thead", {}, el("tr", {}, head.map((text, i) => el("th", { scope: "col", class: numeric.has(text) ? "number" : "" }, text, i === 4 && ends(scale), i === 7 && ends(apart, 3))))),
    el("tbody", {}, rows.map((row) => line(data, row, score, scale, apart, several))),
  );
}

// The group that the others are told as differences from: the baseline, or the first where that is
// no group, or one of many whose differences are not in the page.
function from(data) {
  const { id } = baseline(data.units);
  return data.pairs.some((pair) => pair.from === id) ? id : data.groups[0].label;
}

function line(data, { group, told, pair, points }, score, scale, apart, several) {
  const unit = data.units.find((item) => item.id === group.label);
  const sure = typeof pair?.low === "number" && (pair.low > 0 || pair.high < 0);
  const sign = sure && score.better ? ((pair.mean > 0) === (score.better === "max") ? "better" : "worse") : "";
  const digits = (value) => (typeof value === "number" ? `${value > 0 ? "+" : ""}${number(value, 3)}` : "–");
  const difference = several && [
    el("td", { class: `number delta ${sign}` }, pair ? digits(pair.mean) : ""),
    el("td", { class: "number" }, typeof pair?.low === "number" ? `${digits(pair.low)} to ${digits(pair.high)}` : pair ? "needs two seeds in common" : ""),
    el("td", {}, typeof pair?.low === "number" && interval(pair, apart, group.label)),
  ];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, swatch(look(group.label)), ` ${group.label}`),
    el("td", {}, unit.name, el("small", {}, `seeds ${group.seeds.join(", ")}`)),
    el("td", { class: "number" }, told?.n ?? 0),
    el("td", { class: "number" }, told ? spread(told.mean, told.sd) : "–"),
    el("td", {}, scale && dots(points, told, scale, group.label)),
    difference,
  );
}

// Where numbers stand between the least and the greatest of them.
function scaled(values) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return null;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return { low, high, at: (value) => 8 + (high > low ? (value - low) / (high - low) : 0.5) * (WIDTH - 16) };
}

function picture(label, ...children) {
  return svg("svg", { class: "strip-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": label }, ...children);
}

function dots(points, told, scale, label) {
  const colour = `var(--run-${look(label).colour})`;
  const marks = points.map(({ value, seed }) => svg("circle", { cx: scale.at(value), cy: HEIGHT / 2, r: 5, fill: colour, "fill-opacity": 0.65, stroke: colour }, svg("title", {}, `seed ${seed}: ${value}`)));
  const mean = typeof told?.mean === "number" ? [line_(scale.at(told.mean), 3, scale.at(told.mean), HEIGHT - 3, "mean")] : [];
  return picture(`Values: ${points.map(({ value }) => number(value)).join(", ")}`, line_(8, HEIGHT / 2, WIDTH - 8, HEIGHT / 2, "rail"), marks, mean);
}

function interval(pair, scale, label) {
  const colour = `var(--run-${look(label).colour})`;
  const bar = line_(scale.at(pair.low), HEIGHT / 2, scale.at(pair.high), HEIGHT / 2, "interval");
  bar.style.stroke = colour;
  const zero = line_(scale.at(0), 2, scale.at(0), HEIGHT - 2, "zero");
  return picture(`From ${number(pair.low)} to ${number(pair.high)}`, zero, bar, svg("circle", { cx: scale.at(pair.mean), cy: HEIGHT / 2, r: 4.5, fill: colour }));
}

function line_(x1, y1, x2, y2, kind) {
  return svg("line", { x1, y1, x2, y2, class: kind });
}

function notes(data) {
  const told = [];
  for (const group of data.groups) {
    const left = group.runs.filter((id) => !group.counted.includes(id));
    if (left.length) told.push(`${group.label} without ${left.join(", ")}: not finished, or of a repeated seed.`);
    for (const note of group.notes) told.push(`${group.label}: ${note}.`);
    if (group.also_differ.length) told.push(`${group.label}: machines differ in ${group.also_differ.join(", ")}.`);
  }
  return told.length ? el("p", { class: "note" }, told.join(" ")) : null;
}
