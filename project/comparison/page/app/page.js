// The page: the list of the latest runs, or the comparison of those that its address names.

import { el, say } from "./dom.js";
import { source } from "./source.js";
import { load, state } from "./state.js";
import { get, imageAddress, plotly } from "./api.js";
import { showComparison } from "./live.js";
import { showLatest } from "./latest.js";

Object.assign(source, { get, imageAddress, library: plotly });

async function show() {
  load();
  const main = document.getElementById("main");
  try {
    if (state.runs.length) await showComparison(main);
    else await showLatest(main);
  } catch (error) {
    main.replaceChildren(
      el("h1", {}, "That can't be shown"),
      el("p", {}, error.message),
      el("p", {}, el("a", { href: "compare" }, "See the latest runs")),
    );
  }
}

window.addEventListener("popstate", show);
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "Something failed"));
// MLflow's clients print addresses in its page as if that stood at the server's root.
if (location.hash.startsWith("#/")) location.replace(`mlflow${location.hash}`);
else show();
