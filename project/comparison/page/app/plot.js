// Drawing with Plotly: lines and axes alone. It is given no names, only numbers and colours.

import { number } from "./format.js";
import { colour, css, look } from "./palette.js";
import { smooth } from "./smooth.js";
import { source } from "./source.js";
import { state } from "./state.js";

// What is drawn of a curve: the line that is looked at, and the raw one behind it.
export function lines(curve) {
  const base = curve.mean && state.smooth > 0 ? curve.mean : curve;
  const band = curve.low && { low: smooth(curve.low, state.smooth), high: smooth(curve.high, state.smooth) };
  return { x: base.x, y: smooth(base.y, state.smooth), raw: state.smooth > 0 && !band ? curve : null, band };
}

function traces(shown) {
  const behind = [];
  const front = [];
  for (const { run, curve, line } of shown) {
    const style = { color: colour(run.id), dash: look(run.id).dash };
    const common = { type: "scatter", hoverinfo: "skip", showlegend: false };
    const alone = curve.x.length < 2;
    const mode = curve.x.length <= 12 ? "lines+markers" : "lines";
    if (line.band) behind.push({ ...common, x: [...line.x, ...line.x.toReversed()], y: [...line.band.high, ...line.band.low.toReversed()], mode: "lines", line: { width: 0 }, fill: "toself", fillcolor: style.color, opacity: 0.16 });
    if (line.raw) behind.push({ ...common, x: line.raw.x, y: line.raw.y, mode: "lines", opacity: 0.25, line: { ...style, dash: "solid", width: 1 } });
    front.push({ ...common, x: line.x, y: line.y, mode: alone ? "markers" : mode, line: { ...style, width: curve.mean && !line.raw && !line.band ? 1 : 2 }, marker: { color: style.color, size: alone ? 8 : 5 } });
  }
  return [...behind, ...front];
}

function odd(shown) {
  return shown.flatMap(({ run, curve }) =>
    curve.odd.slice(0, 20).map(([x]) => ({ type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color: colour(run.id), width: 1, dash: "dot" } })),
  );
}

function layout(shown) {
  const axis = { gridcolor: css("--grid"), zeroline: false, linecolor: css("--line"), tickfont: { color: css("--quiet"), size: 11 }, automargin: false };
  const range = state.from === null ? {} : { range: [state.from, state.to] };
  return {
    margin: { l: 48, r: 8, t: 6, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), color: css("--text") },
    hovermode: false,
    dragmode: "zoom",
    showlegend: false,
    shapes: odd(shown),
    xaxis: { ...axis, ...range, autorange: state.from === null, ...ticks(shown), nticks: 6 },
    yaxis: { ...axis, fixedrange: true, type: state.log ? "log" : "linear", nticks: 6, exponentformat: large(shown) ? "SI" : "e", ...(state.log ? decades(shown) : {}) },
  };
}

// Thousands are read more easily than powers of ten.
function large(shown) {
  return shown.some(({ curve }) => curve.y.some((y) => Math.abs(y) >= 1e5));
}

// Of a logarithmic axis: 1, 2 and 5, or over many decades powers of ten, with all their digits.
function decades(shown) {
  let [low, high] = [Infinity, 0];
  for (const y of shown.flatMap(({ line, curve }) => [...line.y, ...curve.y])) {
    if (y > 0) [low, high] = [Math.min(low, y), Math.max(high, y)];
  }
  if (!high) return {};
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = Math.log10(high / low) < 2.2 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil((last - first) / 6));
  const values = [];
  for (let power = first; power <= last; power += stride) values.push(...factors.map((factor) => factor * 10 ** power));
  return { tickmode: "array", tickvals: values, ticktext: values.map((v) => number(Number(v.toPrecision(2)), 1)) };
}

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

// Seconds as people read them.
function ticks(shown) {
  if (state.x !== "time") return {};
  const last = state.to ?? Math.max(...shown.map(({ curve }) => curve.x.at(-1) ?? 0));
  const first = state.from ?? Math.min(...shown.map(({ curve }) => curve.x[0] ?? 0));
  const [unit, name] = UNITS.find(([size]) => last >= 2 * size) ?? [1, "s"];
  const step = nice((last - first) / unit / 5) * unit;
  if (!(step > 0)) return {};
  const values = Array.from({ length: 8 }, (_, i) => Math.ceil(first / step + i) * step).filter((v) => v <= last);
  return { tickmode: "array", tickvals: values, ticktext: values.map((v) => (v ? `${Number((v / unit).toPrecision(3))} ${name}` : "0")) };
}

function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((n) => n * power >= value) * power;
}

export async function draw(place, shown) {
  const Plotly = await source.library();
  const config = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false, showTips: false };
  await Plotly.react(place, traces(shown), layout(shown), config);
}

export function purge(place) {
  window.Plotly?.purge(place);
}
