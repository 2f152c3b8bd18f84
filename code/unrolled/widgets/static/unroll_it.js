import { announce, freshId, h } from "./dom.js";
import { lexicon } from "./lexicon.js";
import { memoryStrip, miniMemory } from "./memory_strip.js";
import { bar } from "./ranking.js";
import { decodeRecurrent, emptyMemory, nextProbabilities, readTokens } from "./recurrence.js";
import { READINGS, nodeInputs, nodeTargets, sentencePieces } from "./sentences.js";
import { stepMiddle, unrolledGraph, withIndex } from "./unrolled_graph.js";
import { decodeWords, largest } from "./vectors.js";

const MOST_NODES = 12;
const BEST = 5;
const ARROWS = {
  vanilla: { input: "W_x", memory: "W_s", output: "W_y" },
  gru: { input: "", memory: "", output: "W_y" },
  lstm: { input: "", memory: "", output: "W_y" },
};

/** A chance as a percentage that never rounds to nothing or to certainty. */
function chanceText(p) {
  if (p < 0.001) return "< 0.1 %";
  return p > 0.999 ? "> 99.9 %" : `${(100 * p).toFixed(1)} %`;
}

function render({ model, el }) {
  el.classList.add("unrolled", "w-unroll");
  const network = decodeRecurrent(model.get("weights"), model.get("shape"));
  const words = decodeWords(model.get("words"));
  const book = lexicon(words, model.get("first_word"));
  const boundary = words[0];
  const token = (word) => (word === boundary ? 0 : book.find(word));
  let steps = []; // what each node reads, remembers and expects
  let before = emptyMemory(network).hidden;

  const form = sentenceForm(model, book, (sentence) => set({ sentence, step: 0 }));
  const readings = readingChoice(boundary, (reading) => set({ reading, step: Math.min(model.get("step"), count(reading)) }));
  const graphBox = h("div", { class: "w-scroll ug-box-scroll", tabindex: 0, role: "region", "aria-label": "The unrolled graph" });
  const strip = memoryStrip("memory");
  const memoryTitle = h("p", { class: "w-title" });
  const expected = h("div", { "data-role": "expected" });
  const table = h("div", { class: "w-scroll", tabindex: 0, role: "region", "aria-label": "The steps as a table" });
  const status = h("p", { class: "un-status", "data-role": "status" });
  const button = (role, label, change) => h("button", { type: "button", "data-role": role, onclick: () => set({ step: change(model.get("step")) }) }, label);
  const back = button("back", "← Back", (step) => step - 1);
  const forward = button("forward", "Step forward →", (step) => step + 1);
  forward.classList.add("w-primary");
  const controls = h("div", { class: "w-row", role: "group", "aria-label": "Steps" }, back, forward, button("restart", "Back to h₀", () => 0), button("all", "Read to the end", () => steps.length));

  const count = (reading) => nodeInputs(sentencePieces(model.get("sentence")), reading, boundary).length;

  function set(changes) {
    model.set(changes);
    model.save_changes();
  }

  function read() {
    const inputs = nodeInputs(sentencePieces(model.get("sentence")), model.get("reading"), boundary);
    const targets = nodeTargets(inputs, boundary);
    steps = readTokens(network, inputs.map(token)).map(({ hidden }, i) => {
      const probabilities = nextProbabilities(network, { hidden });
      const best = largest(probabilities, BEST);
      return { input: inputs[i], target: targets[i], hidden, probabilities, best, guess: words[best[0]], chance: probabilities[best[0]] };
    });
  }

  function show() {
    read();
    const step = Math.max(0, Math.min(model.get("step"), steps.length));
    const now = steps[step - 1];
    before = step > 1 ? steps[step - 2].hidden : emptyMemory(network).hidden;
    form.set(model.get("sentence"));
    readings.show(model.get("reading"), count);
    const drawing = unrolledGraph(steps, step, ARROWS[network.kind]);
    graphBox.replaceChildren(drawing);
    graphBox.scrollLeft = step ? stepMiddle(step) - graphBox.clientWidth / 2 : 0;
    status.textContent = now
      ? `Step ${step} of ${steps.length}: the network reads ${now.input} and ${withIndex("h", step - 1)}, and writes ${withIndex("h", step)}. It expects ${now.guess} (${chanceText(now.chance)}).`
      : `Nothing has been read: ${withIndex("h", 0)} is ${network.hidden} zeros. ${steps.length} nodes will follow.`;
    memoryTitle.textContent = `The memory ${withIndex("h", step)}`;
    strip.show(before, now ? now.hidden : before, step);
    expected.replaceChildren(...(now ? [h("p", { class: "w-title" }, "What comes next? The five likeliest"), expectationList(now)] : []));
    table.replaceChildren(stepTable(steps, step));
    keepFocus(back, step === 0, forward);
    keepFocus(forward, step === steps.length, back);
  }

  function expectationList({ best, probabilities, target }) {
    const wanted = token(target);
    const rank = 1 + probabilities.reduce((better, p) => better + (p > probabilities[wanted] ? 1 : 0), 0);
    return h(
      "div", {},
      h("ol", { class: "w-ranking" }, ...best.map((id) => h(
        "li", {}, h("span", { class: "w-name", "data-word": words[id] }, words[id] + (id === wanted ? " ← comes" : "")),
        bar(probabilities[id]), h("span", { class: "w-value", "data-value": probabilities[id] }, chanceText(probabilities[id])),
      ))),
      h("p", { "data-role": "target" }, "What comes is ", h("strong", {}, target), `: probability ${chanceText(probabilities[wanted])}, rank ${rank.toLocaleString("en-US")} of ${words.length.toLocaleString("en-US")}.`),
    );
  }

  function stepTable(all, reached) {
    const column = (name, hint) => h("th", { scope: "col" }, name, h("span", { class: "w-muted un-hint" }, ` ${hint}`));
    const row = ({ input, hidden, target, probabilities }, i) => {
      const done = i < reached;
      const earlier = i ? all[i - 1].hidden : emptyMemory(network).hidden;
      const start = i === 0 ? h("span", { class: "un-zero" }, `${withIndex("h", 0)} = 0`) : null;
      return h(
        "tr", { "data-step": i + 1, class: i + 1 === reached ? "un-current" : null, "aria-current": i + 1 === reached ? "step" : null },
        h("th", { scope: "row" }, i + 1), h("td", { "data-role": "input" }, input),
        h("td", {}, start, done || i === 0 ? miniMemory(earlier, withIndex("h", i)) : "not yet"),
        h("td", { "data-role": "after" }, done ? miniMemory(hidden, withIndex("h", i + 1)) : "not yet"),
        h("td", { "data-role": "target" }, target), h("td", { class: "w-value" }, done ? chanceText(probabilities[token(target)]) : "not yet"),
      );
    };
    const head = h("tr", {}, h("th", { scope: "col" }, "t"), column("input", "xₜ"), column("memory before", "hₜ₋₁"), column("memory after", "hₜ"), column("target", "next input"), column("its probability", ""));
    return h("table", { class: "un-table" }, h("thead", {}, head), h("tbody", {}, ...all.map(row)));
  }

  el.append(
    form.element, readings.element, controls, status, graphBox,
    h("div", { class: "un-columns" }, h("div", {}, memoryTitle, strip.element), expected), table,
    h("p", { class: "w-muted" }, "Blue and solid: positive; orange and dashed: negative. In the table a bar up is positive, a bar down negative. Point at a cell, or go to it with the arrow keys, for its exact numbers."),
  );
  const traits = ["sentence", "reading", "step"].map((trait) => `change:${trait}`);
  let waiting = false; // several traits may change at once
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      show();
      announce(el, status.textContent);
    });
  };
  show();
  traits.forEach((trait) => model.on(trait, later));
  return () => traits.forEach((trait) => model.off(trait, later));
}

