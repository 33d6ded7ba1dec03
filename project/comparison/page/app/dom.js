// Elements of the page. Text is only ever set as text, never read as markup.

import { MARKS } from "./palette.js";

export function el(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat(3));
  return element;
}

// A short line in a run's colour and dashes, with its mark, as its curves have them.
export function swatch(look) {
  const line = svg("line", { x1: 1, y1: 5, x2: 25, y2: 5, "stroke-width": 3, "stroke-dasharray": look.array });
  const mark = svg("path", { d: MARKS[look.colour], transform: "translate(13 5)", stroke: "var(--card)" });
  line.style.stroke = mark.style.fill = `var(--run-${look.colour})`;
  return svg("svg", { class: "swatch", viewBox: "0 0 26 10", "aria-hidden": "true" }, line, mark);
}

export function status(run) {
  return el("span", { class: `status ${run.status}` }, run.status);
}

let timer = 0;

// Tell something in passing, also to those who listen to the page.
export function say(text) {
  const message = document.getElementById("message");
  message.textContent = text;
  message.className = text ? "shown" : "";
  clearTimeout(timer);
  timer = setTimeout(() => (message.className = ""), 6000);
}

// Show something over the page; `Escape` closes it.
export function openDialog(title, content, wide = true) {
  const dialog = document.getElementById("dialog");
  const close = el("button", { class: "plain", onclick: () => dialog.close(), "aria-label": "Close" }, "✕");
  dialog.className = wide ? "wide" : "";
  dialog.replaceChildren(el("header", {}, el("h2", { id: "dialog-title" }, title), close), content);
  // Without a value: a false one would undo what a click within does by itself.
  dialog.onclick = (event) => void (event.target === dialog && dialog.close());
  if (!dialog.open) dialog.showModal();
  return dialog;
}
