import { announce, freshId, h, slider } from "./dom.js";
import { chainForward, chainTerms, firstReached, total, weightShares } from "./bptt.js";
import { raised, shortNumber } from "./magnitudes.js";
import { subscripts } from "./subscripts.js";
import { sizeChart, tapeDrawing } from "./tape_drawing.js";

const TRAITS = ["weight", "length", "window", "step", "squash", "view"];

function render({ model, el }) {
  el.classList.add("unrolled", "w-tape");
  const range = model.get("weight_range");
  const longest = model.get("inputs").length;
  const formula = h("p", { "data-role": "formula" });
  const strip = h("div", { class: "tape-scroll", tabindex: "0", role: "group", "aria-label": "The tape, step by step" });
  const chart = h("div", { class: "tape-sizes" });
  const sum = h("p", { class: "tape-sum", "data-role": "sum" });
  const reach = h("p", { "data-role": "reach" });
  const table = h("div", { class: "tape-scroll", tabindex: "0", role: "group", "aria-label": "The terms as a table" });
  const controls = {
    weight: control("Recurrent weight", "weight", { ...range, format: (x) => x.toFixed(2).replace("-", "−") }),
    length: control("Length", "length", { min: 2, max: longest, step: 1, format: stepCount }),
    window: control("Cut behind every", "window", { min: 1, max: longest, step: 1, format: stepCount }),
    step: control("", "step", { min: 1, max: longest, step: 1 }),
  };
  const squash = h("input", { type: "checkbox", "data-role": "squash", onchange: () => set({ squash: squash.checked }) });
  const views = viewChoice((view) => set({ view }));

  controls.weight.querySelector("label").replaceChildren(...subscripts("Recurrent weight W_s"));

  function control(label, trait, bounds) {
    const row = slider(label, { ...bounds, value: model.get(trait) }, (value) => set(trait === "length" ? lengthened(model, value) : { [trait]: value }));
    row.input.setAttribute("data-role", trait);
    return row;
  }

  function set(changes) {
    for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
    model.save_changes();
    announce(el, `${sum.textContent} ${reach.textContent}`);
  }

  function show() {
    const state = tapeState(model);
    controls.window.input.max = controls.step.input.max = state.length;
    for (const [trait, row] of Object.entries(controls)) row.set(trait in state ? state[trait] : model.get(trait));
    controls.step.querySelector("label").replaceChildren(...subscripts(state.view === "loss" ? "The loss L_t, t =" : "The memory h_k, k ="));
    squash.checked = state.squash;
    views.set(state.view);
    const at = strip.scrollLeft;
    formula.replaceChildren(...subscripts(formulaText(state)));
    strip.replaceChildren(tapeDrawing(state));
    strip.scrollLeft = at;
    chart.replaceChildren(sizeChart(state));
    sum.replaceChildren(...subscripts(sumText(state)));
    reach.replaceChildren(...subscripts(reachText(state)));
    table.replaceChildren(termTable(state));
  }

  el.append(
    h("p", {}, ...subscripts("h_t = f(W_s h_{t−1} + x_t) from h_0 = 0. The loss of a step is L_t = h_t, so that every backward pass starts from 1.")),
    controls.weight, controls.length, controls.window, strip, sum, reach,
    h("label", { class: "tape-check" }, squash, "f is tanh (else f leaves its input as it is)"),
    views.element, controls.step, formula, chart,
    h("details", {}, h("summary", {}, "Every term as a table"), table),
  );
  show();
  strip.scrollLeft = strip.scrollWidth; // the gradient starts at the end
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  return () => TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
}

/** A new length takes the whole window and the last loss along. */
function lengthened(model, length) {
  const [before, window, step] = ["length", "window", "step"].map((trait) => model.get(trait));
  return {
    length,
    window: window >= before ? length : Math.min(window, length),
    step: step >= before ? length : Math.min(step, length),
  };
}

/** All that is shown follows from here: the chain, and the terms of the chosen loss or memory. */
function tapeState(model) {
  const [weight, length, squash, view] = ["weight", "length", "squash", "view"].map((trait) => model.get(trait));
  const [window, step] = ["window", "step"].map((trait) => Math.min(model.get(trait), length));
  const inputs = model.get("inputs").slice(0, length);
  const chain = { weight, ...chainForward({ weight, inputs, squash }) };
  const back = (t, cut = window) => chainTerms(chain, t, firstReached(t, cut));
  const steps = Array.from({ length }, (_, i) => i + 1);
  const cells = view === "loss"
    ? steps.filter((k) => k <= step).map((k) => ({ t: step, k, at: k, value: back(step)[k] }))
    : steps.filter((t) => t >= step).map((t) => ({ t, k: step, at: t, value: back(t)[step] }));
  return { weight, length, window, step, squash, view, inputs, chain, cells, back };
}

