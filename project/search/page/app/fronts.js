// Of several objectives each two against each other, and the trials that no other one beats.

import { el } from "../../../comparison/page/app/dom.js";
import { paint } from "../../../comparison/page/app/palette.js";
import { isGood, said, scored, tableOf } from "./known.js";
import { Points } from "./points.js";

export function fronts(data, trials, opened) {
  const good = trials.filter(isGood);
  if (!good.length) return [el("p", { class: "empty" }, "No trial is complete.")];
  const front = new Set(data.front.map(String));
  const pairs = data.objectives.flatMap((_, a) => data.objectives.slice(a + 1).map((_, b) => [a, a + 1 + b]));
  return pairs.map(([a, b]) => {
    const axis = (k) => {
      const found = scored(data.objectives[k], good.map(({ scores }) => scores[k]));
      return { ...found, name: `${found.name}, ${data.objectives[k].better === "min" ? "less" : "more"} is better` };
    };
    const [across, upwards] = [axis(a), axis(b)];
    const points = good.map(({ id, scores }) => ({ id, at: [across.at(scores[a]), upwards.at(scores[b])], look: front.has(id) ? "front" : "other" }));
    const looks = (scheme) => ({ other: { shape: "ring", colour: paint("--quiet", scheme) }, front: { shape: "dot", colour: paint("--run-1", scheme) } });
    const spec = (scheme) => ({ across, upwards, points, steps: null, looks: looks(scheme) });
    const keys = el("p", { class: "keys" }, el("span", {}, el("i", { class: "dot", style: { "--look": "var(--run-1)" } }), `${front.size} on the front: no other trial is as good in each and better in one`));
    return new Points({ title: `${data.objectives[b].name} against ${data.objectives[a].name}`, spec, told: (id) => said(data, trials[id]), opened, table: () => tableOf(data, good.filter(({ id }) => front.has(id))), legend: [keys] }).root;
  });
}
