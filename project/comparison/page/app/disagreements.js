// The test samples that one run gets right and another wrong. Reads `disagreements` and `runs`.

import { el, swatch } from "./dom.js";
import { look } from "./palette.js";

export function disagreements({ disagreements: pairs, runs }) {
  const place = el("div", {});
  const draw = (i) => place.replaceChildren(...pair(pairs[i], runs));
  const choice = el("select", { id: "pair", "aria-label": "Runs", onchange: () => draw(Number(choice.value)) }, pairs.map(({ first, second }, i) => el("option", { value: i }, `${first} and ${second}`)));
  draw(0);
  return el("section", { "aria-labelledby": "samples" }, el("div", { class: "heading" }, el("h2", { id: "samples" }, "Samples that divide them"), pairs.length > 1 && choice), place);
}

function pair(found, runs) {
  const sides = ["first", "second"].map((side, i) => ({ side, id: runs[found.runs[i]].id, name: found[side] }));
  const left = found.first_alone + found.second_alone - found.samples.length;
  return [
    el("p", {}, found.sentence),
    el("div", { class: "samples" }, found.samples.map((sample) => figure(sample, sides))),
    left > 0 ? el("p", { class: "note" }, `${left} more: project.compare --samples --all names them`) : "",
  ];
}

function figure(sample, sides) {
  const name = sample.path ?? `sample ${sample.index}`;
  const picture = sample.picture ? el("img", { src: sample.picture, alt: name, loading: "lazy" }) : el("span", { class: "none" }, "no picture");
  const said = sides.map(({ side, id, name }) => el("div", { class: sample[side].right ? "right" : "" }, swatch(look(id)), ` ${name} `, told(sample[side])));
  return el("figure", {}, el("div", { class: "picture" }, picture), el("figcaption", {}, el("b", { title: name }, name), sample.target !== undefined && el("div", {}, `true: ${sample.target}`), said));
}

function told({ iou, prediction, prob, distance, right }) {
  if (iou !== undefined) return `IoU ${iou.toFixed(3)}`;
  return `${prediction} (${(prob ?? distance).toFixed(2)})${right ? " ✓" : ""}`;
}
