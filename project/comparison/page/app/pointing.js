// Which run is pointed at, and which are pinned, anywhere on the page: all that draws runs is told.

import { state, update } from "./state.js";

const changes = new EventTarget();
let pointed = null;

// Ids of the runs that stand out.
export function lit() {
  return new Set(pointed === null ? state.pin : [...state.pin, pointed]);
}

// A run's id, or null.
export function point(id) {
  if (id === pointed) return;
  pointed = id;
  changes.dispatchEvent(new Event("change"));
}

// Let a run stand out until it is asked for again.
export function pin(id) {
  update({ pin: state.pin.includes(id) ? state.pin.filter((other) => other !== id) : [...state.pin, id] });
  changes.dispatchEvent(new Event("change"));
}

// Call `then` at each change, as long as `root` is part of the page.
export function onPoint(root, then) {
  let seen = false;
  const listen = () => {
    seen ||= root.isConnected;
    if (root.isConnected) then();
    else if (seen) changes.removeEventListener("change", listen);
  };
  changes.addEventListener("change", listen);
}
