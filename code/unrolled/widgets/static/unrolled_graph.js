import { svg } from "./dom.js";
import { lowered } from "./magnitudes.js";

const NODE = 128; // width of one step
const START = 74; // where the column of h_0 ends
const ROW = { prediction: 28, circle: 112, input: 200 };
const RADIUS = 27;
const FIRST = 36; // the middle of h_0
const HEIGHT = 232;

/** A name with a small number below: h₂. */
export function withIndex(name, index) {
  return name + lowered(index);
}

/** A long word cut so that it fits its box. */
function fitted(word, length) {
  return word.length > length ? `${word.slice(0, length - 1)}…` : word;
}

/** A name such as W_x, its index set low. */
function weightName(name, attributes) {
  const [letter, index] = name.split("_");
  return svg("text", attributes, letter, index ? svg("tspan", { dy: 4, class: "ug-index" }, index) : null);
}

/** An arrow to the right or up, with the name of the weights it stands for. */
function arrow([x1, y1], [x2, y2], name, [dx, dy], kind) {
  const tip = y1 === y2 ? `M${x2 - 9} ${y2 - 5}L${x2} ${y2}L${x2 - 9} ${y2 + 5}Z` : `M${x2 - 5} ${y2 + 9}L${x2} ${y2}L${x2 + 5} ${y2 + 9}Z`;
  return svg("g", {}, svg("line", { x1, y1, x2, y2, class: `ug-arrow ${kind}` }), svg("path", { d: tip, class: "ug-tip" }),
    weightName(name, { x: (x1 + x2) / 2 + dx, y: (y1 + y2) / 2 + dy, class: "ug-weight" }));
}

function box(x, y, text, kind) {
  return svg("g", {}, svg("rect", { x: x - 54, y: y - 17, width: 108, height: 34, rx: 6, class: `ug-box ${kind}` }),
    svg("text", { x, y: y + 5, class: "ug-word" }, text));
}

/** One step: the word below, the memory in the circle, the likeliest next word above. */
function stepGroup({ input, guess, chance }, t, current, weights) {
  const x = START + NODE * (t - 0.5);
  const before = t === 1 ? FIRST + RADIUS : x - NODE + RADIUS;
  return svg(
    "g", { class: current ? "ug-step ug-current" : "ug-step", "data-node": t },
    arrow([before, ROW.circle], [x - RADIUS - 2, ROW.circle], weights.memory, [-3, -9], "ug-memory"),
    arrow([x, ROW.input - 17], [x, ROW.circle + RADIUS + 2], weights.input, [20, 6], "ug-input"),
    arrow([x, ROW.circle - RADIUS], [x, ROW.prediction + 19], weights.output, [20, 6], "ug-output"),
    svg("circle", { cx: x, cy: ROW.circle, r: RADIUS, class: "ug-circle" }),
    svg("text", { x, y: ROW.circle + 6, class: "ug-name" }, withIndex("h", t)),
    box(x, ROW.input, fitted(input, 12), "ug-read"),
    box(x, ROW.prediction, `${fitted(guess, 8)} ${(100 * chance).toFixed(0)} %`, "ug-guess"),
  );
}

/**
 * The unrolled graph up to step `step`; the places of the steps to come stay empty.
 * @param {{input: string, guess: string, chance: number}[]} steps
 * @param {number} step how many have been read
 * @param {{input: string, memory: string, output: string}} weights names on the arrows
 * @returns {SVGElement}
 */
export function unrolledGraph(steps, step, weights) {
  const width = START + NODE * steps.length + 4;
  const said = steps.slice(0, step).map(({ input, guess, chance }, i) =>
    `${input} and h${i} give h${i + 1}, which expects ${guess} with ${(100 * chance).toFixed(0)} percent`);
  const label = `Unrolled graph, ${step} of ${steps.length} nodes: ${["h0 is zeros", ...said].join("; ")}.`;
  const drawing = svg(
    "svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label, class: "ug-graph", "data-role": "graph" },
    svg("circle", { cx: FIRST, cy: ROW.circle, r: RADIUS, class: "ug-circle ug-start" }),
    svg("text", { x: FIRST, y: ROW.circle + 6, class: "ug-name" }, withIndex("h", 0)),
    svg("text", { x: FIRST, y: ROW.circle + RADIUS + 20, class: "ug-weight" }, "zeros"),
    ...steps.slice(0, step).map((one, i) => stepGroup(one, i + 1, i + 1 === step, weights)),
  );
  drawing.style.width = `${width}px`;
  drawing.style.height = `${HEIGHT}px`;
  return drawing;
}

/** The horizontal middle of a step, for scrolling it into sight. */
export function stepMiddle(step) {
  return START + NODE * (step - 0.5);
}
