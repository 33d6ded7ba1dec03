// The note and the tags of a run, shown and, by those who may, written. Of a run it reads `id`,
// `label`, `tags`, `note` and whether it is `editable`.

import { el, openDialog, say } from "./dom.js";
import { source } from "./source.js";

// A dialog in which they are written; `changed` is called with them afterwards.
export function annotate(run, changed) {
  const note = el("textarea", { rows: 6, maxLength: 8000, id: "note" }, run.note);
  const tags = el("input", { id: "tags", value: run.tags.join(", "), autocomplete: "off" });
  const fault = el("p", { class: "fault", role: "alert", hidden: true });
  const form = el(
    "form",
    { class: "annotate" },
    el("label", { htmlFor: "tags" }, "Tags, with commas between them"),
    tags,
    el("label", { htmlFor: "note" }, "Note"),
    note,
    fault,
    el("button", { class: "main" }, "Save"),
  );
  const dialog = openDialog(run.label, form, false);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = { tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean), note: note.value.trim() };
    try {
      const told = await source.edit({ run: run.id, ...wanted, seen: { tags: run.tags, note: run.note } });
      dialog.close();
      say(told.replaced ? `Saved, in place of what somebody else had written meanwhile: ${text(told.replaced)}` : "Saved");
      changed(told);
    } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
    }
  });
}

// For the page of a run.
export function annotations(run) {
  const place = el("div", { class: "annotations" });
  const draw = () => {
    const edit = run.editable && source.edit && el("button", { class: "plain", onclick: () => annotate(run, (told) => {
      Object.assign(run, { tags: told.tags, note: told.note });
      draw();
    }) }, run.note || run.tags.length ? "Edit" : "Add a note or tags");
    place.replaceChildren(...[run.tags.map((tag) => el("span", { class: "tag" }, tag)), run.note && el("p", { class: "written" }, run.note), edit].flat().filter(Boolean));
  };
  draw();
  return place;
}

function text({ tags, note }) {
  return [tags && `tags ${tags.join(", ") || "none"}`, note !== undefined && `note “${note.slice(0, 200)}”`].filter(Boolean).join("; ");
}
