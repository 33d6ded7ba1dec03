// The code's diffs: file by file, coloured, with what changed within a line.

import { el, swatch } from "./dom.js";
import { look } from "./palette.js";
import { isOpen, setOpen } from "./state.js";

// So many changed lines are open from the beginning, and of a file so many are shown first.
const OPEN = 300;
const MOST = 2000;

export function diffs(data) {
  const same = data.runs.length > 1 && !data.trees.includes(null);
  if (!data.diffs.length && !same) return null;
  const blocks = data.diffs.map((diff, i) => block(diff, i));
  const none = el("p", { class: "quiet" }, "Every file of the code is the same.");
  return el("section", { class: "code", "aria-labelledby": "code" }, el("div", { class: "heading" }, el("h2", { id: "code" }, "Code"), blocks.length > 0 && buttons()), blocks.length ? blocks : none);
}

function buttons() {
  const set = (event, open) => event.target.closest("section").querySelectorAll("details.file").forEach((file) => (file.open = open));
  return el("span", {}, el("button", { class: "plain", onclick: (event) => set(event, true) }, "Open all"), el("button", { class: "plain", onclick: (event) => set(event, false) }, "Close all"));
}

function block(diff, index) {
  const count = (key) => diff.files.reduce((sum, file) => sum + (file[key] ?? 0), 0);
  const title = el("h3", {}, ends(diff.from), " → ", ends(diff.to), " ", counts(count("added"), count("removed")));
  let room = OPEN;
  const files = diff.files.map((file) => {
    room -= (file.added ?? 0) + (file.removed ?? 0);
    return one(file, `diff-${index}-${file.name}`, room >= 0);
  });
  return el("div", { class: "diff" }, title, files);
}

function ends(labels) {
  return labels.map((label) => el("span", { class: "end" }, swatch(look(label)), label));
}

function counts(added, removed) {
  return el("span", { class: "counts" }, el("span", { class: "added" }, `+${added}`), " ", el("span", { class: "removed" }, `−${removed}`));
}

function one(file, id, usually) {
  const binary = file.added === null;
  const details = el("details", { class: "file", open: isOpen(id, usually) }, el("summary", {}, el("code", {}, file.name), " ", binary ? el("small", {}, "binary") : counts(file.added, file.removed)));
  const fill = () => details.open && details.childElementCount === 1 && details.append(...content(file));
  details.addEventListener("toggle", () => {
    if (details.open !== isOpen(id, usually)) setOpen(id, details.open);
    fill();
  });
  fill();
  return details;
}

function content(file) {
  if (file.text === null) return [el("p", { class: "quiet" }, "Left out: too long.")];
  const rows = lines(file.text);
  const table = el("table", { class: "lines" }, el("tbody", {}, rows.slice(0, MOST).map(row)));
  const more = el("button", { class: "plain", onclick: () => {
    table.tBodies[0].append(...rows.slice(MOST).map(row));
    more.remove();
  } }, `Show ${rows.length - MOST} more lines`);
  return [el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Lines that differ" }, table), ...(rows.length > MOST ? [more] : [])];
}

function row({ kind, before, after, text, parts }) {
  const sign = { added: "+", removed: "−" }[kind] ?? "";
  const shown = parts ? [parts[0], el("mark", {}, parts[1]), parts[2]] : text;
  return el("tr", { class: kind }, el("td", {}, before), el("td", {}, after), el("td", { class: "sign" }, sign), el("td", {}, shown));
}

// The lines of a file's diff, each of a kind, with its numbers before and after.
function lines(text) {
  const found = [];
  let [before, after] = [0, 0];
  let inside = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)/.exec(line);
    if (place) {
      [before, after] = [Number(place[1]), Number(place[2])];
      inside = true;
      found.push({ kind: "place", before: "", after: "", text: place[3].trim() });
    } else if (!inside) {
      // The name stands above; of the rest only what else happened to the file is news.
      if (!/^(diff |index |--- |\+\+\+ )/.test(line)) found.push({ kind: "told", before: "", after: "", text: line });
    } else if (line[0] === "+") found.push({ kind: "added", before: "", after: after++, text: line.slice(1) });
    else if (line[0] === "-") found.push({ kind: "removed", before: before++, after: "", text: line.slice(1) });
    else if (line[0] === "\\") found.push({ kind: "told", before: "", after: "", text: line.slice(2) });
    else found.push({ kind: "", before: before++, after: after++, text: line.slice(1) });
  }
  markWithin(found);
  return found;
}

// Of as many removed lines as added ones after them, the part that changed within each.
function markWithin(rows) {
  for (let i = 0; i < rows.length; ) {
    let middle = i;
    while (rows[middle]?.kind === "removed") middle++;
    let end = middle;
    while (rows[end]?.kind === "added") end++;
    if (middle > i && end - middle === middle - i) for (let k = i; k < middle; k++) pair(rows[k], rows[k + middle - i]);
    i = Math.max(end, i + 1);
  }
}

function pair(old, fresh) {
  const [a, b] = [old.text, fresh.text];
  const least = Math.min(a.length, b.length);
  let start = 0;
  while (start < least && a[start] === b[start]) start++;
  let end = 0;
  while (end < least - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  // Where little is the same, all of it changed.
  if (start + end < least / 3) return;
  for (const side of [old, fresh]) side.parts = [side.text.slice(0, start), side.text.slice(start, side.text.length - end), side.text.slice(side.text.length - end)];
}
