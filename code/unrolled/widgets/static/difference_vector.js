import { announce, h, slider } from "./dom.js";
import { lexicon } from "./lexicon.js";
import { combine, cosine, decodeSpace, difference, meanVector, nearest, vectorAt } from "./vectors.js";
import { rankingList } from "./ranking.js";
import { wordField } from "./word_field.js";

const ANSWERS = 5;
const MEAN = "mean";
const OTHERS = "others";

function render({ model, el }) {
  el.classList.add("unrolled", "w-difference");
  const space = decodeSpace(model.get("words"), model.get("vectors"), model.get("width"));
  const book = lexicon(space.words);
  const pairs = model.get("pairs").map((pair) => pair.map(book.find));
  const steps = pairs.map((pair) => difference(space, pair));
  const list = h("div", { "data-role": "neighbors" });
  const formula = h("p", { class: "w-title", "data-role": "formula" });
  const remark = h("p", { class: "w-muted", "data-role": "remark" });
  const starts = model.get("starts").map(([word]) => h("button", { type: "button", "data-start-word": word, onclick: () => set("word", word) }, word));
  const field = wordField("or any other word", { lexicon: book, role: "word", value: model.get("word") }, (_, word) => set("word", word));
  const choice = directionChoice(model.get("pairs"), (value) => set("direction", value));
  const range = { min: -0.5, max: 1.5, step: 0.05, value: model.get("position"), format: (t) => signed(t) };
  const position = slider("How far, t", range, (t) => set("position", t));
  position.input.setAttribute("data-role", "position");
  const box = h("input", { type: "checkbox", "data-role": "exclude", onchange: () => set("exclude_start", box.checked) });

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
    if (trait === "word") field.set(value, true);
    announce(el, `${formula.textContent}: ${list.querySelector("[data-word]").textContent}.`);
  }

  function show() {
    const word = model.get("word");
    const start = book.find(word);
    const t = model.get("position");
    const { step, name } = direction(model.get("direction"), steps, pairs, start, model.get("pairs"));
    field.set(word);
    position.set(t);
    choice.set(model.get("direction"));
    box.checked = model.get("exclude_start");
    starts.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.startWord === word)));
    const excluded = box.checked ? [start] : [];
    const found = nearest(space, combine([[1, vectorAt(space, start)], [t, step]]), ANSWERS, excluded);
    formula.textContent = t === 0 ? `${word} itself (t = 0) is nearest to` : `${word} ${signed(t).replace(/(^.)/, "$1 ")} × (${name}) is nearest to`;
    list.replaceChildren(rankingList(found.map((item) => ({ ...item, note: item.index === start ? "(the start)" : "" }))));
    remark.textContent = model.get("starts").find(([name]) => name === word)?.[1] ?? "";
  }

  el.append(
    h("div", { class: "w-row", role: "group", "aria-label": "Start from" }, h("span", {}, "Start from"), ...starts),
    field, position, choice.element,
    h("label", { class: "w-check" }, box, "Leave the start word out of the answers"),
    formula, list, remark, agreement(model.get("pairs"), steps),
  );
  show();
  const traits = ["word", "position", "direction", "exclude_start"].map((trait) => `change:${trait}`);
  traits.forEach((trait) => model.on(trait, show));
  return () => traits.forEach((trait) => model.off(trait, show));
}

/** Which difference the slider walks along. */
function directionChoice(pairs, onChange) {
  const options = [
    [MEAN, `the mean of all ${pairs.length} differences`],
    [OTHERS, "the mean without the start word's own pair"],
    ...pairs.map(([from, to], i) => [String(i), `${to} − ${from} alone`]),
  ];
  const select = h("select", { "data-role": "direction", onchange: () => onChange(select.value) }, ...options.map(([value, text]) => h("option", { value }, text)));
  const element = h("label", { class: "w-choice" }, h("span", {}, "Direction"), select);
  return { element, set: (value) => (select.value = value) };
}

function direction(choice, steps, pairs, start, names) {
  if (choice === MEAN) return { step: meanVector(steps), name: "mean difference" };
  if (choice === OTHERS) {
    const others = steps.filter((_, i) => !pairs[i].includes(start));
    if (!others.length) return { step: meanVector(steps), name: "mean difference: there is no other pair" };
    return { step: meanVector(others), name: `mean of ${others.length} differences` };
  }
  const [from, to] = names[Number(choice)];
  return { step: steps[Number(choice)], name: `${to} − ${from}` };
}

/** Do the pairs point the same way? The mean holds each pair's own step, so the others' mean is the fairer test. */
function agreement(names, steps) {
  const mean = meanVector(steps);
  const rows = steps.map((step, i) => {
    const others = steps.filter((_, j) => j !== i);
    const fair = others.length ? cosine(step, meanVector(others)).toFixed(2) : "none";
    return h(
      "tr", { "data-pair": names[i].join(" ") }, h("th", { scope: "row" }, `${names[i][0]} → ${names[i][1]}`),
      h("td", { class: "w-value" }, cosine(step, mean).toFixed(2)), h("td", { class: "w-value" }, fair),
    );
  });
  const head = h(
    "tr", {}, h("th", { scope: "col" }, "Pair"), h("th", { scope: "col", class: "w-value" }, "with the mean of all"),
    h("th", { scope: "col", class: "w-value" }, "with the mean of the others"),
  );
  const table = h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
  return h("details", {}, h("summary", {}, "Cosine of each pair's own difference with the mean"), h("div", { class: "w-scroll" }, table));
}

/** A number with its sign, as it stands in a sum. */
function signed(t) {
  return `${t < 0 ? "−" : "+"}${Math.abs(t).toFixed(2)}`;
}

export default { render };
