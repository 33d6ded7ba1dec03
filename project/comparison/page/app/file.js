// The page in a file: everything it shows stands in it, and nothing is asked for anywhere.

import { answers } from "./answers.js";
import { say } from "./dom.js";
import { listed } from "./listed.js";
import { presumeHidden } from "./beginning.js";
import { Page } from "./show.js";
import { source } from "./source.js";
import { load, presume } from "./state.js";

const data = JSON.parse(document.getElementById("data").textContent);
Object.assign(source, answers(data), { list: data.listing && listed(data.listing) });
presume("all", data.all);
presumeHidden(data);
const page = new Page(document.getElementById("main"), data);

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part behind the # says what is shown
  document.getElementById("main").focus();
});
window.addEventListener("hashchange", () => {
  load();
  page.show();
});
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "Something failed"));
load();
page.show();
