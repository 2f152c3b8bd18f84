// Text as tokens of a GPT's vocabulary, shown and typed, and a field to type it in.

import { freshId, h } from "./dom.js";
import { tokenReader } from "./token_reader.js";

/** Something invisible, or a piece of it, so that it can be seen in a list. */
export function shownToken(text) {
  return { " ": "· space", "\n": "⏎ line break" }[text] ?? text.replaceAll(" ", "·").replaceAll("\n", "⏎");
}

/** A token within running text: a line break shows, and breaks the line. */
export function runningToken(text) {
  return text.replaceAll("\n", "⏎\n");
}

/**
 * A labelled text field that turns what is typed into tokens as it is typed, and says how many, or
 * what the model has no token for.
 * @param {{get: (trait: string) => any}} model with the traits `vocabulary` and `merges`
 * @param {{label: string, value: string, rows: number, most: number, role: string}} options
 * @param {(text: string, ids: number[]) => void} onTokens
 */
export function tokenField(model, { label, value, rows, most, role }, onTokens) {
  const id = freshId("tokens");
  const noteId = freshId("note");
  const reader = tokenReader(model.get("vocabulary"), model.get("merges"));
  const note = h("p", { id: noteId, class: "w-note", "data-role": `${role}-note` });
  const area = h("textarea", { id, rows, maxlength: most, spellcheck: "false", autocapitalize: "off", "aria-describedby": noteId, "data-role": role, oninput: () => onTokens(area.value, read()) });
  area.value = value;

  /** The ids of what stands in the field; the note says how they came about. */
  function read() {
    const { ids, unknown } = reader.encode(area.value);
    const count = `${ids.length.toLocaleString("en-US")} ${ids.length === 1 ? "token" : "tokens"}`;
    const named = unknown.slice(0, 8).map((character) => `“${character}”`).join(", ");
    note.classList.toggle("w-error", unknown.length > 0);
    area.setAttribute("aria-invalid", String(unknown.length > 0));
    note.textContent = unknown.length
      ? `The model has no token for ${named}${unknown.length > 8 ? " and more" : ""}: it knows ${reader.size - 1} characters, and reads the text without what is not among them (${count}).`
      : `${count}${reader.unit}.`;
    return ids;
  }

  return { element: h("div", {}, h("label", { for: id }, label), area, note), area, reader, read };
}
