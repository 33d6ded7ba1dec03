// A chart as a picture of its own: with a title, its axis and a legend, as SVG or PNG.

import { bars } from "./bars.js";
import { el, say, svg } from "./dom.js";
import { xName } from "./format.js";
import { marks } from "./marks.js";
import { colour, css, inks, look, MARKS } from "./palette.js";
import { figure, MANY, MARGIN } from "./plot.js";
import { lit } from "./pointing.js";
import { singles } from "./singles.js";
import { source } from "./source.js";
import { state } from "./state.js";

const WIDTH = 860;
const HEIGHT = 420;
const EDGE = 16;
const LINE = 20;
const SHARP = 2; // pixels of a PNG for each of the picture

// A menu of four: SVG and PNG, each on white and on dark ground.
export function pictureMenu(chart) {
  const kinds = [["svg", "light", "SVG, white"], ["svg", "dark", "SVG, dark"], ["png", "light", "PNG, white"], ["png", "dark", "PNG, dark"]];
  const menu = el("details", { class: "menu" }, el("summary", { class: "plain", "aria-label": `Save ${chart.metric.title} as a picture`, title: "Save as a picture" }, "⤓"), el("div", {}, kinds.map(([kind, scheme, text]) => el("button", { class: "plain", onclick: () => {
    menu.open = false;
    save(chart, kind, scheme).catch((error) => say(`No picture: ${error.message}`));
  } }, text))));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.firstChild.focus();
    event.preventDefault();
  });
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || (menu.open = false));
  return menu;
}

