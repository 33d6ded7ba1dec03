// Images side by side: a row for each name, a column for each run; a series has a slider.

import { el, openDialog, swatch } from "./dom.js";
import { look } from "./palette.js";
import { source } from "./source.js";
import { isOpen, setOpen } from "./state.js";

// So many runs' images stand beside each other.
const MOST = 12;
// The samples themselves say most.
const FIRST = /examples|samples|predictions/;

// `runs` in the order in which they are shown, each with its `index` in the page's data.
export function showImages(root, { images }, runs) {
  const shown = runs.slice(0, MOST);
  const rows = images.map(({ name, runs: each }) => ({ name, runs: shown.map(({ index }) => each[index]) })).filter((row) => row.runs.some((own) => own.length));
  rows.sort((a, b) => FIRST.test(b.name) - FIRST.test(a.name));
  const groups = el("div", { class: "images" }, rows.map((row, i) => one(row, shown, i < 2)));
  const more = runs.length - shown.length;
  root.replaceChildren(el("div", { class: "heading" }, el("h2", { id: "images" }, "Images")), groups, more > 0 ? el("p", { class: "note" }, `Those of ${more} more runs have no room here: hide others above.`) : "");
}

function one(row, runs, usually) {
  const longest = Math.max(...row.runs.map((images) => images.length));
  const figures = runs.map((run, i) => figure(run, row, i, runs));
  const grid = el("div", { class: "figures" }, figures.map((f) => f.element));
  const show = (n) => figures.forEach((f) => f.show(n));
  const position = el("output", {}, `${longest} of ${longest}`);
  const slider = el("input", { type: "range", min: 1, max: longest, value: longest, "aria-label": `Image of ${row.name}`, oninput: () => {
    position.textContent = `${slider.value} of ${longest}`;
    show(Number(slider.value) - 1);
  } });
  const name = `image-${row.name}`;
  const details = el("details", { open: isOpen(name, usually), class: "group" }, el("summary", {}, row.name), longest > 1 && el("label", { class: "slider" }, slider, position), grid);
  details.addEventListener("toggle", () => details.open !== isOpen(name, usually) && setOpen(name, details.open));
  show(longest - 1);
  return details;
}

function figure(run, row, index, runs) {
  const images = row.runs[index];
  const caption = el("figcaption", {}, swatch(look(run.id)), run.name);
  const place = el("div", { class: "picture" });
  const element = el("figure", {}, caption, place);
  const show = (n) => {
    const image = images[Math.min(n, images.length - 1)];
    if (!image) return place.replaceChildren(el("span", { class: "none" }, "none"));
    const text = `${row.name} of ${run.name}`;
    const picture = el("img", { src: source.imageAddress(run.id, image.path), alt: text, loading: "lazy" });
    picture.addEventListener("error", () => place.replaceChildren(el("span", { class: "none" }, "can't be shown")));
    const note = [image.step === null ? "" : `step ${image.step}`, image.note].filter(Boolean).join(" · ");
    place.replaceChildren(el("button", { class: "picture", "aria-label": `Enlarge ${text}`, onclick: () => enlarge(row, runs, index, n) }, picture), note && el("small", {}, note));
  };
  return { element, show };
}

// One image large; the arrow keys go from run to run.
function enlarge(row, runs, index, n) {
  const image = row.runs[index][Math.min(n, row.runs[index].length - 1)];
  const picture = el("img", { class: "large", src: source.imageAddress(runs[index].id, image.path), alt: "" });
  const dialog = openDialog(`${row.name}: ${runs[index].name}`, picture);
  dialog.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    let next = index;
    do next = (next + step + runs.length) % runs.length;
    while (!row.runs[next].length);
    enlarge(row, runs, next, n);
  };
}
