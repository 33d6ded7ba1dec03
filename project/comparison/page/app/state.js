// What a page shows, all of it kept in its address, so that a link shows the same.

const AXES = ["step", "epoch", "time"];
const list = (text) => text.split(",").map(decode).filter(Boolean);
const truth = (text) => text === "1";
const text = (value) => decode(value);
const number = (value) => (Number.isFinite(parseFloat(value)) ? parseFloat(value) : null);
const share = (value) => Math.min(Math.max(number(value) ?? 0, 0), 0.99);
const axis = (value) => (AXES.includes(value) ? value : "step");
// Of each part of the address its usual value, and how it is read.
const PARTS = {
  runs: [[], list],
  hide: [[], list],
  each: [false, truth],
  x: ["step", axis],
  smooth: [0, share],
  log: [false, truth],
  filter: ["", text],
  all: [false, truth],
  open: [null, list],
  from: [null, number],
  to: [null, number],
  base: ["", text],
  by: ["", text],
  measure: ["", text],
  score: ["", text],
  axes: [null, list],
  colour: ["", text],
  full: [false, truth],
  pin: [[], list],
  sx: ["", text],
  sy: ["", text],
  sc: ["", text],
  slog: [null, list],
  search: ["", text],
  where: ["", text],
  sort: ["", text],
  columns: [[], list],
  seeds: [false, truth],
  deleted: [false, truth],
  debug: [false, truth],
  page: [1, (value) => Math.max(1, Math.trunc(number(value) ?? 1))],
  ticked: [[], list],
};
// A page in a file has no server that could answer a query, so it uses the part behind the #.
const inFile = document.documentElement.hasAttribute("data-file");

export const state = {};

// What is usual for one part of this page; an address that does not speak of it means this.
export function presume(name, value) {
  if (state[name] === PARTS[name][0]) state[name] = value;
  PARTS[name][0] = value;
}

export function load() {
  const query = (inFile ? location.hash : location.search).slice(1);
  const told = new Map(query.split("&").map((part) => part.split("=")).filter((pair) => pair.length === 2));
  for (const [name, [usual, read]] of Object.entries(PARTS)) state[name] = told.has(name) ? read(told.get(name)) : usual;
}

export function update(changes) {
  Object.assign(state, changes);
  history.replaceState(null, "", address());
}

// The address of what is shown, or of that with changes.
export function address(changes = {}) {
  const wanted = { ...state, ...changes };
  const parts = [];
  for (const [name, [usual]] of Object.entries(PARTS)) {
    const value = wanted[name];
    if (value === usual || value === null || (Array.isArray(value) && !value.length && usual !== null && !usual.length)) continue;
    const told = Array.isArray(value) ? value.map(encodeURIComponent).join(",") : encodeURIComponent(value === true ? 1 : value);
    parts.push(`${name}=${told}`);
  }
  return inFile ? `#${parts.join("&")}` : `compare${parts.length ? "?" : ""}${parts.join("&")}`;
}

// Sections that people opened or closed; until then each has its own default.
export function isOpen(name, usually) {
  const told = state.open?.find((entry) => entry === name || entry === `-${name}`);
  return told === undefined ? usually : told === name;
}

export function setOpen(name, open) {
  const others = (state.open ?? []).filter((entry) => entry !== name && entry !== `-${name}`);
  update({ open: [...others, open ? name : `-${name}`] });
}

// A link may have been cut or written by hand.
function decode(value) {
  try {
    return decodeURIComponent(value.replaceAll("+", " ")).trim();
  } catch {
    return "";
  }
}
