// Scores of single classes side by side, and confusion matrices: of one run, or the difference of two.
// Reads `scores`, `confusion`, `groups`.

import { delta } from "./headline.js";
import { el, swatch } from "./dom.js";
import { number } from "./format.js";
import { look } from "./palette.js";
import { baseline } from "./scoring.js";
import { state, update } from "./state.js";

const MOST_COLUMNS = 8;
const MOST_CLASSES = 24; // of a matrix that is drawn; of more, the cells that differ most are listed
const LISTED = 15;

export function classes(data, items) {
  const measures = [...new Set(data.scores.filter(({ fold }) => fold === "single classes").map(({ stem }) => stem))];
  const matrices = items.filter((item) => matrix(data, item));
  if (!measures.length && !matrices.length) return null;
  const usual = ["test_recall", "test_iou", "val_recall", "val_iou"].find((name) => measures.includes(name)) ?? measures[0];
  const place = el("div", {});
  const draw = () => place.replaceChildren(perClass(data, items, measures.includes(state.measure) ? state.measure : usual));
  const choice = el("select", { "aria-label": "Score of each class", onchange: () => {
    update({ measure: choice.value });
    draw();
  } }, measures.map((name) => el("option", { value: name, selected: name === (state.measure || usual) }, name)));
  if (measures.length) draw();
  return el("section", { class: "classes", "aria-labelledby": "classes" }, el("div", { class: "heading" }, el("h2", { id: "classes" }, "Classes"), measures.length > 1 && choice), place, matrices.length > 0 && confusion(data, matrices));
}

// The value of one class: of a group the mean of the runs that count.
function value(data, item, score) {
  const ids = members(data, item);
  const values = ids.map((id) => score.values[data.runs.findIndex((run) => run.id === id)]).filter((one) => typeof one === "number");
  return values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : null;
}

function members(data, item) {
  if (!item.group) return [item.members?.[0] ?? item.id];
  const group = data.groups.find(({ label }) => label === item.id);
  return group.counted.length ? group.counted : group.runs;
}

