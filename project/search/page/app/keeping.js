// What a person takes along: a chart as SVG, and what it shows as CSV.

import { csv } from "../../../comparison/page/app/copying.js";
import { el, svg } from "../../../comparison/page/app/dom.js";
import { css, inks } from "../../../comparison/page/app/palette.js";

const TITLE = 34;

// Buttons for a chart's heading. `picture` gives an SVG element in "light" or "dark" colours, `table`
// what is written as CSV.
export function savers(title, picture, table) {
  const name = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "chart";
  const button = (text, about, then) => el("button", { class: "plain", "aria-label": `${about}: ${title}`, title: about, onclick: then }, text);
  return el("span", { class: "copying" },
    button("SVG", "Save on white as SVG", () => save(`${name}.svg`, "image/svg+xml", titled(title, picture("light"), "light"))),
    button("dark", "Save on dark as SVG", () => save(`${name}.svg`, "image/svg+xml", titled(title, picture("dark"), "dark"))),
    button("CSV", "Save as CSV", () => save(`${name}.csv`, "text/csv", csv(table()))));
}

export function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// The drawing on a ground, with its title above.
function titled(title, drawing, scheme) {
  const [width, height] = ["width", "height"].map((side) => Number(drawing.getAttribute(side)));
  const ink = inks(scheme);
  drawing.setAttribute("y", TITLE);
  const whole = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: height + TITLE, viewBox: `0 0 ${width} ${height + TITLE}`, "font-family": css("--font"), "font-size": 12 },
    svg("title", {}, title),
    svg("rect", { width, height: height + TITLE, fill: ink.ground }),
    svg("text", { x: 16, y: 22, "font-size": 16, "font-weight": 600, fill: ink.text }, title),
    drawing);
  return new XMLSerializer().serializeToString(whole);
}
