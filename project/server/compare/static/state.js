// What the page shows, all of it kept in its address, so that a link shows the same.

const DEFAULTS = { runs: [], hide: [], x: "step", smooth: 0, log: false, filter: "", all: false, open: null, from: null, to: null };
const AXES = ["step", "epoch", "time"];

export const state = { ...DEFAULTS };

export function load() {
  const query = new URLSearchParams(location.search);
  const list = (name) => (query.get(name) ?? "").split(",").map((part) => part.trim()).filter(Boolean);
  const number = (name) => {
    const value = parseFloat(query.get(name));
    return Number.isFinite(value) ? value : null;
  };
  Object.assign(state, {
    runs: list("runs"),
    hide: list("hide"),
    x: AXES.includes(query.get("x")) ? query.get("x") : "step",
    smooth: Math.min(Math.max(number("smooth") ?? 0, 0), 0.99),
    log: query.get("log") === "1",
    filter: query.get("filter") ?? "",
    all: query.get("all") === "1",
    open: query.has("open") ? list("open") : null,
    from: number("from"),
    to: number("to"),
  });
}

export function update(changes) {
  Object.assign(state, changes);
  history.replaceState(null, "", address());
}

// The address of what is shown, or of that with changes.
export function address(changes = {}) {
  const wanted = { ...state, ...changes };
  const parts = [];
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = wanted[name];
    if (value === usual || value === null || (Array.isArray(value) && !value.length && name !== "open")) continue;
    const text = Array.isArray(value) ? value.map(encodeURIComponent).join(",") : encodeURIComponent(value === true ? 1 : value);
    parts.push(`${name}=${text}`);
  }
  return `compare${parts.length ? "?" : ""}${parts.join("&")}`;
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