function perClass(data, items, measure) {
  const scores = data.scores.filter(({ stem, fold }) => stem === measure && fold === "single classes");
  const base = baseline(items);
  const shown = [base, ...items.filter((item) => item !== base && !state.hide.includes(item.id))].slice(0, MOST_COLUMNS);
  const rows = scores.map((score) => {
    const values = shown.map((item) => value(data, item, score));
    return el("tr", {}, el("th", { scope: "row" }, score.name.slice(measure.length + 1)), values.map((one, i) => {
      const less = i && one !== null && values[0] !== null ? one - values[0] : null;
      const sign = !less || !score.better ? 0 : (less > 0) === (score.better === "max") ? 1 : -1;
      return el("td", { class: "number" }, el("span", { class: "value" }, number(one)), less !== null && delta({ mean: less, sign }));
    }));
  });
  const head = shown.map((item) => el("th", { scope: "col", class: "number", title: item.name }, swatch(look(item.id)), ` ${items.length > 1 ? item.id : measure}`));
  const more = items.length - shown.length;
  return el("div", {}, el("div", { class: `scroll${rows.length > 12 ? " tall" : ""}`, tabIndex: 0, role: "region", "aria-label": "Scores of each class" }, el("table", { class: "per-class" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Class"), head)), el("tbody", {}, rows))), more > 0 && el("p", { class: "note" }, `${more} more have no room here: choose another baseline, or hide some above.`));
}

// Counts by target and prediction; of a group the sum of its runs'. Null where a run has none.
function matrix(data, item) {
  const own = members(data, item).map((id) => data.confusion[id]).filter(Boolean);
  if (!own.length || own.some((one) => one.classes.join("\n") !== own[0].classes.join("\n"))) return null;
  const counts = own[0].counts.map((row, i) => row.map((_, j) => own.reduce((sum, one) => sum + one.counts[i][j], 0)));
  return { classes: own[0].classes, shares: counts.map((row) => shares(row)), counts };
}

function shares(row) {
  const all = row.reduce((sum, one) => sum + one, 0);
  return row.map((one) => (all ? one / all : 0));
}

function confusion(data, items) {
  const base = baseline(items);
  let [one, two] = [base, items.find((item) => item !== base) ?? null];
  const place = el("div", {});
  const draw = () => place.replaceChildren(two && two !== one ? apart(matrix(data, one), matrix(data, two)) : alone(matrix(data, one)));
  const choose = (index) => el("select", { "aria-label": index ? "Second confusion matrix" : "First confusion matrix", onchange: (event) => {
    const found = items.find(({ id }) => id === event.target.value) ?? null;
    if (index) two = found;
    else one = found;
    draw();
  } }, index ? el("option", { value: "" }, "alone") : null, items.map((item) => el("option", { value: item.id, selected: item === (index ? two : one) }, item.name)));
  draw();
  const heading = items.length > 1 ? el("p", { class: "choice" }, choose(0), " → ", choose(1)) : null;
  return el("details", { class: "group", open: items.length < 3 || undefined }, el("summary", {}, "Confusion matrix", items.length > 1 && el("small", {}, "what the second predicts more and less often")), heading, place);
}

function alone({ classes, counts, shares }) {
  if (classes.length > MOST_CLASSES) return listed(classes, shares.map((row, i) => row.map((one, j) => (i === j ? 0 : one))), "Most often taken for another");
  return grid(classes, (i, j) => ({ text: counts[i][j] || "", size: shares[i][j], kind: i === j ? "right" : "wrong" }));
}

function apart(one, two) {
  if (!one || !two || one.classes.join("\n") !== two.classes.join("\n")) return el("p", { class: "empty" }, "They have other classes.");
  const less = two.shares.map((row, i) => row.map((share, j) => share - one.shares[i][j]));
  if (less.flat().every((share) => !share)) return el("p", { class: "quiet" }, "Both predict each class as often.");
  if (one.classes.length > MOST_CLASSES) return listed(one.classes, less, "Where they differ most");
  const points = (share) => (Math.abs(share) < 0.0005 ? "" : `${share > 0 ? "+" : "−"}${(100 * Math.abs(share)).toFixed(1)}`);
  return el("div", {}, grid(one.classes, (i, j) => ({ text: points(less[i][j]), size: Math.min(1, 3 * Math.abs(less[i][j])), kind: (less[i][j] > 0) === (i === j) ? "right" : "wrong" })), el("p", { class: "note" }, "In points of per cent of the target class: green where the second is right more often, or wrong less often."));
}

function grid(classes, cell) {
  const head = el("tr", {}, el("td", {}, el("small", {}, "target ↓ predicted →")), classes.map((name) => el("th", { scope: "col", class: "number", title: name }, name)));
  const rows = classes.map((name, i) => el("tr", {}, el("th", { scope: "row" }, name), classes.map((other, j) => {
    const { text, size, kind } = cell(i, j);
    return el("td", { class: `number cell ${kind}`, style: { "--size": size.toFixed(3) }, title: `${name} predicted as ${other}` }, text);
  })));
  return el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Confusion matrix" }, el("table", { class: "confusion" }, el("thead", {}, head), el("tbody", {}, rows)));
}

function listed(classes, less, title) {
  const cells = less.flatMap((row, i) => row.map((share, j) => ({ i, j, share })));
  const most = cells.sort((a, b) => Math.abs(b.share) - Math.abs(a.share)).slice(0, LISTED).filter(({ share }) => share);
  return el("div", {}, el("p", { class: "quiet" }, title), el("ul", { class: "plain" }, most.map(({ i, j, share }) => el("li", {}, `${classes[i]} as ${classes[j]}: ${share > 0 ? "+" : "−"}${(100 * Math.abs(share)).toFixed(1)} %`))));
}
