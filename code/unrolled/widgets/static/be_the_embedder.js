import { announce, freshId, h } from "./dom.js";
import { lexicon } from "./lexicon.js";
import { cosine, decodeSpace, meanVector, nearest, standing, vectorAt } from "./vectors.js";
import { rankingList } from "./ranking.js";

const NEIGHBORS = 8;
const GUESSES = 3;
const ENOUGH = 2;

function render({ model, el }) {
  el.classList.add("unrolled", "w-embedder");
  const space = decodeSpace(model.get("words"), model.get("vectors"), model.get("width"));
  const book = lexicon(space.words);
  const fact = h("div", { "data-role": "fact", hidden: true });
  const reveal = () => {
    fact.hidden = false;
    fact.replaceChildren(h("p", {}, contrastSentence(space, book, model.get("contrast"))));
  };
  const task = "Write two or three words of the same family as each of these, before you look at the vectors' own.";
  el.append(h("p", {}, task), ...model.get("families").map((family) => familyPanel(el, space, book, family, reveal)), fact);
}

/** One word, the reader's guesses, and, once there are some, the vectors' own neighbors. */
function familyPanel(el, space, book, { name, words }, onReveal) {
  const own = words.map(book.find);
  const center = meanVector(own.map((index) => vectorAt(space, index)));
  const inputs = Array.from({ length: GUESSES }, (_, i) => h("input", {
    id: freshId("guess"), type: "text", autocomplete: "off", autocapitalize: "none", maxlength: "40", "data-role": `guess-${i}`,
    onkeydown: (event) => event.key === "Enter" && compare(),
  }));
  const labelled = inputs.map((input, i) => h(
    "div", { class: "w-guess" },
    h("label", { for: input.id }, h("span", { class: "w-unseen" }, `${name}: `), i < ENOUGH ? `Your word ${i + 1}` : "One more, if you like"), input,
  ));
  const result = h("div", { "data-role": "result", tabindex: "-1" });
  const button = h("button", { type: "button", class: "w-primary", "data-role": "compare", onclick: compare }, "Show the vectors' words");

  function compare() {
    const guesses = [...new Set(inputs.map((input) => input.value.trim()).filter(Boolean))];
    if (guesses.length < ENOUGH) {
      const missing = `First write at least two different words of your own for ${name}.`;
      result.replaceChildren(h("p", { class: "w-error" }, missing));
      announce(el, missing);
      inputs.find((input) => !input.value.trim())?.focus();
      return;
    }
    const near = nearest(space, center, NEIGHBORS, own);
    const yours = guesses.map((guess) => judged(space, book, { name, own, center }, guess));
    result.replaceChildren(h(
      "div", { class: "w-halves" },
      h("div", { "data-role": "yours" }, h("p", { class: "w-title" }, "Your words"), yoursTable(yours)),
      h("div", { "data-role": "theirs" }, h("p", { class: "w-title" }, theirTitle(name, words)), rankingList(near)),
    ));
    announce(el, `${yours.map(({ guess, text }) => `${guess}: ${text}`).join(". ")}. The vectors' nearest: ${near.slice(0, 4).map((item) => item.word).join(", ")}.`);
    button.textContent = "Compare again";
    onReveal();
  }

  return h("fieldset", { "data-family": name }, h("legend", {}, name), h("div", { class: "w-row w-guesses" }, ...labelled, button), result);
}

function theirTitle(name, words) {
  return words.length < 2 ? `Nearest to ${words[0]}` : `Nearest to the average of ${words.join(" and ")}`;
}

/** A guess of several words stands at their average, like the family's own. */
function judged(space, book, { name, own, center }, guess) {
  const parts = guess.split(/[\s-]+/).filter(Boolean);
  const whole = book.find(guess);
  const indices = whole >= 0 ? [whole] : parts.map(book.find);
  const unknown = parts.filter((_, i) => indices[i] === -1);
  if (unknown.length) {
    const close = book.spellings(unknown[0], 3);
    return { guess, text: `${parts.length > 1 ? `${unknown.join(", ")}: ` : ""}not among the ${space.size.toLocaleString("en-US")} words${close.length ? ` (close: ${close.join(", ")})` : ""}` };
  }
  if (indices.every((index) => own.includes(index))) return { guess, text: `that is ${name} itself` };
  const vector = meanVector(indices.map((index) => vectorAt(space, index)));
  const { cosine: near, rank } = standing(space, center, vector, [...own, ...indices]);
  return { guess, cosine: near, rank, text: `cosine ${near.toFixed(2)}, rank ${rank.toLocaleString("en-US")}` };
}

function yoursTable(yours) {
  const head = h("tr", {}, ...["Word", "Cosine", "Rank"].map((title) => h("th", { scope: "col" }, title)));
  const rows = yours.map(({ guess, cosine: near, rank, text }) => h(
    "tr", { "data-guess": guess }, h("th", { scope: "row" }, guess),
    ...(rank ? [h("td", {}, near.toFixed(2)), h("td", {}, rank.toLocaleString("en-US"))] : [h("td", { colspan: "2" }, text)]),
  ));
  return h("table", { class: "w-yours" }, h("thead", {}, head), h("tbody", {}, ...rows));
}

/** Near is not the same: says what the two cosines say, whichever way they turn out. */
function contrastSentence(space, book, pairs) {
  const [first, second] = pairs.map(([a, b]) => ({ names: `${a} and ${b}`, near: cosine(vectorAt(space, book.find(a)), vectorAt(space, book.find(b))) }));
  const figures = `The cosine of ${first.names} is ${first.near.toFixed(3)}, that of ${second.names} ${second.near.toFixed(3)}.`;
  const moral = first.near > second.near
    ? `So ${first.names} are the nearer pair. Near does not mean the same: near words turn up in the same company.`
    : `So ${second.names} are the nearer pair.`;
  return `${figures} ${moral}`;
}

export default { render };
