import { announce, h } from "./dom.js";
import { lexicon } from "./lexicon.js";
import { analogy, decodeSpace, nearest, vectorAt } from "./vectors.js";
import { listed, rankingList, refill } from "./ranking.js";
import { wordField } from "./word_field.js";
import { wordMap } from "./word_map.js";

const NEIGHBORS = 10;
const ANSWERS = 5;

function render({ model, el }) {
  el.classList.add("unrolled", "w-explorer");
  const space = decodeSpace(model.get("words"), model.get("vectors"), model.get("width"));
  const book = lexicon(space.words);
  const parts = [neighborhood(model, el, space, book), analogies(model, el, space, book)];
  el.append(...parts.map((part) => part.element));
  parts.forEach((part) => part.start());
  return () => parts.forEach((part) => part.stop());
}

/** The word, its neighbors, its map. */
function neighborhood(model, el, space, book) {
  const map = wordMap();
  const list = h("div", { class: "w-columns", "data-role": "neighbors" });
  const title = h("p", { class: "w-title" });
  const field = wordField("Word", { lexicon: book, role: "word", value: model.get("word") }, (_, word) => choose(word));
  let shown = "";

  function choose(word) {
    show(word);
    model.set("word", word);
    model.save_changes();
    announce(el, `Nearest to ${word}: ${listed(found(word).slice(0, 5).map((item) => item.word))}.`);
  }

  function found(word) {
    const index = book.find(word);
    return nearest(space, vectorAt(space, index), NEIGHBORS, [index]);
  }

  function show(word) {
    shown = word;
    const near = found(word);
    field.set(word, true);
    title.replaceChildren("Nearest to ", h("em", {}, word), ", by cosine");
    refill(list, rankingList(near, choose));
    const on = (kind) => (name) => ({ word: name, kind, vector: vectorAt(space, book.find(name)) });
    const names = near.map((item) => item.word);
    const anchors = model.get("anchors").filter((name) => name !== word && !names.includes(name));
    map.draw([on("center")(word), ...names.map(on("near")), ...anchors.map(on("anchor"))]);
  }

  const changed = () => model.get("word") !== shown && show(model.get("word"));
  model.on("change:word", changed);
  return {
    element: h("div", {}, h("div", { class: "w-row" }, field), title, list, map.element),
    start: () => show(model.get("word")),
    stop() {
      model.off("change:word", changed);
      map.stop();
    },
  };
}

/** a is to b as c is to what? */
function analogies(model, el, space, book) {
  const words = () => model.get("analogy");
  const list = h("div", { "data-role": "answers" });
  const formula = h("p", { class: "w-title", "data-role": "formula" });
  const fields = ["a", "b", "c"].map((name, i) => wordField(
    ["First word", "is to", "as this word"][i], { lexicon: book, role: name, value: words()[i] },
    (_, word) => set("analogy", words().map((old, j) => (j === i ? word : old))),
  ));
  const box = h("input", { type: "checkbox", "data-role": "exclude", onchange: () => set("exclude_inputs", box.checked) });

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
    announce(el, `${words()[0]} is to ${words()[1]} as ${words()[2]} is to: ${list.querySelector("[data-word]").textContent}.`);
  }

  function show() {
    const [a, b, c] = words().map(book.find);
    fields.forEach((field, i) => field.set(words()[i]));
    box.checked = model.get("exclude_inputs");
    const inputs = (i) => ([a, b, c].includes(i) ? "(one of the three)" : "");
    const answers = nearest(space, analogy(space, a, b, c), ANSWERS, box.checked ? [a, b, c] : []);
    formula.textContent = `${words()[1]} − ${words()[0]} + ${words()[2]} is nearest to`;
    list.replaceChildren(rankingList(answers.map((item) => ({ ...item, note: inputs(item.index) }))));
  }

  const traits = ["change:analogy", "change:exclude_inputs"];
  traits.forEach((trait) => model.on(trait, show));
  return {
    element: h(
      "fieldset", {}, h("legend", {}, "Analogy"),
      h("div", { class: "w-row w-top" }, ...fields, h("p", { class: "w-what" }, "is to what?")),
      h("label", { class: "w-check" }, box, "Leave the three words themselves out of the answers"), formula, list,
    ),
    start: show,
    stop: () => traits.forEach((trait) => model.off(trait, show)),
  };
}

export default { render };
