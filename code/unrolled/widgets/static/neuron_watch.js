import { announce, freshId, h, slider, svg } from "./dom.js";
import { signedNumber } from "./memory_strip.js";
import { bar, refill } from "./ranking.js";
import { textReader } from "./reading.js";
import { decodeRecurrent } from "./recurrence.js";
import { largest } from "./vectors.js";
import { TRAITS, anyOf, bestDetector, encodeKnown, shownCharacter, unitCorrelations } from "./watching.js";

const FOUND = 5;
const MOST_CHARACTERS = 2000;
const TYPING_REST = 350;
const OWN = "own";

async function render({ model, el }) {
  el.classList.add("unrolled", "w-watch");
  const network = decodeRecurrent(model.get("weights"), model.get("shape"));
  const alphabet = model.get("alphabet");
  const reader = textReader(network);
  const H = network.hidden;
  let characters = []; // the text that has been read
  let activations = new Float64Array(0); // (T, H)
  let at = 0;

  const picker = unitPicker(model, H, (unit) => set("unit", unit));
  const search = traitSearch(() => show());
  const results = h("div", { "data-role": "found" });
  const verdict = h("p", { "data-role": "verdict" });
  const text = h("div", { class: "nw-text", tabindex: 0, role: "group", "data-role": "text", onclick: (event) => point(event) });
  const spark = h("div", {});
  const look = slider("Character", { min: 1, max: 1, step: 1, value: 1, format: (n) => (characters.length ? reading(n - 1) : "") }, (n) => mark(n - 1));
  look.input.setAttribute("data-role", "character");
  const own = ownText(model, (typed) => set("text", typed));
  const progress = h("p", { class: "w-muted w-note", role: "status", "data-role": "progress" });

  const valueAt = (t) => activations[t * H + model.get("unit")];
  const reading = (t) => `${t + 1}, ${shownCharacter(characters[t])}: ${signedNumber(valueAt(t), 3)}`;

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
  }

  async function read() {
    const { known, ids, unknown } = encodeKnown(model.get("text"), alphabet);
    own.explain(unknown, known.length);
    if (!known) return;
    const states = await reader.read([0, ...ids.slice(0, MOST_CHARACTERS)], (done) => (progress.textContent = `Reading: ${done} of ${ids.length} characters`));
    if (!states) return;
    progress.textContent = "";
    characters = Array.from(known).slice(0, MOST_CHARACTERS);
    activations = new Float64Array(characters.length * H);
    states.slice(1).forEach(({ hidden }, t) => activations.set(hidden, t * H));
    text.replaceChildren(...characters.map((character, t) => h("span", { class: "nw-char", "data-at": t }, character === "\n" ? "⏎\n" : character)));
    look.input.max = String(characters.length);
    at = Math.min(at, characters.length - 1);
    show();
  }

  function show() {
    const unit = model.get("unit");
    picker.show(unit);
    const values = characters.map((_, t) => valueAt(t));
    [...text.children].forEach((span, t) => {
      span.classList.toggle("nw-negative", values[t] < 0);
      span.style.setProperty("--nw-depth", `${(50 * Math.abs(values[t])).toFixed(0)}%`);
      span.style.setProperty("--nw-line", `${(4 * Math.abs(values[t])).toFixed(1)}px`);
    });
    text.setAttribute("aria-label", `The text, colored by unit ${unit}`);
    const trait = search.trait(characters.join(""));
    spark.replaceChildren(sparkline(values, trait, unit));
    tell(values, trait, unit);
    mark(at);
    look.set(at + 1);
  }

  function tell(values, trait, unit) {
    const count = trait.filter(Boolean).length;
    const name = search.name();
    if (!count || count === trait.length) {
      verdict.textContent = count ? `All characters of this text are ${name}.` : `This text has no ${name}.`;
      results.replaceChildren();
    } else {
      const scores = unitCorrelations(activations, H, trait);
      const best = largest(scores.map(Math.abs), FOUND);
      verdict.textContent = detectorWords(unit, name, scores[unit], bestDetector(values, trait));
      refill(results, h("p", { class: "w-title" }, `The units that follow ${name} best`), foundList(best, scores, unit, (next) => set("unit", next)));
    }
    announce(el, `Unit ${unit}. ${verdict.textContent}`);
  }

  function mark(t) {
    text.querySelector(".nw-at")?.classList.remove("nw-at");
    at = t;
    const span = text.children[t];
    span?.classList.add("nw-at");
    spark.querySelector(".nw-cursor")?.setAttribute("transform", `translate(${t} 0)`);
    if (span && document.activeElement === look.input) text.scrollTop = span.offsetTop - text.offsetTop - text.clientHeight / 2;
  }

  function point(event) {
    const place = event.target.closest?.("[data-at]")?.dataset.at;
    if (place === undefined) return;
    mark(Number(place));
    look.set(at + 1);
  }

  el.append(
    picker.element, search.element, verdict, progress, text, look, spark, results, own.element,
    h("p", { class: "w-muted" }, "Under a character is the unit's value after the model has read it: blue with a line below for positive, orange with a line above for negative; the stronger the value, the deeper the color and the thicker the line. The curve shows the same values; the ticks below it stand where the characters are that you search for. ", model.get("note")),
  );
  await read();
  model.on("change:unit", show);
  model.on("change:text", read);
  return () => {
    model.off("change:unit", show);
    model.off("change:text", read);
    reader.read([]); // stops a reading under way
  };
}

