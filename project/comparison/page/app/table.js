// A table of facts side by side, in sections that open and close; by default only what differs.

import { el } from "./dom.js";
import { isOpen, setOpen, state, update } from "./state.js";

// Of a long section, so many rows are shown first.
const AT_FIRST = 25;
const WORDS = { flags: "Flags", code: "Code", data: "Data", model: "Model", environment: "Environment", run: "Run", result: "Result", results: "Results", tags: "Tags" };

export class Table {
  // `columns`: how many there are beside the names. Those who extend this have `head` and `bodies`.
  constructor(columns) {
    this.columns = columns;
    const all = el("input", { type: "checkbox", checked: this.all, onchange: () => this.toggle(all.checked) });
    this.filter = el("input", { type: "search", placeholder: "Filter names", "aria-label": "Filter the rows of the table", oninput: () => this.draw() });
    this.place = el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "All values" });
    this.root = el(
      "section",
      { "aria-labelledby": "differences" },
      el("div", { class: "heading" }, el("h2", { id: "differences" }, columns > 1 ? "All values that differ" : "All that is known"), this.filter, columns > 1 && el("label", { class: "check" }, all, "Show all")),
      this.place,
    );
  }

  get all() {
    return state.all || this.columns === 1;
  }

  // Whether long sections are shown to their ends.
  get whole() {
    return this.filter.value !== "" || this.all;
  }

  toggle(all) {
    update({ all });
    this.draw();
  }

  // After news; not under the hands of somebody who is in it.
  refresh() {
    if (!this.place.contains(document.activeElement) && !getSelection().toString()) this.draw();
  }

  draw() {
    const table = el("table", { class: "facts" }, this.head(), this.bodies().filter(Boolean));
    table.style.setProperty("--runs", this.columns);
    this.place.replaceChildren(table);
  }

  sameLine(name, same) {
    const text = `${title(name)}: ${same === 1 ? "one entry, the same" : `${same} entries, all the same`}`;
    return el("tbody", { class: "same" }, el("tr", {}, el("th", { colSpan: this.columns + 1 }, text)));
  }

  // Rows under a heading that opens and closes them; `usually` they are open.
  body(name, lines, usually, note = "", heading = title(name), extra = null, fold = false) {
    const open = this.filter.value !== "" || isOpen(name, usually);
    const button = el("button", { class: "section", "aria-expanded": String(open) }, heading, note && el("small", {}, note));
    const body = el("tbody", { "data-section": name, class: fold ? "fold" : "" }, el("tr", { class: "section" }, el("th", { colSpan: this.columns + 1, scope: "rowgroup" }, button, extra)), lines);
    let most = this.whole ? lines.length : AT_FIRST;
    const more = el("button", { class: "plain" }, `Show ${lines.length - most} more`);
    const rest = el("tr", {}, el("th", { colSpan: this.columns + 1 }, more));
    const show = (on) => {
      lines.forEach((line, i) => (line.hidden = !on || i >= most));
      rest.hidden = !on || lines.length <= most;
    };
    more.addEventListener("click", () => {
      most = lines.length;
      show(true);
    });
    body.append(rest);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-expanded") === "false";
      button.setAttribute("aria-expanded", String(on));
      show(on);
      setOpen(name, on);
    });
    show(open);
    return body;
  }

  // One row of texts, one for each column.
  fact({ name, differs, values }, shared = "the same") {
    const heading = el("th", { scope: "row" }, name);
    if (!differs && this.columns > 1) {
      const cell = el("td", { class: "shared", colSpan: this.columns }, text(values[0]), " ", el("small", {}, shared));
      return el("tr", {}, heading, cell);
    }
    return el("tr", { class: differs ? "differs" : "" }, heading, values.map((value) => el("td", {}, text(value))));
  }

  found(name) {
    return name.toLowerCase().includes(this.filter.value.toLowerCase());
  }
}

export function title(name) {
  return WORDS[name] ?? name;
}

export function slug(words) {
  return words.toLowerCase().replace(/\W+/g, "-");
}

export function text(value) {
  if (value === null) return el("span", { class: "none", title: "This run does not have it" }, "–");
  return el("span", { class: "value", title: value.length > 30 ? value : null }, value);
}
