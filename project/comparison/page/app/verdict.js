// What the comparison comes to, in sentences, and what was changed between its runs in one line.
// Reads `against`, `verdicts`, `rows`, `diffs`.

import { el } from "./dom.js";
import { baseline, verdicts } from "./scoring.js";

const AT_FIRST = 3;
// What of the data follows from the seed, which draws the splits.
const OF_THE_SEED = /^(hash|hashes\..*|mean|std)$/;

// The sentences with the present baseline.
export function verdictLines(data, items, grouped) {
  const base = baseline(grouped || !data.units.length ? items : data.units);
  const told = [...verdicts(data, base)].sort((a, b) => rank(a, base) - rank(b, base));
  const lines = told.map((text) => el("p", { class: `verdict ${kind(text)}` }, text));
  const rest = lines.slice(AT_FIRST);
  return el("div", { class: "verdicts", "aria-live": "polite" }, lines.slice(0, AT_FIRST), rest.length > 0 && el("details", { class: "plain" }, el("summary", {}, `${rest.length} more`), rest));
}

// What is better than the baseline comes first, then what may be, then what is worse.
function rank(text, base) {
  const better = /(\S+) is better$/.exec(text);
  if (better) return better[1] === base.id ? 2 : 0;
  return kind(text) === "same" && !/ comparisons with /.test(text) ? 1 : 3;
}

function kind(text) {
  if (/ is better$/.test(text)) return "shown";
  return text.includes("can't tell") || text.includes("nothing to judge") ? "open" : "same";
}

// What differs besides the scores; each part leads to where it stands. `go` opens a section.
export function changes(data, items, grouped, go) {
  if (items.length < 2) return null;
  const cells = (row) => (grouped ? row.grouped : row.each);
  const own = (row) => grouped && ((row.section === "flags" && row.name === "seed") || (row.section === "data" && OF_THE_SEED.test(row.name)));
  const differ = (section) => data.rows.filter((row) => row.section === section && row.differs && !own(row) && new Set(cells(row).map((cell) => JSON.stringify(cell))).size > 1);
  const files = new Set(data.diffs.flatMap((diff) => diff.files.map((file) => file.name)));
  const sum = (key) => data.diffs.reduce((all, diff) => all + diff.files.reduce((some, file) => some + (file[key] ?? 0), 0), 0);
  const flags = differ("flags").map((row) => row.name);
  const parts = [
    ["flags", flags.length ? `${flags.length} flag${flags.length > 1 ? "s" : ""}: ${flags.slice(0, 4).join(", ")}${flags.length > 4 ? ", …" : ""}` : ""],
    ["code", files.size ? `code: ${files.size} file${files.size > 1 ? "s" : ""}, +${sum("added")} −${sum("removed")}` : ""],
    ["data", differ("data").length ? `data: ${differ("data").length} values` : ""],
    ["environment", differ("environment").length ? `environment: ${differ("environment").length} values` : ""],
  ].filter(([, text]) => text);
  const none = "nothing but the seed";
  return el("p", { class: "changes" }, el("span", { class: "quiet" }, "Changed between them: "), parts.length ? parts.map(([name, text], i) => [i > 0 && " · ", el("button", { class: "plain", onclick: () => go(name) }, text)]) : none);
}
