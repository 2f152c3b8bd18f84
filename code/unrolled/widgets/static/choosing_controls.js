// The controls for how the next token is chosen, tied to the traits of the interactive.

import { freshId, h, slider } from "./dom.js";

const MOST_K = 50;
const MOST_TOKENS_A_TURN = 1000;

/**
 * @param {Object} model with the traits temperature, top_k (0: all), top_p (1: all), greedy, seed, count
 * @param {number} size of the vocabulary
 * @param {(changes: Record<string, number | boolean>) => void} set
 */
export function choosingControls(model, size, set) {
  const most = Math.min(MOST_K, size - 1);
  const row = (label, range, trait, role, toTrait = (value) => value) => {
    const made = slider(label, range, (value) => set({ [trait]: toTrait(value) }));
    made.input.setAttribute("data-role", role);
    return made;
  };
  const temperature = row("Temperature", { min: 0.1, max: 2, step: 0.05, value: 1, format: (value) => value.toFixed(2) }, "temperature", "temperature");
  const topK = row("Top-k", { min: 1, max: most + 1, step: 1, value: most + 1, format: (k) => (k > most ? "all tokens" : k === 1 ? "1 token" : `${k} tokens`) }, "top_k", "top-k", (k) => (k > most ? 0 : k));
  const topP = row("Top-p", { min: 0.05, max: 1, step: 0.05, value: 1, format: (p) => (p >= 1 ? "all of it" : `${Math.round(100 * p)} %`) }, "top_p", "top-p");
  const greedy = h("input", { type: "checkbox", "data-role": "greedy", onchange: () => set({ greedy: greedy.checked }) });
  const whole = (label, trait, min, max) => {
    const id = freshId(trait);
    const input = h("input", { id, type: "number", min, max, step: 1, inputmode: "numeric", "data-role": trait, onchange: () => {
      const typed = Math.round(Number(input.value));
      const kept = Number.isFinite(typed) && input.value !== "" ? Math.max(min, Math.min(max, typed)) : model.get(trait);
      input.value = String(kept);
      set({ [trait]: kept });
    } });
    return { input, element: h("span", { class: "wm-pair" }, h("label", { for: id }, label), input) };
  };
  const seed = whole("Seed", "seed", 0, 999999);
  const count = whole("Tokens to write", "count", 1, MOST_TOKENS_A_TURN);
  const sliders = [temperature, topK, topP];
  const element = h(
    "fieldset", { class: "wm-choosing" }, h("legend", {}, "How the next token is chosen"),
    h("label", { class: "w-check" }, greedy, h("span", {}, "Greedy: always the likeliest")),
    h("div", { class: "wm-sliders" }, ...sliders), h("div", { class: "w-row" }, seed.element, count.element),
  );
  return {
    element,
    choosing: () => ({ temperature: model.get("temperature"), topK: model.get("top_k"), topP: model.get("top_p"), greedy: model.get("greedy") }),
    show() {
      temperature.set(model.get("temperature"));
      topK.set(model.get("top_k") || most + 1);
      topP.set(model.get("top_p"));
      greedy.checked = model.get("greedy");
      sliders.forEach(({ input }) => (input.disabled = greedy.checked));
      seed.input.value = String(model.get("seed"));
      count.input.value = String(model.get("count"));
    },
  };
}
