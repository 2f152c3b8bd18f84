// All heads of a model as small pictures, a row for each layer; one of them is chosen.

import { h } from "./dom.js";

/** "Layer 2, head 3", counted from 1. */
export function headName(head, heads) {
  return `Layer ${1 + Math.floor(head / heads)}, head ${1 + (head % heads)}`;
}

/**
 * One stop for the tab key; the arrow keys, Home and End go from head to head.
 * @param {number} layers
 * @param {number} heads
 * @param {(head: number) => void} onHead
 */
export function headGrid(layers, heads, onHead) {
  const cells = Array.from({ length: layers * heads }, (_, head) => {
    const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const button = h("button", { type: "button", class: "lo-head", "data-head": head, tabindex: -1, onclick: () => onHead(head) }, canvas);
    return { canvas, button };
  });
  const rows = Array.from({ length: layers }, (_, layer) => h(
    "div", { class: "lo-layer" }, h("span", { class: "lo-name" }, `Layer ${layer + 1}`),
    h("div", { class: "lo-heads" }, ...cells.slice(layer * heads, (layer + 1) * heads).map(({ button }) => button)),
  ));
  for (const row of rows) row.lastChild.style.setProperty("--lo-count", String(heads));
  let chosen = 0;

  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: heads, ArrowUp: -heads }[event.key];
    const target = event.key === "Home" ? 0 : event.key === "End" ? cells.length - 1 : step ? chosen + step : -1;
    if (!cells[target]) return;
    event.preventDefault();
    onHead(target);
    cells[target].button.focus();
  }

  return {
    element: h("div", { class: "lo-grid", role: "toolbar", "aria-label": "Heads; the arrow keys go from one to the next", "data-role": "grid", onkeydown: onKey }, ...rows),
    /** Draw all heads: T x T pixels each, and what each does in words. */
    paint(T, pixelsOf, wordsOf) {
      cells.forEach(({ canvas, button }, head) => {
        if (canvas.width !== T) canvas.width = canvas.height = T;
        canvas.getContext("2d").putImageData(new ImageData(pixelsOf(head), T, T), 0, 0);
        button.setAttribute("aria-label", `${headName(head, heads)}, ${wordsOf(head)}`);
      });
    },
    choose(head) {
      chosen = head;
      cells.forEach(({ button }, k) => {
        button.setAttribute("aria-pressed", String(k === head));
        button.tabIndex = k === head ? 0 : -1;
      });
    },
  };
}