function stepCount(count) {
  return count === 1 ? "1 step" : `${count} steps`;
}

function formulaText({ view, squash, step, weight }) {
  const factor = squash ? "W_s (1 − h_j²)" : "W_s";
  const which = view === "loss" ? `from h_${step} back to each h_k` : `from each h_t back to h_${step}`;
  const weightText = squash ? "" : ` = ${shortNumber(weight)} each`;
  return `Each term is a product of one factor ${factor}${weightText} per step on the way ${which}.`;
}

/** The terms, added up: to the gradient of the weight, or to all that is known of one memory. */
function sumText({ view, chain, length, step, window, cells, back }) {
  if (view === "memory") {
    const sum = shortNumber(total(cells.map((cell) => cell.value)));
    return `The sum of the terms is dL/dh_${step} = ${sum}, where L = L_1 + … + L_${length}.`;
  }
  const [kept, whole] = [back(step), back(step, length)].map((terms) => total(weightShares(chain, terms)));
  const cut = firstReached(step, window) > 1 ? ` Without the cut it would be ${shortNumber(whole)}.` : "";
  return `The sum of dL_${step}/dh_k × dh_k/dW_s over all k is dL_${step}/dW_s = ${shortNumber(kept)}.${cut}`;
}

/** What x_1 does to the last memory asked about, and what the gradient says of it. */
function reachText({ view, chain, length, step, window, squash, weight, back }) {
  const t = view === "loss" ? step : length;
  const truth = back(t, length)[1] * chain.slopes[1];
  const power = squash || t === 1 ? "" : ` (${shortNumber(weight)}${raised(t - 1)})`;
  const forward = `Forward: a little more x_1 changes h_${t} ${shortNumber(truth)} times as much${power}.`;
  if (firstReached(t, window) === 1) return `${forward} Backward: dL_${t}/dx_1 is the same number.`;
  return `${forward} The forward arrows are all there. Backward: dL_${t}/dx_1 = 0, for the tape is cut in between.`;
}

function termTable({ view, chain, step, cells }) {
  const shares = view === "loss" ? weightShares(chain, cells.reduce((terms, cell) => Object.assign(terms, { [cell.k]: cell.value }), [0])) : [];
  const titles = view === "loss"
    ? ["k", "h_k", `dL_${step}/dh_k`, "dh_k/dW_s", "product"]
    : ["t", "h_t", `dL_t/dh_${step}`];
  const rows = cells.map(({ at, k, t, value }) => {
    const own = chain.slopes[k] * chain.h[k - 1];
    const numbers = [chain.h[at], value, ...(view === "loss" ? [own, shares[k]] : [])];
    return h("tr", { "data-term": `${t} ${k}` }, h("th", { scope: "row" }, at), ...numbers.map((x) => h("td", {}, shortNumber(x))));
  });
  const sums = view === "loss" ? ["", "", "", shortNumber(total(shares))] : ["", shortNumber(total(cells.map((cell) => cell.value)))];
  return h(
    "table", {},
    h("thead", {}, h("tr", {}, ...titles.map((title) => h("th", { scope: "col" }, ...subscripts(title))))),
    h("tbody", {}, ...rows),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "sum"), ...sums.map((text) => h("td", {}, text)))),
  );
}

/** One loss and all memories, or one memory and all losses. */
function viewChoice(onChange) {
  const group = freshId("tape-view");
  const options = { loss: "one loss, back to every memory", memory: "one memory, from every loss" };
  const inputs = Object.keys(options).map((value) => h("input", { type: "radio", name: group, value, "data-role": `view-${value}`, onchange: () => onChange(value) }));
  const labels = inputs.map((input) => h("label", { class: "tape-check" }, input, options[input.value]));
  const element = h("fieldset", {}, h("legend", {}, "Show"), h("div", { class: "tape-views" }, ...labels));
  return { element, set: (view) => inputs.forEach((input) => (input.checked = input.value === view)) };
}

export default { render };
