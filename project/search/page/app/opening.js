// What a sweep came to in words, before anything else, and what it was.

import { el, say } from "../../../comparison/page/app/dom.js";

export function opening(data) {
  const [first, ...rest] = data.verdict.lines;
  return el("header", { class: "about" },
    el("h1", {}, `Sweep ${data.name}`),
    el("p", { class: `verdict ${data.verdict.kind}` }, first),
    rest.map((line) => el("p", {}, line)),
    data.tested.map((line) => el("p", {}, line)),
    el("dl", { class: "told" }, data.facts.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))),
    data.command && command(data.command, data.runs));
}

function command(text, whose) {
  return el("div", { class: "next" }, el("p", {}, whose, el("button", { class: "plain", onclick: () => copy(text) }, "Copy")), el("p", { class: "command" }, text));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("The command is copied");
  } catch {
    say("The browser lets no page copy: mark the command and copy it"); // without HTTPS
  }
}
