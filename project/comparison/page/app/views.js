// Views: addresses of the page kept by name on the server, of oneself or of a workspace.

import { el, openDialog, say } from "./dom.js";
import { age } from "./format.js";
import { source } from "./source.js";
import { address } from "./state.js";

// A button that opens them.
export function views() {
  return el("button", { onclick: () => open(), id: "views" }, "Views");
}

async function open() {
  const { views: known, workspaces } = await source.views.list();
  const lines = known.map((view) =>
    el(
      "li",
      {},
      // Nothing but an address of this page: it begins here.
      el("a", { href: `compare?${view.address.split("?")[1] ?? ""}` }, view.name),
      el("small", {}, ` ${view.workspace ? `of ${view.workspace}, ` : ""}${view.author}, ${age(view.changed)} `),
      view.mine && el("button", { class: "plain", "aria-label": `Delete the view ${view.name}`, onclick: () => remove(view) }, "Delete"),
    ),
  );
  const told = lines.length ? el("ul", { class: "views" }, lines) : el("p", { class: "quiet" }, "None is kept yet. The address of this page holds all that you chose; a view is that address under a name.");
  openDialog("Views", el("div", {}, told, keep(workspaces)), false);
}

function keep(workspaces) {
  const name = el("input", { id: "view-name", maxLength: 100, required: true, autocomplete: "off" });
  const whose = el("select", { id: "view-of" }, el("option", { value: "" }, "for me"), workspaces.map((one) => el("option", { value: one }, `for all in ${one}`)));
  const fault = el("p", { class: "fault", role: "alert", hidden: true });
  const form = el("form", { class: "tools" }, el("label", { htmlFor: "view-name" }, "Keep what is shown as"), name, workspaces.length > 0 && el("label", {}, el("span", { class: "unseen" }, "For whom"), whose), el("button", { class: "main" }, "Keep"), fault);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const told = await source.views.save({ name: name.value, address: address(), workspace: whose.value });
      say(told.replaced ? `${name.value} is now this view` : `Kept as ${name.value}`);
      open();
    } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
    }
  });
  return form;
}

async function remove(view) {
  await source.views.remove({ name: view.name, workspace: view.workspace ?? "" });
  say(`${view.name} is deleted`);
  open();
}
