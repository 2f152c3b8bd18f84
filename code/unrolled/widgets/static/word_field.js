import { freshId, h } from "./dom.js";
import { normalized } from "./lexicon.js";

const SUGGESTIONS = 7;
const TYPING_PAUSE = 250;

/**
 * A text field for one word of a vocabulary, with suggestions while typing: arrow keys and
 * Enter, or a tap, take one. An unknown word gets a message and close spellings.
 * @param {string} label
 * @param {{lexicon: import("./lexicon.js").Lexicon, role: string, value?: string, hideLabel?: boolean}} options
 *   `role` becomes the input's data-role
 * @param {(index: number, word: string) => void} onWord called when a known word stands in the field
 * @returns {HTMLElement & {input: HTMLInputElement, set: (word: string, force?: boolean) => void}}
 */
export function wordField(label, { lexicon, role, value = "", hideLabel = false }, onWord) {
  const ids = { input: freshId("word"), list: freshId("list"), note: freshId("note") };
  const input = h("input", {
    id: ids.input, type: "text", value, "data-role": role, role: "combobox", autocomplete: "off",
    autocapitalize: "none", spellcheck: "false", enterkeyhint: "done", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": ids.list, "aria-describedby": ids.note,
  });
  const list = h("ul", { id: ids.list, role: "listbox", "aria-label": `Words for: ${label}`, class: "w-options", hidden: true });
  const note = h("p", { id: ids.note, class: "w-error w-note", role: "status", "data-role": `${role}-note` });
  const field = h(
    "div", { class: "w-word" },
    h("label", { for: ids.input, class: hideLabel ? "w-unseen" : null }, label),
    h("div", { class: "w-combo" }, input, list), note,
  );
  let active = -1;
  let timer = 0;
  let shown = value;
  let explained = null;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function suggest() {
    const words = lexicon.complete(input.value, SUGGESTIONS);
    list.replaceChildren(...words.map((word, i) => h(
      "li", { role: "option", id: `${ids.list}-${i}`, "aria-selected": "false", onmousedown: keepFocus, onclick: () => take(word) }, word,
    )));
    if (!words.length) return close();
    active = -1;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    if (list.hidden) suggest();
    const options = [...list.children];
    if (!options.length || list.hidden) return;
    active = active < 0 && step < 0 ? options.length - 1 : (active + step + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function take(word) {
    if (note.contains(document.activeElement)) input.focus(); // the note's buttons will go
    input.value = word;
    commit();
  }

  function commit() {
    clearTimeout(timer);
    close();
    const index = lexicon.find(input.value);
    explain(index);
    if (index >= 0) {
      input.value = lexicon.words[index];
      report(index);
    }
  }

  function report(index) {
    if (lexicon.words[index] === shown) return;
    shown = lexicon.words[index];
    onWord(index, shown);
  }

  function explain(index) {
    const typed = input.value.trim();
    if (typed === explained) return; // else a spelling's button would vanish under the pointer
    explained = typed;
    input.setAttribute("aria-invalid", String(index < 0));
    if (index >= 0) return note.replaceChildren();
    if (!typed) return note.replaceChildren("Type a word.");
    const close = lexicon.spellings(typed, 4);
    const count = lexicon.words.length.toLocaleString("en-US");
    note.replaceChildren(
      `“${typed}” is not among the ${count} words.${close.length ? " Close spellings: " : ""}`,
      ...close.map((word) => h("button", { type: "button", onclick: () => take(word) }, word)),
    );
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    suggest();
    timer = setTimeout(() => {
      const index = lexicon.find(input.value);
      if (index < 0) return;
      explain(index);
      report(index);
    }, TYPING_PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0) take(list.children[active].textContent);
      else commit();
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", commit);
  return Object.assign(field, {
    input,
    set(word, force = false) {
      if (word === shown && !force) return; // keeps what is being typed, and its message
      shown = word;
      if (normalized(input.value) === word) return;
      input.value = word;
      explain(lexicon.find(word));
      close();
    },
  });
}

/** A tap on a suggestion must not blur the field before it is taken. */
function keepFocus(event) {
  event.preventDefault();
}