async function save(chart, kind, scheme) {
  const drawn = await picture(chart, scheme);
  const text = new XMLSerializer().serializeToString(drawn);
  const plain = new Blob([text], { type: "image/svg+xml" });
  const blob = kind === "svg" ? plain : await rastered(plain, drawn);
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: `${fileName(chart)}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// The metric's name and the runs', as far as a file's name has room.
export function fileName({ metric, shown }) {
  const safe = (text) => text.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "");
  const names = shown.map(({ run }) => safe(run.name)).filter(Boolean);
  const told = names.length > 3 ? [`${names.length}-runs`] : names;
  return [safe(metric.title) || "chart", ...told].join("_").slice(0, 120);
}

// An SVG element; in "light" or "dark" colours.
export async function picture(chart, scheme) {
  const ink = inks(scheme);
  const body = chart.alone ? barred(chart, scheme, ink) : await plotted(chart, scheme, ink);
  const legend = chart.alone ? { rows: [], height: 0 } : listed(chart, scheme, ink);
  const notes = [...chart.note.childNodes].map((node) => (node.firstChild?.textContent ?? node.textContent).trim()).filter(Boolean);
  const lines = wrapped(notes.join(" "), WIDTH - 2 * EDGE, 11);
  const top = EDGE + 26;
  const bottom = top + body.height + 6;
  const end = bottom + legend.height;
  const height = end + lines.length * 15 + EDGE;
  return svg("svg", { xmlns: "http://www.w3.org/2000/svg", width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": css("--font"), "font-size": 12 },
    svg("title", {}, chart.metric.title),
    svg("rect", { width: WIDTH, height, fill: ink.ground }),
    svg("text", { x: EDGE, y: EDGE + 14, "font-size": 16, "font-weight": 600, fill: ink.text }, chart.metric.title),
    svg("text", { x: WIDTH - EDGE, y: EDGE + 14, "text-anchor": "end", fill: ink.quiet }, about(chart)),
    svg("g", { transform: `translate(0 ${top})` }, body.drawn),
    svg("g", { transform: `translate(${EDGE} ${bottom})` }, legend.rows),
    lines.map((line, i) => svg("text", { x: EDGE, y: end + 11 + i * 15, "font-size": 11, fill: ink.quiet }, line)));
}

function about({ alone }) {
  return alone ? "" : [`by ${xName(state.x).toLowerCase()}`, state.smooth > 0 && `smoothed ${state.smooth}`, state.log && "log scale"].filter(Boolean).join(", ");
}

function barred(chart, scheme, ink) {
  const rows = singles(chart).map((row) => ({ ...row, fill: colour(row.id, scheme) }));
  const { drawn, height } = bars(rows, WIDTH - 2 * EDGE, ink, chart.metric.better, state.full);
  drawn.setAttribute("x", EDGE);
  return { drawn, height };
}

async function plotted(chart, scheme, ink) {
  const Plotly = await source.library();
  const size = { width: WIDTH, height: HEIGHT };
  const { data, layout } = figure(chart.shown, chart.range.shown, scheme);
  const text = await Plotly.toImage({ data, layout: { ...layout, ...size } }, { format: "svg", ...size, imageDataOnly: true });
  const lines = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const place = placed(layout, ink);
  const over = svg("svg", { x: MARGIN.l, y: MARGIN.t, width: place.width, height: place.height }, marks(chart.shown, place, (id) => colour(id, scheme), new Set()));
  return { drawn: [document.importNode(lines, true), over], height: HEIGHT };
}

// Where values are in the picture, as `Chart.pixels` says it of the page.
function placed({ xaxis, yaxis }, ink) {
  const [width, height] = [WIDTH - MARGIN.l - MARGIN.r, HEIGHT - MARGIN.t - MARGIN.b];
  const share = (value, [low, high]) => (value - low) / (high - low);
  const size = yaxis.type === "log" ? Math.log10 : (y) => y;
  return {
    width, height, ground: ink.ground,
    x: (x) => share(x, xaxis.range) * width,
    back: (at) => xaxis.range[0] + (at / width) * (xaxis.range[1] - xaxis.range[0]),
    y: (y) => (y === null || (yaxis.type === "log" && y <= 0) ? null : (1 - share(size(y), yaxis.range)) * height),
  };
}

// Who is who; of very many runs, those that stand out.
function listed({ shown }, scheme, ink) {
  const standing = lit();
  const told = shown.length > MANY ? shown.filter(({ run }) => standing.has(run.id)) : shown;
  const rest = shown.length - told.length;
  const room = WIDTH - 2 * EDGE;
  let [x, y] = [0, 0];
  const rows = [...told.map(({ run }) => [run.name, run.id]), ...(rest ? [[`${told.length ? "and " : ""}${rest} runs`, null]] : [])].map(([name, id]) => {
    const [text] = cut(name, room - 34, 12);
    const wide = measure(text, 12) + 34 + 14;
    if (x && x + wide > room) [x, y] = [0, y + LINE];
    const drawn = svg("g", { transform: `translate(${x} ${y})` }, id === null ? [] : swatched(id, scheme, ink), svg("text", { x: id === null ? 0 : 34, y: 14, fill: ink.text }, text));
    x += wide;
    return drawn;
  });
  return { rows, height: y + LINE + 6 };
}

function swatched(id, scheme, ink) {
  const style = look(id);
  const fill = colour(id, scheme);
  return [svg("line", { x1: 0, x2: 28, y1: 10, y2: 10, stroke: fill, "stroke-width": 3, "stroke-dasharray": style.array }), svg("path", { d: MARKS[style.colour], transform: "translate(14 10)", fill, stroke: ink.ground })];
}

let pen = null;

function measure(text, size) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `${size}px ${css("--font")}`;
  return pen.measureText(text).width;
}

// As many letters as there is room for, and the rest.
function cut(text, room, size) {
  if (measure(text, size) <= room) return [text, ""];
  let n = text.length;
  while (n > 1 && measure(`${text.slice(0, n)}…`, size) > room) n--;
  return [`${text.slice(0, n)}…`, text.slice(n)];
}

function wrapped(text, room, size) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length && measure(longer, size) <= room) lines[lines.length - 1] = longer;
    else lines.push(cut(word, room, size)[0]);
  }
  return lines;
}

async function rastered(blob, drawn) {
  const address = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const [width, height] = ["width", "height"].map((name) => SHARP * Number(drawn.getAttribute(name)));
    const canvas = el("canvas", { width, height });
    canvas.getContext("2d").drawImage(image, 0, 0, width, height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}
