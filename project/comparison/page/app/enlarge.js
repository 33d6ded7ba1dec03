// One chart over the whole window, with a legend of its own; Escape puts it back.

import { el } from "./dom.js";
import { Legend } from "./legend.js";

// `chart` has `root`, `data.runs` and `all`; `button` is in it, and closes it, too.
export function enlarge(chart, button) {
  const open = chart.root.closest("dialog.enlarged");
  if (open) return open.close();
  const stand = el("div", { class: "chart", style: { height: `${chart.root.offsetHeight}px` } });
  const legend = new Legend(chart.data.runs, () => chart.all.redraw());
  const dialog = el("dialog", { class: "enlarged", "aria-label": chart.metric.title });
  const turn = (on) => {
    button.textContent = on ? "✕" : "⤢";
    button.title = on ? "Close" : "Enlarge";
    button.setAttribute("aria-label", `${on ? "Close" : "Enlarge"} ${chart.metric.title}`);
  };
  dialog.addEventListener("close", () => {
    stand.replaceWith(chart.root);
    dialog.remove();
    turn(false);
    chart.reload(null, true);
    button.focus();
  });
  chart.root.replaceWith(stand);
  dialog.append(chart.root, el("div", { class: "chips", role: "group", "aria-label": "Runs" }, legend.parts));
  document.body.append(dialog);
  turn(true);
  dialog.showModal();
  chart.frame.focus({ focusVisible: false });
  chart.visible = true;
  chart.reload(null, true);
}
