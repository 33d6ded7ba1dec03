// How each run looks: one of seven colours that the colour-blind tell apart, each with a mark of its
// own, then also dashes. The colours themselves stand in page.css, for light and for dark.

export const COLOURS = 7;
const DASHES = [
  { dash: "solid", array: "none" },
  { dash: "dash", array: "6 4" },
  { dash: "dot", array: "2 3" },
];
// Outlines around 0, some 8 wide: circle, square, triangle, diamond, cross, triangle down, hexagon.
export const MARKS = [
  "M-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0z",
  "M-3.6,-3.6h7.2v7.2h-7.2z",
  "M0,-4.8L4.6,3.4H-4.6z",
  "M0,-5.2L4.4,0L0,5.2L-4.4,0z",
  "M-1.4,-4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z",
  "M0,4.8L4.6,-3.4H-4.6z",
  "M-4.4,0L-2.2,-3.9H2.2L4.4,0L2.2,3.9H-2.2z",
];
const looks = new Map();

// The look of a run; it keeps it as long as the page is open, also when others are removed.
export function look(id) {
  if (!looks.has(id)) {
    const n = looks.size;
    looks.set(id, { colour: n % COLOURS, ...DASHES[Math.floor(n / COLOURS) % DASHES.length] });
  }
  return looks.get(id);
}

// A look of one's own choice: `colour` and `dash` count from 0.
export function setLook(id, colour, dash) {
  looks.set(id, { colour: colour % COLOURS, ...DASHES[dash % DASHES.length] });
}

export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const paints = new Map();

// A colour of page.css as rgb(...), as it is now, or in "light" or "dark".
export function paint(name, scheme = isDark() ? "dark" : "light") {
  const key = `${scheme} ${name}`;
  if (!paints.has(key)) {
    const probe = document.createElement("i");
    probe.style.cssText = `display: none; color-scheme: ${scheme}; color: var(${name})`;
    document.body.append(probe);
    paints.set(key, getComputedStyle(probe).color);
    probe.remove();
  }
  return paints.get(key);
}

// A run's colour.
export function colour(id, scheme = undefined) {
  return paint(`--run-${look(id).colour}`, scheme);
}

// The colours of what is no run's.
export function inks(scheme = undefined) {
  return { text: paint("--text", scheme), quiet: paint("--quiet", scheme), grid: paint("--grid", scheme), ground: paint("--card", scheme) };
}

export function isDark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function onThemeChange(then) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}
