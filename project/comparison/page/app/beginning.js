// How a comparison looks at first: colours of runs and groups, and which of very many are shown.

import { COLOURS, look, setLook } from "./palette.js";
import { presume } from "./state.js";

// Of more runs, those with the best values have their curves shown at first.
const CURVES = 20;

// Before the address is read: of very many runs or groups, only some have their curves shown.
export function presumeHidden(data) {
  const items = data.units.length ? data.units : data.runs;
  if (items.length <= CURVES) return;
  const score = data.scores.find(({ name }) => name === data.primary);
  const value = (item) => {
    const own = data.dimensions.find(({ name }) => name === data.primary);
    const found = own && (data.units.length ? own.grouped : own.each)[items.indexOf(item)];
    return typeof found === "number" ? found : null;
  };
  const order = (a, b) => (a === null || b === null ? (a === null) - (b === null) : score?.better === "min" ? a - b : b - a);
  const best = [...items].sort((a, b) => order(value(a), value(b))).slice(0, CURVES);
  presume("hide", items.filter((item) => !best.includes(item)).map(({ id }) => id));
}

// Seeds of one group share a colour, and have dashes of their own as long as colours tell groups.
export function looks(data) {
  const plain = data.units.length <= COLOURS;
  data.units.forEach((unit, i) => {
    setLook(unit.id, i, Math.floor(i / COLOURS));
    unit.members.forEach((id, seed) => setLook(id, i, plain ? seed : Math.floor(i / COLOURS)));
  });
  data.runs.forEach((run) => look(run.id));
}
