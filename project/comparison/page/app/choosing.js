// Dialogs of the list: which columns it has, and what a condition may say.

import { el, openDialog } from "./dom.js";
import { state, update } from "./state.js";

// `changed` is called after each tick.
export function chooseColumns(found, changed) {
  const chosen = state.columns.length ? [...state.columns] : found.columns.map(({ name }) => name);
  const place = el("div", { class: "choices" });
  const filter = el("input", { type: "search", "aria-label": "Filter the names", placeholder: "Filter names", oninput: () => draw() });
  const set = () => {
    update({ columns: chosen });
    changed();
  };
  const choice = (name) => {
    const box = el("input", { type: "checkbox", checked: chosen.includes(name) });
    box.addEventListener("change", () => {
      if (box.checked) chosen.push(name);
      else chosen.splice(chosen.indexOf(name), 1);
      set();
    });
    return el("label", { class: "check" }, box, name);
  };
  const draw = () => {
    const names = [...new Set([...chosen, ...found.names])].filter((name) => name.toLowerCase().includes(filter.value.toLowerCase()));
    place.replaceChildren(...names.map(choice));
  };
  const usual = el("button", { onclick: () => {
    update({ columns: [] });
    changed();
    dialog.close();
  } }, "The usual ones");
  draw();
  const dialog = openDialog("Columns", el("div", {}, el("div", { class: "tools" }, filter, usual), place), false);
}

const EXAMPLES = [
  ["val_accuracy > 0.9 and model == cnn", "a score and a flag"],
  ["0.001 <= learning_rate < 0.1 or not dirty", "both bounds; a truth by its name alone"],
  ["model in (cnn, mlp) and paper in tags", "one of several; one of a list, or a part of a text"],
  ["status == failed and age < 2d", "s, min, h and d are times"],
  ["run_id == 7h3k or sha == 3fa9", "ids by their ends, hashes by their beginnings"],
];

export function explain(found) {
  const names = found?.names.join(", ") ?? "";
  const lines = EXAMPLES.map(([text, what]) => el("tr", {}, el("td", {}, el("code", {}, text)), el("td", {}, what)));
  openDialog("What a condition may say", el("div", {}, el("p", {}, "As --where of python -m project.compare:"), el("table", {}, el("tbody", {}, lines)), el("h3", {}, "Names"), el("p", { class: "names" }, names)), true);
}
