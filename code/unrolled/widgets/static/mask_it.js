import { announce, freshId, h } from "./dom.js";
import { leaksOf, maskedScores, mixedValues, scaledScores, softmaxRow, weightsOf } from "./attention.js";
import { shortNumber } from "./magnitudes.js";

const TRAITS = ["mask", "fill", "row"];
const FILLS = { "minus-infinity": -Infinity, zero: 0 };
const PRESETS = {
  causal: ["Causal", (i, j) => j <= i],
  open: ["No mask", () => true],
  strict: ["Not even itself", (i, j) => j < i],
  alone: ["Only itself", (i, j) => j === i],
};
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** A share with three decimals. */
function shareText(share) {
  return Number.isNaN(share) ? "NaN" : share.toFixed(3);
}

function render({ model, el }) {
  el.classList.add("unrolled", "w-mask");
  const words = model.get("words");
  const T = words.length;
  const values = model.get("value_vectors");
  const scores = scaledScores(model.get("query_vectors"), model.get("key_vectors"));
  const cells = words.map((_, i) => words.map((__, j) => maskCell(i, j)));
  const rowButtons = words.map((word, i) => h("button", { type: "button", class: "mk-row", "data-role": "row", "data-row": i, onclick: () => set({ row: i }) }, word));
  const leakCells = words.map((_, i) => h("td", { "data-role": "leak", "data-row": i }));
  const summary = h("p", { class: "mk-summary", "data-role": "summary" });
  const detail = h("div", { class: "wt-scroll mk-detail", tabindex: 0, role: "group", "aria-label": "One row, step by step" });
  const says = h("p", { "data-role": "says" });
  const fills = fillChoice((fill) => set({ fill }));
  const presets = Object.entries(PRESETS).map(([name, [label, allows]]) => h("button", { type: "button", "data-preset": name, onclick: () => set({ mask: words.map((_, i) => words.map((__, j) => allows(i, j))) }) }, label));
  let painting = null; // the value that a dragged mouse spreads, and where it began
  let current = [0, 0]; // the cell that Tab leads to

  function maskCell(i, j) {
    return h("button", {
      type: "button", class: "mk-cell", "data-cell": `${i} ${j}`, tabindex: i || j ? -1 : 0,
      onclick: () => painting?.dragged || set({ row: i, mask: painted(i, j, !model.get("mask")[i][j]) }),
      onkeydown: (event) => walk(event, i, j),
      onfocus: () => move(i, j),
      onpointerdown: (event) => { painting = { value: !model.get("mask")[i][j], start: [i, j], dragged: false, mouse: event.pointerType !== "touch" }; },
      onpointerover: (event) => paintOver(event, i, j),
    });
  }

  function painted(i, j, value) {
    return model.get("mask").map((row, r) => row.map((old, c) => (r === i && c === j ? value : old)));
  }

  function paintOver(event, i, j) {
    if (!painting?.mouse || !(event.buttons & 1)) return;
    if (!painting.dragged && painting.start[0] === i && painting.start[1] === j) return;
    if (!painting.dragged) model.set("mask", painted(...painting.start, painting.value));
    painting.dragged = true;
    set({ row: i, mask: painted(i, j, painting.value) });
  }

  function walk(event, i, j) {
    painting = null;
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const [row, column] = [i + step[0], j + step[1]].map((place) => Math.min(T - 1, Math.max(0, place)));
    cells[row][column].focus();
  }

  function move(i, j) {
    cells[current[0]][current[1]].tabIndex = -1;
    cells[i][j].tabIndex = 0;
    current = [i, j];
  }

  function set(changes) {
    model.set(changes);
    model.save_changes();
    show(); // at once, whoever else listens
    announce(el, summary.textContent);
  }

  function show() {
    const [mask, fill, row] = [model.get("mask"), FILLS[model.get("fill")], model.get("row")];
    const weights = weightsOf(scores, mask, fill);
    const leaks = leaksOf(weights);
    cells.forEach((line, i) => line.forEach((cell, j) => {
      const weight = weights[i][j];
      const leak = j > i && weight > 0;
      const state = mask[i][j] ? "allowed" : "forbidden";
      cell.setAttribute("aria-pressed", String(mask[i][j]));
      cell.setAttribute("aria-label", `${words[i]} looks at ${words[j]}: ${state}, weight ${shareText(weight)}${leak ? ", a later word leaks" : ""}`);
      cell.dataset.weight = weight;
      cell.classList.toggle("mk-leak", leak);
      cell.style.setProperty("--share", Number.isNaN(weight) ? 0 : weight);
      cell.replaceChildren(shareText(weight), h("span", { class: "mk-sign" }, `${mask[i][j] ? "✓" : "✕"}${leak ? " leak" : ""}`));
    }));
    leakCells.forEach((cell, i) => {
      cell.textContent = shareText(leaks[i]);
      cell.dataset.leak = leaks[i];
      cell.classList.toggle("mk-bad", !(leaks[i] === 0));
    });
    rowButtons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === row)));
    fills.set(model.get("fill"));
    summary.textContent = summaryText(leaks);
    detail.replaceChildren(rowTable(row, maskedScores(scores, mask, fill)[row], weights[row], mask[row]));
    says.textContent = rowText(row, weights, leaks);
  }

  function summaryText(leaks) {
    const broken = words.filter((_, i) => Number.isNaN(leaks[i]));
    if (broken.length) return `${broken.join(", ")}: nothing is allowed, so there is nothing to share out: 0 divided by 0, not a number. One such row spoils the whole network.`;
    const leaking = words.map((word, i) => (leaks[i] > 0 ? `${word} (${shareText(leaks[i])})` : null)).filter(Boolean);
    return leaking.length ? `Leaks: ${leaking.join(", ")} take from later words.` : "Nothing leaks: no word takes anything from a later one.";
  }

  function rowText(row, weights, leaks) {
    if (Number.isNaN(leaks[row])) return `${words[row]} may look at nothing. Its vector is not a number.`;
    const output = mixedValues(weights, values)[row].map(shortNumber).join(", ");
    const most = weights[row].indexOf(Math.max(...weights[row]));
    return `${words[row]} takes most from ${words[most]} (${shareText(weights[row][most])}). The weights sum to 1; its new vector is (${output}).`;
  }

  function rowTable(row, masked, weights, allowed) {
    const highest = Math.max(...masked);
    const lines = {
      "score": scores[row].map(shortNumber),
      "after the mask": masked.map(shortNumber),
      "exponential": masked.map((x) => (highest === -Infinity ? "0" : shortNumber(Math.exp(x)))),
      "weight": softmaxRow(masked).map(shareText),
    };
    const marked = words.map((word, j) => `${word}${allowed[j] ? "" : " ✕"}`);
    return h(
      "table", {}, h("caption", { class: "w-unseen" }, `The row of ${words[row]}`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, words[row]), ...marked.map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", {}, ...Object.entries(lines).map(([name, numbers]) => h("tr", { "data-line": name }, h("th", { scope: "row" }, name), ...numbers.map((text) => h("td", {}, text))))),
    );
  }

  el.append(
    h("div", { class: "w-row", role: "group", "aria-label": "Masks to begin with" }, h("span", {}, "Masks"), ...presets),
    fills.element,
    h("p", { class: "w-muted" }, "A row looks, a column is looked at. ✓ allowed, ✕ forbidden. Click, drag, or use the arrow keys and the space bar."),
    h("div", { class: "wt-scroll" }, h(
      "table", { class: "wt-table", "aria-label": "Mask and weights" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "looks at →"), ...words.map((word) => h("th", { scope: "col" }, word)), h("th", { scope: "col" }, "from later"))),
      h("tbody", {}, ...words.map((_, i) => h("tr", {}, h("th", { scope: "row" }, rowButtons[i]), ...cells[i].map((cell) => h("td", {}, cell)), leakCells[i]))),
    )),
    summary, detail, says,
  );
  show();
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  return () => TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
}

/** What stands in the place of a forbidden score. */
function fillChoice(onChange) {
  const group = freshId("fill");
  const labels = { "minus-infinity": "minus infinity", zero: "0 (the mistake)" };
  const inputs = Object.keys(labels).map((value) => h("input", { type: "radio", name: group, value, "data-role": `fill-${value}`, onchange: () => onChange(value) }));
  const element = h("fieldset", {}, h("legend", {}, "A forbidden score becomes"), ...inputs.map((input) => h("label", { class: "mk-choice" }, input, labels[input.value])));
  return { element, set: (fill) => inputs.forEach((input) => (input.checked = input.value === fill)) };
}

export default { render };
