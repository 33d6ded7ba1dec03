// The page: the list of the latest runs, or the comparison of those that its address names.

import { get, send } from "./api.js";
import { el, say } from "./dom.js";
import { listing } from "./listing.js";
import { Live } from "./live.js";
import { source } from "./source.js";
import { load, state } from "./state.js";

const live = new Live(document.getElementById("main"));

Object.assign(source, {
  list: (question) => get("list", { ...question, columns: question.columns.join(",") }),
  compare: true,
  edit: (change) => send("POST", "notes", {}, change),
  views: { list: () => get("views", {}), save: (view) => send("POST", "views", {}, view), remove: (view) => send("DELETE", "views", view) },
});

async function show() {
  load();
  live.stop();
  const main = document.getElementById("main");
  try {
    if (state.runs.length) await live.show();
    else await showList(main);
  } catch (error) {
    main.replaceChildren(
      el("h1", {}, "That can't be shown"),
      el("p", {}, error.message),
      el("p", {}, el("a", { href: "compare" }, "See the latest runs")),
    );
  }
}

function showList(main) {
  document.title = "Runs";
  document.getElementById("where").textContent = "";
  return listing(main);
}

window.addEventListener("popstate", show);
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "Something failed"));
// MLflow's clients print addresses in its page as if that stood at the server's root.
if (location.hash.startsWith("#/")) location.replace(`mlflow${location.hash}`);
else show();
