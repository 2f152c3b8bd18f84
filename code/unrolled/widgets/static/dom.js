// Small builders for the views of the interactives. Text always enters as text.

/**
 * Create an HTML element. Attributes whose value is null, undefined or false are
 * left out; `onclick` and the like take functions; strings among the children
 * become text nodes.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/**
 * Create an SVG element, with the same rules as `h`.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

let lastId = 0;

/** A fresh id, for tying a label to its control. */
export function freshId(stem = "u") {
  lastId += 1;
  return `${stem}-${lastId}-${Math.random().toString(36).slice(2, 7)}`;
}

/**
 * A labelled slider that shows its value.
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number, format?: (x: number) => string}} range
 * @param {(value: number) => void} onInput
 * @returns {HTMLElement & {input: HTMLInputElement, set: (value: number) => void}}
 */
export function slider(label, { min, max, step, value, format = String }, onInput) {
  const id = freshId("slider");
  const input = h("input", { id, type: "range", min, max, step, value });
  const output = h("output", { for: id, class: "w-value" }, format(value));
  const show = () => {
    output.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    show();
    onInput(Number(input.value));
  });
  show();
  const row = h("div", { class: "w-slider" }, h("label", { for: id }, label), input, output);
  return Object.assign(row, {
    input,
    set(next) {
      input.value = String(next);
      show();
    },
  });
}

/**
 * Say `text` to screen readers, politely.
 * @param {HTMLElement} el the interactive's root
 * @param {string} text
 */
export function announce(el, text) {
  let region = el.querySelector(":scope > [data-announcer]");
  if (!region) {
    region = h("div", { class: "w-unseen", "aria-live": "polite", "data-announcer": "" });
    el.append(region);
  }
  region.textContent = text;
}
