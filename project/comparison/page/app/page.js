// The page: the list of the latest runs, or the comparison of those that its address names.

import { el, say } from "./dom.js";
import { load, state } from "./state.js";
import { Live } from "./live.js";
import { showLatest } from "./latest.js";

const live = new Live(document.getElementById("main"));

async function show() {
  load();
  live.stop();
  const main = document.getElementById("main");
  try {
    if (state.runs.length) await live.show();
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