/** Disable a button without losing the place of someone at the keyboard. */
function keepFocus(button, off, other) {
  const focused = button === document.activeElement;
  if (off && focused) {
    other.disabled = false;
    other.focus();
  }
  button.disabled = off;
}

/** The field for the sentence, its examples, and what is wrong with it. */
function sentenceForm(model, book, onSentence) {
  const ids = { input: freshId("sentence"), note: freshId("note") };
  const input = h("input", { id: ids.input, type: "text", "data-role": "sentence", autocomplete: "off", spellcheck: "false", enterkeyhint: "done", maxlength: 200, "aria-describedby": ids.note, onkeydown: (event) => event.key === "Enter" && !event.isComposing && commit() });
  const note = h("p", { id: ids.note, class: "w-error w-note", role: "status", "data-role": "sentence-note" });
  const examples = model.get("sentences").map((sentence) => h("button", { type: "button", onclick: () => take(sentence) }, sentence));

  function take(sentence) {
    if (note.contains(document.activeElement)) input.focus(); // the note's buttons will go
    input.value = sentence;
    commit();
  }

  function commit() {
    const pieces = sentencePieces(input.value);
    const unknown = pieces.filter((piece) => book.find(piece) < 0);
    const wrong = unknown.length || !pieces.some((piece) => /[\p{L}\p{N}]/u.test(piece)) || pieces.length >= MOST_NODES;
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (!wrong) {
      note.replaceChildren();
      onSentence(input.value.trim());
    } else if (unknown.length) explain(unknown[0]);
    else note.replaceChildren(pieces.length >= MOST_NODES ? `That makes ${pieces.length} nodes. Try a sentence of at most ${MOST_NODES - 1} words and signs.` : "Type a sentence of at least one word.");
  }

  function explain(word) {
    const close = book.spellings(word, 4);
    const known = model.get("known").toLocaleString("en-US");
    note.replaceChildren(
      `“${word}” is not among the ${known} words and signs that this network has learned, so it has no vector to read. Try another word.${close.length ? " Close spellings: " : ""}`,
      ...close.map((other) => h("button", { type: "button", onclick: () => take(swapped(word, other)) }, other)),
    );
  }

  function swapped(word, other) {
    return sentencePieces(input.value).map((piece) => (piece === word ? other : piece)).join(" ");
  }

  const element = h(
    "div", {},
    h("div", { class: "w-row" }, h("label", { for: ids.input }, "Sentence"), input, h("button", { type: "button", "data-role": "read", onclick: commit }, "Unroll it")), note,
    examples.length > 1 ? h("div", { class: "w-row", role: "group", "aria-label": "Examples" }, h("span", {}, "Examples"), ...examples) : null,
  );
  return {
    element,
    set(sentence) {
      if (sentencePieces(input.value).join(" ") === sentencePieces(sentence).join(" ") && input.value) return;
      input.value = sentence;
      note.replaceChildren();
      input.setAttribute("aria-invalid", "false");
    },
  };
}

/** What counts as a node. */
function readingChoice(boundary, onChange) {
  const says = { words: "words alone", punctuation: "with punctuation", boundary: `with ${boundary} first` };
  const buttons = READINGS.map((reading) => h("button", { type: "button", "data-reading": reading, onclick: () => onChange(reading) }));
  const element = h("div", { class: "w-row", role: "group", "aria-label": "How many nodes?" }, h("span", {}, "Nodes"), ...buttons);
  return {
    element,
    show(chosen, count) {
      buttons.forEach((button) => {
        const reading = button.dataset.reading;
        button.textContent = `${count(reading)}: ${says[reading]}`;
        button.setAttribute("aria-pressed", String(reading === chosen));
      });
    },
  };
}

export default { render };
