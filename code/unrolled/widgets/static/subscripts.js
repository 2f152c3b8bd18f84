import { h } from "./dom.js";

/**
 * Text with subscripts: what follows an underscore, one word or number or {several of them}, is lowered.
 * @param {string} text for example "dL_t/dh_{t−1}"
 * @returns {(Node | string)[]}
 */
export function subscripts(text) {
  return text.split(/_(\{[^}]*\}|[A-Za-z]|\d+)/).map((part, i) => (i % 2 ? h("sub", {}, part.replace(/[{}]/g, "")) : part));
}
