import { h, svg } from "./dom.js";

/** A number with a minus sign of its own width and `digits` digits. */
export function signedNumber(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}

/** How far a value colors its cell: the share of the accent, up to the largest value shown. */
function depth(value, largest) {
  return `${(48 * Math.min(1, Math.abs(value) / largest)).toFixed(0)}%`;
}

/**
 * The memory as a strip of cells: color and number say the same. One stop for the tab key; the
 * arrow keys, Home and End go from cell to cell; the cell reached shows its exact numbers.
 * @param {string} role for tests
 * @returns {{element: HTMLElement, show: (before: ArrayLike<number>, after: ArrayLike<number>, step: number) => void}}
 */
export function memoryStrip(role) {
  const exact = h("p", { class: "ms-exact", "data-role": `${role}-exact` });
  const strip = h("div", { class: "ms-strip", role: "toolbar", "data-role": role, onkeydown: onKey });
  const element = h("div", {}, strip, exact);
  let chosen = 0;
  let cells = [];
  let describe = () => "";

  function choose(index) {
    chosen = index;
    cells.forEach((cell, k) => {
      cell.tabIndex = k === chosen ? 0 : -1;
      cell.classList.toggle("ms-chosen", k === chosen);
    });
    exact.textContent = describe(chosen);
  }

  function onKey(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? cells.length - 1 : step ? chosen + step : -1;
    if (!cells[target]) return;
    event.preventDefault();
    choose(target);
    cells[target].focus();
  }

  function build(count) {
    cells = Array.from({ length: count }, (_, k) =>
      h("button", { type: "button", class: "ms-cell", "data-cell": k, onfocus: () => choose(k), onclick: () => choose(k), onpointerenter: () => choose(k) }));
    strip.replaceChildren(...cells);
  }

  return {
    element,
    show(before, after, step) {
      if (cells.length !== after.length) build(after.length);
      strip.setAttribute("aria-label", `Memory after step ${step}: ${after.length} cells`);
      cells.forEach((cell, k) => {
        cell.textContent = signedNumber(after[k], 1);
        cell.setAttribute("aria-label", `Cell ${k + 1}: ${signedNumber(after[k], 3)}`);
        cell.dataset.value = String(after[k]);
        cell.classList.toggle("ms-negative", after[k] < 0);
        cell.style.setProperty("--ms-depth", depth(after[k], 1));
      });
      describe = (k) =>
        step === 0
          ? `Cell ${k + 1}: ${signedNumber(after[k], 5)} (nothing has been read yet)`
          : `Cell ${k + 1}: ${signedNumber(before[k], 5)} before, ${signedNumber(after[k], 5)} after step ${step}`;
      choose(Math.min(chosen, after.length - 1));
    },
  };
}

/**
 * A memory small enough for a table: a bar per cell, up for positive, down for negative.
 * @param {ArrayLike<number>} values
 * @param {string} name said to screen readers, with the first cells and the length
 * @returns {SVGElement}
 */
export function miniMemory(values, name) {
  const numbers = Array.from(values);
  const first = numbers.slice(0, 3).map((value) => signedNumber(value)).join(", ");
  const norm = Math.hypot(...numbers).toFixed(2);
  const label = numbers.every((value) => value === 0) ? `${name}: all zeros` : `${name}: ${first}, …; length ${norm}`;
  const bars = numbers.map((value, k) =>
    svg("rect", {
      x: 3 * k + 0.5, width: 2, y: value > 0 ? 12 - 11 * Math.min(1, value) : 12, height: Math.max(0.6, 11 * Math.min(1, Math.abs(value))),
      class: value < 0 ? "ms-bar ms-negative" : "ms-bar",
    }));
  return svg("svg", { viewBox: `0 0 ${3 * numbers.length} 24`, class: "ms-mini", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    svg("line", { x1: 0, x2: 3 * numbers.length, y1: 12, y2: 12, class: "ms-zero" }), ...bars);
}
