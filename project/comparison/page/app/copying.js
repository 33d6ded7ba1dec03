// A table to take along: as CSV for programs, as LaTeX (with booktabs) for papers.

import { el, openDialog, say } from "./dom.js";

// Buttons for a table's heading. `table` gives what is to be copied, when it is: `head`, texts, and
// `rows` of cells, each a `text`, and of a number its `value`, of a group's mean its `sd`, and
// whether it is the `best`; the first cell of a row is its name.
export function copyButtons(table) {
  const button = (kind, write) => el("button", { class: "plain", title: `Copy this table as ${kind}`, onclick: () => copy(write(table()), kind) }, kind);
  return el("span", { class: "copying" }, el("span", { class: "quiet" }, "Copy as"), button("CSV", csv), button("LaTeX", latex));
}

async function copy(text, kind) {
  try {
    await navigator.clipboard.writeText(text);
    say(`The table is copied as ${kind}`);
  } catch {
    // Without HTTPS a browser lets no page write there.
    const area = el("textarea", { class: "copied", readOnly: true, value: text, rows: 16, "aria-label": `The table as ${kind}` });
    openDialog(`The table as ${kind}`, area);
    area.select();
  }
}

// Numbers with all their digits; the spread of means has columns of its own.
export function csv({ head, rows }) {
  const spread = head.map((_, i) => rows.some((row) => typeof row[i]?.sd === "number"));
  const titles = head.flatMap((text, i) => (spread[i] ? [text, `${text} (sd)`] : [text]));
  const lines = rows.map((row) => row.flatMap((cell, i) => (spread[i] ? [plain(cell), cell?.sd ?? ""] : [plain(cell)])));
  return [titles, ...lines].map((line) => line.map(quoted).join(",") + "\r\n").join("");
}

function plain(cell) {
  return cell === null || cell === undefined ? "" : cell.value ?? cell.text;
}

function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function latex({ head, rows }) {
  const numeric = head.map((_, i) => i > 0 && rows.some((row) => typeof row[i]?.value === "number"));
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  return [
    "% \\usepackage{booktabs}",
    `\\begin{tabular}{${numeric.map((is) => (is ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(head.map(escaped)),
    "\\midrule",
    ...rows.map((row) => line(row.map(told))),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

function told(cell) {
  if (cell === null || cell === undefined) return "--";
  const text = /^[-−+]?[\d.]+(e[-+−]?\d+)?( ± [\d.]+(e[-+−]?\d+)?)?$/.test(cell.text) ? `$${numeral(cell.text)}$` : escaped(cell.text);
  return cell.best ? (text.startsWith("$") ? `$\\mathbf{${text.slice(1, -1)}}$` : `\\textbf{${text}}`) : text;
}

function numeral(text) {
  return text.replaceAll("−", "-").replace(/e\+?(-?\d+)/g, " \\cdot 10^{$1}").replace(" ± ", " \\pm ");
}

const SPECIAL = { "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", "±": "$\\pm$", "−": "$-$", "…": "\\ldots{}", "–": "--", "·": "$\\cdot$", "→": "$\\rightarrow$" };

export function escaped(text) {
  return String(text).replace(/[\\{}~^<>|±−…–·→]|[#$%&_]/g, (letter) => SPECIAL[letter] ?? `\\${letter}`).replace(/\s+/g, " ");
}
