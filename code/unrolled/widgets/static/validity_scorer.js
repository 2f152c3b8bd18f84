import { announce, h } from "./dom.js";
import { lexicon } from "./lexicon.js";
import { sigmoid } from "./numbers.js";
import { seededRandom } from "./random.js";
import { decodeNetwork, logit, replacementLogits } from "./validity.js";
import { decodeWords, largest } from "./vectors.js";
import { bar, refill } from "./ranking.js";
import { wordField } from "./word_field.js";

const ALTERNATIVES = 5;

function render({ model, el }) {
  el.classList.add("unrolled", "w-scorer");
  const network = decodeNetwork(model.get("weights"), model.get("shape"));
  const first = model.get("first_word"); // the tokens before it are no words
  const book = lexicon(decodeWords(model.get("words")), first);
  const random = seededRandom(model.get("seed"));
  const middle = Math.floor(network.length / 2);
  const verdict = verdictPanel();
  const alternatives = h("div", { "data-role": "alternatives" });
  const heading = h("p", { class: "w-title" });
  const fields = model.get("ngram").map((word, slot) => {
    const field = wordField(`Word ${slot + 1}`, { lexicon: book, role: `slot-${slot}`, value: word }, (_, known) => replace(slot, known));
    field.input.addEventListener("focus", () => set("slot", slot));
    return field;
  });
  const examples = model.get("examples").map((words) => h("button", { type: "button", onclick: () => pick(words) }, words.join(" ")));

  const breaker = h("button", { type: "button", "data-role": "break", onclick: () => replace(middle, randomWord()) }, "Break it: a random middle word");

  function pick(words) {
    words.forEach((word, slot) => fields[slot].set(word, true));
    set("ngram", words);
  }

  function replace(slot, word) {
    set("ngram", model.get("ngram").map((old, i) => (i === slot ? word : old)));
  }

  function randomWord() {
    const index = first + Math.floor(random() * (book.words.length - first));
    return book.words[index] === model.get("ngram")[middle] ? randomWord() : book.words[index];
  }

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
    if (trait === "ngram") announce(el, verdict.text());
  }

  function show() {
    const words = model.get("ngram");
    const slot = model.get("slot");
    const tokens = words.map(book.find);
    verdict.show(words, sigmoid(logit(network, tokens)));
    fields.forEach((field, i) => {
      field.set(words[i]);
      field.classList.toggle("w-chosen", i === slot);
    });
    heading.replaceChildren(`The network's favorites for word ${slot + 1}`);
    const scores = replacementLogits(network, tokens, slot);
    scores.fill(-Infinity, 0, first);
    const rank = 1 + scores.reduce((better, score) => better + (score > scores[tokens[slot]] ? 1 : 0), 0);
    const among = (network.vocabularySize - first).toLocaleString("en-US");
    refill(
      alternatives,
      alternativesTable(largest(scores, ALTERNATIVES), slot),
      h("p", { "data-role": "rank" }, "The word that stands there, ", h("em", {}, words[slot]), `, has rank ${rank.toLocaleString("en-US")} of ${among}.`),
    );
  }

  function alternativesTable(best, slot) {
    const tokens = model.get("ngram").map(book.find);
    const row = (token) => {
      const chance = sigmoid(logit(network, tokens.map((old, i) => (i === slot ? token : old))));
      const word = book.words[token];
      const button = h("button", { type: "button", "data-word": word, onclick: () => replace(slot, word) }, word);
      return h("li", {}, h("span", { class: "w-name" }, button), bar(chance), h("span", { class: "w-value" }, percent(chance)));
    };
    return h("ol", { class: "w-ranking" }, ...best.map(row));
  }

  el.append(
    h("div", { class: "w-row", role: "group", "aria-label": "Examples" }, h("span", {}, "Examples"), ...examples),
    h("div", { class: "w-ngram", role: "group", "aria-label": "The words to be judged" }, ...fields),
    h("div", { class: "w-row" }, breaker), verdict.element,
    heading, alternatives,
    h("p", { class: "w-muted" }, "Put the cursor into another word to see the network's favorites there."),
  );
  show();
  const traits = ["change:ngram", "change:slot"];
  traits.forEach((trait) => model.on(trait, show));
  return () => traits.forEach((trait) => model.off(trait, show));
}

/** The words, their probability of being valid, and the same in a word. */
function verdictPanel() {
  const words = h("span", { class: "w-words" });
  const number = h("strong", { "data-role": "probability" });
  const judged = h("span", { "data-role": "verdict" });
  const meter = h("div", {});
  const element = h("div", { class: "w-verdict" }, h("p", {}, "“", words, "”"), meter, h("p", {}, "P(valid) = ", number, ": ", judged));
  return {
    element,
    text: () => `${words.textContent}: ${number.textContent}, ${judged.textContent}`,
    show(ngram, chance) {
      words.textContent = ngram.join(" ");
      number.textContent = percent(chance);
      number.dataset.value = String(chance);
      judged.textContent = chance >= 0.5 ? "more likely valid than broken" : "more likely broken than valid";
      meter.replaceChildren(bar(chance));
    },
  };
}

/** A probability as a percentage that never rounds to certainty. */
function percent(chance) {
  if (chance > 0.999) return "> 99.9 %";
  if (chance < 0.001) return "< 0.1 %";
  return `${(100 * chance).toFixed(1)} %`;
}

export default { render };
