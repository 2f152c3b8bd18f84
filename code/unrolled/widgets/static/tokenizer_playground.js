import { actingMerges, bookPieces, decodeTokenizer, digitPieces, encodeText, mergeCount, tokenLabel, visibleSign } from "./bpe.js";
import { announce, freshId, h, slider } from "./dom.js";

const LONGEST = 1000;

function count(n) {
  return n.toLocaleString("en-US");
}

function render({ model, el }) {
  el.classList.add("unrolled", "w-tokens");
  const ours = decodeTokenizer(model.get("merges"), { ...model.get("tokenizer"), readsSpecial: false, pieces: bookPieces });
  const { name, ...rest } = model.get("pretrained");
  const theirs = name ? decodeTokenizer(model.get("pretrained_merges"), { ...rest, readsSpecial: true, pieces: digitPieces }) : null;
  const all = mergeCount(ours);
  let acting = [];

  function set(changes) {
    model.set(changes);
    model.save_changes();
  }

  const fieldId = freshId("text");
  const field = h("textarea", { id: fieldId, class: "tp-field", rows: 3, maxlength: LONGEST, spellcheck: "false", "data-role": "text", oninput: () => set({ text: field.value }) });
  field.value = model.get("text");
  const samples = model.get("samples").map((sample) => h("button", { type: "button", "data-sample": "", onclick: () => {
    field.value = sample;
    set({ text: sample });
  } }, ([...sample].length > 24 ? `${[...sample].slice(0, 23).join("")}…` : sample).replace(/^ /, "·")));

  const idsId = freshId("ids");
  const showIds = h("input", { type: "checkbox", id: idsId, "data-role": "show-ids", checked: true, onchange: () => el.classList.toggle("tp-without-ids", !showIds.checked) });

  const summary = h("div", { class: "w-scroll", tabindex: 0, role: "region", "aria-label": "Numbers of tokens" });
  const characters = section("Characters", "characters");
  const pairs = section("The book's byte pairs", "pairs");
  const pretrained = theirs && section(`${name}, ${count(theirs.firstMerge + mergeCount(theirs))} tokens`, "pretrained");

  const steps = slider("Merges made", { min: 0, max: all, step: 1, value: model.get("n_merges"), format: (n) => `${count(n)} of ${count(all)}` }, (n) => set({ n_merges: n }));
  steps.input.setAttribute("data-role", "merges");
  const before = () => acting.filter((n) => n <= model.get("n_merges"));
  const button = (role, label, act) => h("button", { type: "button", "data-role": role, onclick: act }, label);
  const back = button("back", "← Undo the last one here", () => set({ n_merges: before().at(-1) - 1 }));
  const forward = button("forward", "Next merge that acts here →", () => set({ n_merges: acting.find((n) => n > model.get("n_merges")) }));
  forward.classList.add("w-primary");
  const last = h("p", { "data-role": "last-merge" });
  pairs.box.insertBefore(h("div", {}, steps, h("div", { class: "w-row" }, back, forward, button("none", "No merge: bytes", () => set({ n_merges: 0 })), button("all", "All", () => set({ n_merges: all }))), last), pairs.list);

  function chips({ list }, tokenizer, ids, made = -1) {
    list.replaceChildren(...ids.map((id) => h("li", { class: id === made ? "tp-token tp-made" : "tp-token", "data-token": id }, h("span", { class: "tp-text" }, tokenLabel(tokenizer, id)), h("small", {}, id))));
    if (!ids.length) list.replaceChildren(h("li", { class: "w-muted" }, "no tokens"));
  }

  function draw() {
    const text = model.get("text");
    const n = model.get("n_merges");
    if (field.value !== text) field.value = text;
    steps.set(n);
    acting = actingMerges(ours, text);
    const letters = [...text];
    const done = before();
    const latest = done.at(-1);
    characters.list.replaceChildren(...letters.map((letter) => h("li", { class: "tp-token" }, h("span", { class: "tp-text" }, visibleSign(letter)))));
    const ids = encodeText(ours, text, n);
    chips(pairs, ours, ids, latest ? ours.firstMerge + latest - 1 : -1);
    const rows = [["Characters", letters.length], ["Bytes, in UTF-8", new TextEncoder().encode(text).length], [`Byte pairs, ${count(n)} merges`, ids.length]];
    if (theirs) {
      const read = encodeText(theirs, text);
      chips(pretrained, theirs, read);
      rows.push([name, read.length]);
    }
    summary.replaceChildren(countTable(rows, letters.length));
    const focused = document.activeElement;
    back.disabled = !done.length;
    forward.disabled = done.length === acting.length;
    if (focused === back && back.disabled) forward.focus();
    if (focused === forward && forward.disabled) back.focus();
    last.textContent = story(ours, latest, done.length, acting.length, ids.length);
    announce(el, `${last.textContent} ${letters.length} characters, ${ids.length} tokens.`);
  }

  el.append(
    h("label", { for: fieldId }, `Your text, up to ${count(LONGEST)} characters`), field,
    samples.length ? h("div", { class: "w-row", role: "group", "aria-label": "Texts to start from" }, ...samples) : "",
    summary, h("div", { class: "w-check" }, showIds, h("label", { for: idsId }, "show the ids")),
    characters.box, pairs.box, ...(pretrained ? [pretrained.box] : []),
    h("p", { class: "w-muted" }, "· is a space, ⏎ a line break; ⟨E2⟩ is a byte that is no whole character by itself. Nothing you type leaves your browser."),
  );
  model.on("change:text change:n_merges", draw);
  draw();
  return () => model.off("change:text change:n_merges", draw);
}

/** A titled list of tokens. */
function section(title, role) {
  const list = h("ol", { class: "tp-tokens", "data-role": role });
  const id = freshId("tokens");
  return { list, box: h("section", { class: "tp-section", "aria-labelledby": id }, h("p", { class: "w-title", id }, title), list) };
}

/** What the last merge did, in a sentence. */
function story(tokenizer, latest, done, total, tokens) {
  if (!total) return tokens ? "None of the merges acts on this text." : "Type something above.";
  if (!latest) return `No merge yet: every token is one byte. ${count(total)} different merges will act on this text.`;
  const label = (id) => `“${tokenLabel(tokenizer, id)}”`;
  const k = latest - 1;
  return `Merge ${count(latest)}: ${label(tokenizer.left[k])} and ${label(tokenizer.right[k])} become ${label(tokenizer.firstMerge + k)}, id ${tokenizer.firstMerge + k}. It is number ${count(done)} of the ${count(total)} that act on this text.`;
}

function countTable(rows, characters) {
  const head = h("tr", {}, h("th", { scope: "col" }, "Read as"), h("th", { scope: "col", class: "w-value" }, "tokens"), h("th", { scope: "col", class: "w-value" }, "characters per token"));
  const body = rows.map(([label, tokens]) => h("tr", {}, h("th", { scope: "row" }, label), h("td", { class: "w-value", "data-count": tokens }, count(tokens)), h("td", { class: "w-value" }, tokens ? (characters / tokens).toFixed(2) : "–")));
  return h("table", { "data-role": "counts" }, h("thead", {}, head), h("tbody", {}, ...body));
}

export default { render };
