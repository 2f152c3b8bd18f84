import { announce, h } from "./dom.js";
import { ROADS, headRows, headsStep, inOrder, misplaced, roadName, shapeSteps, tokenOf } from "./shapes.js";

const TRAITS = ["road", "heads", "step"];

function render({ model, el }) {
  el.classList.add("unrolled", "w-shape");
  const [B, T, C] = ["batch", "time", "channels"].map((trait) => model.get(trait));
  const divisors = Array.from({ length: C }, (_, i) => i + 1).filter((n) => C % n === 0);
  const roads = ROADS.map((road) => h("button", { type: "button", "data-road": road, onclick: () => set({ road, step: 0 }) }, `${road === "right" ? "Right" : "Wrong"}: ${roadName(road)}`));
  const heads = divisors.map((n) => h("button", { type: "button", "data-heads": n, onclick: () => set({ heads: n }) }, n === 1 ? "1 head" : `${n} heads`));
  const back = h("button", { type: "button", "data-role": "back", onclick: () => walk(-1) }, "← Back");
  const forward = h("button", { type: "button", class: "w-primary", "data-role": "forward", onclick: () => walk(1) }, "Next step →");
  const code = h("ol", { class: "ss-code" });
  const shape = h("p", { "data-role": "shape" });
  const blocks = h("div", { class: "ss-blocks", "data-role": "blocks" });
  const verdict = h("p", { class: "ss-verdict", "data-role": "verdict" });

  function stepsNow() {
    return shapeSteps(model.get("road"), { B, T, C, H: model.get("heads") });
  }

  function walk(by) {
    set({ step: Math.min(stepsNow().length - 1, Math.max(0, model.get("step") + by)) });
  }

  function set(changes) {
    model.set(changes);
    model.save_changes();
    show();
    announce(el, `${shape.textContent} ${verdict.textContent}`);
  }

  function show() {
    const steps = stepsNow();
    const step = Math.min(model.get("step"), steps.length - 1);
    const { tensor, axes } = steps[step];
    roads.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.road === model.get("road"))));
    heads.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.heads) === model.get("heads"))));
    code.replaceChildren(...steps.map((each, i) => h("li", { "aria-current": i === step ? "step" : null }, `${each.code}  # (${each.axes}) = (${each.tensor.shape.join(", ")})`)));
    shape.textContent = `Shape (${axes}) = (${tensor.shape.join(", ")}), strides (${tensor.strides.join(", ")}): ${movedText(steps, step)}`;
    blocks.replaceChildren(...(axes === "B, H, T, D" ? headBlocks(tensor) : batchBlocks(tensor)));
    judge(steps, step);
    keepFocus(back, step === 0, forward);
    keepFocus(forward, step === steps.length - 1, back);
  }

  function movedText(steps, step) {
    if (step === 0) return "the numbers lie in memory in this order.";
    const [before, now] = [steps[step - 1].tensor.memory, steps[step].tensor.memory];
    return before.every((number, i) => number === now[i]) ? "nothing has moved in memory, only the way of counting changed." : "the numbers were copied into a new order in memory.";
  }

  /** (B, T, C) and (B, T, H, D): one block a text, one line a token. */
  function batchBlocks(tensor) {
    const numbers = inOrder(tensor);
    const group = tensor.shape.length === 4 ? tensor.shape[3] : C;
    return Array.from({ length: B }, (_, b) => block(`text ${letter(b)}`, Array.from({ length: T }, (__, t) => {
      const start = (b * T + t) * C;
      const own = numbers.slice(start, start + C);
      const groups = Array.from({ length: C / group }, (___, g) => h("span", { class: "ss-group" }, ...own.slice(g * group, (g + 1) * group).map((number, i) => cell(number, number !== start + g * group + i && tensor.shape.length === 3))));
      return line(`t=${t + 1}`, groups, null);
    })));
  }

  /** (B, H, T, D): one block a head of a text, one line a row that attention takes for a token. */
  function headBlocks(tensor) {
    const numbers = inOrder(tensor);
    const [, H, , D] = tensor.shape;
    const rows = headRows(tensor, C);
    return Array.from({ length: B * H }, (_, n) => {
      const own = rows.slice(n * T, (n + 1) * T);
      return block(`text ${letter(own[0].b)}, head ${own[0].h + 1}`, own.map(({ t, tokens, right }, i) => {
        const start = (n * T + i) * D;
        const cells = numbers.slice(start, start + D).map((number) => cell(number, !right));
        const said = right ? null : h("span", { class: "ss-bad" }, `✕ from ${tokens.map(name).join(" and ")}`);
        return line(`t=${t + 1}`, [h("span", { class: "ss-group" }, ...cells)], said);
      }));
    });
  }

  function block(title, lines) {
    return h("div", { class: "ss-block", role: "group", "aria-label": title }, h("p", { class: "ss-title" }, title), ...lines);
  }

  function line(axis, groups, said) {
    return h("div", { class: "ss-line" }, h("span", { class: "ss-axis" }, axis), ...groups, said);
  }

  function cell(number, wrong) {
    const token = tokenOf(number, C);
    return h("span", { class: `ss-cell${wrong ? " ss-wrong" : ""}`, "data-number": number, "data-token": (token % T) % 4, "data-batch": Math.floor(token / T) % 2 }, `${name(token)}·${(number % C) + 1}`);
  }

  function name(token) {
    return `${letter(Math.floor(token / T))}${(token % T) + 1}`;
  }

  function judge(steps, step) {
    const atHeads = steps[headsStep(steps)].tensor;
    const rows = headRows(atHeads, C);
    const bad = rows.filter(({ right }) => !right).length;
    const lost = misplaced(steps.at(-1).tensor);
    const total = B * T * C;
    let right = true;
    if (step < headsStep(steps)) verdict.textContent = "A label such as A2·3 says: text A, token 2, channel 3. Nothing has gone to the heads yet.";
    else if (step === headsStep(steps)) {
      right = bad === 0;
      verdict.textContent = right
        ? "✓ Each row of each head is a part of one token, the token of that row. Here attention mixes the rows of a block."
        : `✕ ${bad} of ${rows.length} rows are not the token they stand for. Attention would take pieces of a token for different tokens, and never see others.`;
    } else if (step === steps.length - 1) {
      right = lost === 0 && bad === 0;
      verdict.textContent = right
        ? `✓ All ${total} numbers are back with their tokens.`
        : `✕ ${lost} of ${total} numbers stand in the wrong place. No error message: the shape is right.`;
    } else verdict.textContent = "On the way back to one row a token.";
    verdict.dataset.right = String(right);
  }

  const group = (label, buttons) => h("div", { class: "w-row", role: "group", "aria-label": label }, h("span", {}, label), ...buttons);
  el.append(group("Way", roads), group("Heads", heads), h("div", { class: "w-row", role: "group", "aria-label": "Steps" }, back, forward), code, shape, blocks, verdict);
  show();
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  return () => TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
}

function letter(b) {
  return String.fromCharCode(65 + b);
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

export default { render };