/** How well a unit follows a trait, in words. */
function detectorWords(unit, name, correlation, { threshold, above, hits, present, falseAlarms, absent }) {
  const side = above ? "above" : "below";
  return `Unit ${unit} and ${name}: correlation ${signedNumber(correlation)}. It is ${side} ${signedNumber(threshold)} at ${hits} of ${present} characters that are ${name}, and at ${falseAlarms} of ${absent} others. (The threshold is the best one for this very text.)`;
}

function foundList(best, scores, unit, onPick) {
  return h("ol", { class: "w-ranking" }, ...best.map((index) => h(
    "li", {},
    h("span", { class: "w-name" }, h("button", { type: "button", "data-unit": index, "aria-pressed": String(index === unit), onclick: () => onPick(index) }, `unit ${index}`)),
    bar(Math.abs(scores[index])), h("span", { class: "w-value", "data-value": scores[index] }, signedNumber(scores[index])),
  )));
}

/** The unit over the whole text, with a mark under each character that has the trait. */
function sparkline(values, trait, unit) {
  const y = (value) => (24 - 22 * value).toFixed(1);
  const label = `Unit ${unit} over ${values.length} characters: from ${signedNumber(Math.min(...values))} to ${signedNumber(Math.max(...values))}.`;
  const marks = trait.flatMap((has, t) => (has ? [`M${t} 50V56`] : [])).join("");
  return svg(
    "svg", { viewBox: `-1 0 ${values.length + 1} 58`, preserveAspectRatio: "none", class: "nw-spark", role: "img", "aria-label": label, "data-role": "spark" },
    svg("line", { x1: 0, x2: values.length, y1: 24, y2: 24, class: "nw-zero" }),
    svg("polyline", { points: values.map((value, t) => `${t},${y(value)}`).join(" "), class: "nw-line" }),
    svg("path", { d: marks || "M0 0", class: "nw-marks" }), svg("line", { x1: 0, x2: 0, y1: 0, y2: 48, class: "nw-cursor" }),
  );
}

/** Previous, next, a number, and the units that Python lists. */
function unitPicker(model, H, onUnit) {
  const id = freshId("unit");
  const input = h("input", { id, type: "number", min: 0, max: H - 1, "data-role": "unit", onchange: () => {
    const typed = Math.round(Number(input.value));
    const kept = Number.isFinite(typed) ? Math.max(0, Math.min(H - 1, typed)) : model.get("unit");
    input.value = String(kept);
    onUnit(kept);
  } });
  const step = (role, label, by) => h("button", { type: "button", "data-role": role, onclick: () => onUnit((model.get("unit") + by + H) % H) }, label);
  const listed = model.get("units").map(({ index, label, score }) => h("button", { type: "button", "data-listed": index, onclick: () => onUnit(index) }, `${index}: ${label} (${signedNumber(score)})`));
  const element = h(
    "div", {},
    h("div", { class: "w-row" }, step("previous", "← Previous", -1), h("label", { for: id }, "Unit"), input, h("span", { class: "w-muted" }, `of 0 to ${H - 1}`), step("next", "Next →", 1)),
    listed.length ? h("div", { class: "w-row", role: "group", "aria-label": "Units to begin with" }, h("span", {}, "Begin with unit"), ...listed) : null,
  );
  return {
    element,
    show(unit) {
      input.value = String(unit);
      listed.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.listed) === unit)));
    },
  };
}

/** What to find units for: a trait from the list, or characters of the reader's choice. */
function traitSearch(onChange) {
  const ids = { select: freshId("trait"), own: freshId("own") };
  const select = h("select", { id: ids.select, "data-role": "trait", onchange: change },
    ...TRAITS.map(([name], i) => h("option", { value: i }, name)), h("option", { value: OWN }, "characters of my choice"));
  const input = h("input", { id: ids.own, type: "text", maxlength: 20, value: "!?", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "data-role": "own-characters", oninput: change });
  const choice = h("span", { class: "w-row", hidden: true }, h("label", { for: ids.own }, "namely"), input);
  const isOwn = () => select.value === OWN;

  function change() {
    choice.hidden = !isOwn();
    onChange();
  }

  return {
    element: h("div", { class: "w-row" }, h("label", { for: ids.select }, "Find units that react to"), select, choice),
    name: () => (isOwn() ? `one of “${input.value}”` : TRAITS[Number(select.value)][0]),
    trait: (text) => (isOwn() ? anyOf(text, input.value) : TRAITS[Number(select.value)][1](text)),
  };
}

/** A text of the reader's own. */
function ownText(model, onText) {
  const id = freshId("text");
  const original = model.get("text");
  let timer = 0;
  const area = h("textarea", { id, rows: 5, maxlength: MOST_CHARACTERS, "data-role": "own-text", spellcheck: "false", oninput: () => {
    clearTimeout(timer);
    timer = setTimeout(() => onText(area.value), TYPING_REST);
  } });
  area.value = original;
  const note = h("p", { class: "w-error w-note", role: "status", "data-role": "own-note" });
  const reset = h("button", { type: "button", "data-role": "reset", onclick: () => {
    area.value = original;
    onText(original);
  } }, "The given text again");
  const element = h("details", {}, h("summary", {}, "Let it read a text of your own"), h("label", { for: id }, `Your text (up to ${MOST_CHARACTERS.toLocaleString("en-US")} characters)`), area, note, h("div", { class: "w-row" }, reset));
  return {
    element,
    explain(unknown, known) {
      const named = unknown.slice(0, 8).map(shownCharacter).join(", ");
      if (!known) note.textContent = "Type at least one character that the model knows; until then it keeps the last text.";
      else note.textContent = unknown.length ? `The model has never seen ${named}; it reads the text without.` : "";
    },
  };
}

export default { render };
