// How each run looks: one of seven colours that the colour-blind tell apart, then also dashes.
// The colours themselves stand in page.css, for light and for dark.

export const COLOURS = 7;
const DASHES = [
  { dash: "solid", array: "none" },
  { dash: "dash", array: "6 4" },
  { dash: "dot", array: "2 3" },
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

export function colour(id) {
  return css(`--run-${look(id).colour}`);
}

export function onThemeChange(then) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}
