// The table of the latest runs, sorted by any column and filtered by words.

import { el, status } from "./dom.js";

export function listing({ names, rows, notes }) {
  let by = null;
  let falling = false;
  const filter = el("input", { type: "search", id: "runs-filter", placeholder: "Filter runs", "aria-label": "Filter runs", oninput: () => draw() });
  const heads = names.map((name, i) => el("button", { class: "plain", onclick: () => sort(i) }, name));
  const head = names.map((name, i) => el("th", { scope: "col", class: numeric(rows, i) ? "number" : "" }, heads[i]));
  const body = el("tbody", {});
  const sort = (i) => {
    falling = by === i ? !falling : false;
    by = i;
    head.forEach((cell, k) => cell.setAttribute("aria-sort", k !== by ? "none" : falling ? "descending" : "ascending"));
    draw();
  };
  const draw = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter((row) => words.every((word) => row.texts.join(" ").toLowerCase().includes(word)));
    if (by !== null) found.sort((a, b) => compare(a.values[by], b.values[by], falling));
    body.replaceChildren(...found.map((row) => line(row, names, rows)));
  };
  draw();
  return el(
    "section",
    { "aria-labelledby": "listing" },
    el("div", { class: "heading" }, el("h2", { id: "listing" }, "Latest runs"), filter),
    el("div", { class: "scroll tall" }, el("table", { class: "latest" }, el("thead", {}, el("tr", {}, head)), body)),
    notes.map((note) => el("p", { class: "note" }, note)),
  );
}

function numeric(rows, i) {
  return rows.some(({ values }) => typeof values[i] === "number");
}

// What has no value comes last, either way.
function compare(a, b, falling) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return falling ? -order : order;
}

function line({ texts, values }, names, rows) {
  return el("tr", {}, texts.map((text, i) => {
    const shown = names[i] === "status" ? status({ status: text }) : text;
    if (i === 0) return el("th", { scope: "row" }, shown);
    return el("td", { class: numeric(rows, i) ? "number" : "", title: values[i] === null ? null : String(values[i]) }, shown);
  }));
}
