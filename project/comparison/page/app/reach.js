// From where to where the values of a chart go, as it shows them.

import { fitting } from "./range.js";
import { state } from "./state.js";

// `shown`: the two ends, with some room beyond; `cut`: whether something could be left out.
export function reach({ shown, metric, zoomedTo }) {
  const found = fitting(shown.map(sizes), metric.better, state.log);
  const known = found.least <= found.greatest;
  const ends = state.full ? [found.least, found.greatest] : [found.low, found.high];
  return { cut: known && found.cut, shown: zoomedTo ?? (known ? roomy(ends) : state.log ? [0.1, 1] : [0, 1]) };
}

// All that is drawn of a run; of a logarithmic axis the logarithms.
function sizes({ curve, line }) {
  const drawn = [line.y, line.raw ? curve.y : [], line.band?.low ?? [], line.band?.high ?? []].flat();
  return state.log ? drawn.filter((y) => y > 0).map(Math.log10) : drawn.filter(Number.isFinite);
}

function roomy([low, high]) {
  const room = (high > low ? high - low : Math.abs(high) || 1) * 0.05;
  const ends = [low - room, high + room];
  return state.log ? ends.map((size) => 10 ** size) : ends;
}
