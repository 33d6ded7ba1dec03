// Drawing with Plotly: lines and axes alone. It is given no names, only numbers and colours.

import { colour, css, look, paint } from "./palette.js";
import { smooth } from "./smooth.js";
import { source } from "./source.js";
import { state } from "./state.js";
import { decades, times } from "./ticks.js";

const COMMON = { type: "scatter", hoverinfo: "skip", showlegend: false, mode: "lines" };
// Of more runs than this only a few have their colours: the others are a faint crowd behind them.
export const MANY = 21;
// Lines of more points than this are thin, too, unless they are smoothed.
export const LONG = 300;
export const MARGIN = { l: 52, r: 12, t: 10, b: 26 };

// What is drawn of a curve: the line that is looked at, and the raw one behind it.
export function lines(curve) {
  const base = curve.mean && state.smooth > 0 ? curve.mean : curve;
  const band = curve.low && { low: smooth(curve.low, state.smooth), high: smooth(curve.high, state.smooth) };
  return { x: base.x, y: smooth(base.y, state.smooth), raw: state.smooth > 0 && !band ? curve : null, band };
}

// Lines of one colour and one kind of dashes are one trace: some hundred are drawn at once.
function traces(shown, scheme) {
  const many = shown.length > MANY;
  const crowd = shown.filter(({ chief }) => !chief);
  const styles = Map.groupBy(shown.filter(({ chief }) => chief), ({ run }) => `${look(run.id).colour} ${look(run.id).dash}`);
  const behind = crowd.length ? [{ ...COMMON, ...joined(crowd.map(({ line }) => line)), opacity: 0.3, line: { color: paint("--quiet", scheme), width: 1 } }] : [];
  const front = [];
  for (const alike of styles.values()) {
    const { id } = alike[0].run;
    const style = { color: colour(id, scheme), dash: look(id).dash };
    const bands = alike.filter(({ line }) => line.band);
    if (bands.length && !many) behind.push({ ...COMMON, ...joined(bands.map(({ line }) => around(line))), line: { width: 0 }, fill: "toself", fillcolor: style.color, opacity: 0.16 });
    const raw = alike.filter(({ line }) => line.raw);
    if (raw.length && !many) behind.push({ ...COMMON, ...joined(raw.map(({ line }) => line.raw)), opacity: 0.25, line: { ...style, dash: "solid", width: 1 } });
    const width = alike.some(({ line }) => line.x.length > LONG && !line.raw && !line.band) ? 1.2 : 2;
    front.push({ ...COMMON, ...joined(alike.map(({ line }) => line)), line: { ...style, width } });
  }
  return [...behind, ...front];
}

function around({ x, band }) {
  return { x: [...x, ...x.toReversed()], y: [...band.high, ...band.low.toReversed()] };
}

function joined(all) {
  if (all.length === 1) return { x: all[0].x, y: all[0].y };
  return { x: all.flatMap(({ x }) => [...x, null]), y: all.flatMap(({ y }) => [...y, null]) };
}

// `range` is that of the values; on a logarithmic axis they are above 0.
function layout(shown, range, scheme) {
  const axis = { gridcolor: paint("--grid", scheme), zeroline: false, linecolor: paint("--line", scheme), tickfont: { color: paint("--quiet", scheme), size: 11 }, automargin: false };
  const [first, last] = reach(shown);
  const log = state.log && range[0] > 0;
  return {
    margin: MARGIN,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), color: paint("--text", scheme) },
    hovermode: false,
    dragmode: "zoom",
    showlegend: false,
    xaxis: { ...axis, range: [first, last], autorange: false, ...(state.x === "time" ? times(Math.max(first, 0), last) : {}), nticks: 6 },
    yaxis: { ...axis, range: log ? range.map(Math.log10) : range, autorange: false, type: log ? "log" : "linear", nticks: 6, exponentformat: Math.abs(range[1]) >= 1e5 ? "SI" : "e", ...(log ? decades(...range) : {}) },
  };
}

// From where to where x goes: all that is known, unless one has zoomed.
function reach(shown) {
  if (state.from !== null) return [state.from, state.to];
  const xs = shown.flatMap(({ curve, line }) => [curve.x[0], curve.x.at(-1), line.x[0], line.x.at(-1), curve.odd[0]?.[0], curve.odd.at(-1)?.[0]]).filter((x) => x !== undefined);
  if (!xs.length) return [0, 1];
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const room = last > first ? (last - first) / 60 : Math.max(Math.abs(last), 1) / 2;
  return [first - room, last + room];
}

// What Plotly draws, in the page's colours or in those of "light" or "dark".
export function figure(shown, range, scheme = undefined) {
  return { data: traces(shown, scheme), layout: layout(shown, range, scheme) };
}

export async function draw(place, shown, range) {
  const Plotly = await source.library();
  const config = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false, showTips: false };
  const { data, layout: wanted } = figure(shown, range);
  const size = { width: place.clientWidth, height: place.clientHeight };
  if (size.width && size.height) await Plotly.react(place, data, { ...wanted, ...size }, config);
}

export function purge(place) {
  window.Plotly?.purge(place);
}
