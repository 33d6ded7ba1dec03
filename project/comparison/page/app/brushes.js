// Stretches drawn along axes of parallel coordinates: what passes through all of them is kept.

// Places are from 0, the axis's lower end, to 1.
export class Brushes extends Map {
  // Whether the line `i` misses one of them.
  misses(axes, i) {
    return axes.some(({ name, places }) => this.has(name) && !within(places[i], this.get(name)));
  }

  said({ name, places }) {
    return this.has(name) ? `${places.filter((place) => within(place, this.get(name))).length} runs kept` : "all runs";
  }

  // Draw along an axis, where `at` tells the place of an event; a click takes its brush away.
  drag(event, name, at, moving, ended) {
    event.preventDefault();
    const start = at(event);
    let moved = false;
    const move = (next) => {
      const here = at(next);
      moved ||= Math.abs(here - start) > 0.015;
      if (!moved) return;
      this.set(name, [Math.min(start, here), Math.max(start, here)]);
      moving();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      if (!moved) this.delete(name);
      ended();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }

  // Up and down keep the runs of one value after the other, Escape all. Whether a key meant anything.
  key(event, { name, places }) {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Escape") this.delete(name);
    else if (step) {
      const distinct = [...new Set(places)].sort((a, b) => a - b);
      const now = this.get(name);
      const next = now ? distinct.findIndex((place) => within(place, now)) + step : step > 0 ? 0 : distinct.length - 1;
      const place = distinct[Math.min(Math.max(next, 0), distinct.length - 1)];
      this.set(name, [place - 0.02, place + 0.02]);
    } else return false;
    event.preventDefault();
    return true;
  }
}

function within(place, [low, high]) {
  return place >= low && place <= high;
}
