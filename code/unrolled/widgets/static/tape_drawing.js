import { svg } from "./dom.js";
import { firstReached } from "./bptt.js";
import { lowered, raised, shortNumber } from "./magnitudes.js";

const STEP = 84;
const ROWS = { input: 14, node: 58, value: 98, back: 130, cell: 160 };
const RADIUS = 20;

/** The unrolled chain: forward arrows, backward arrows (some cut), and the terms in their cells. */
export function tapeDrawing(state) {
  const { length, cells, view, step } = state;
  const width = (length + 1) * STEP;
  const parts = [];
  for (let t = 0; t <= length; t += 1) parts.push(...memoryNode(state, t));
  for (let t = 1; t <= length; t += 1) parts.push(...forwardArrow(t), ...backwardArrow(state, t));
  for (const cell of cells) parts.push(...termCell(cell, cell.at === step));
  const subject = view === "loss" ? `back from L${lowered(step)}` : `to h${lowered(step)}`;
  const label = `The chain h₀ to h${lowered(length)}. All ${length} forward arrows stand. Terms ${subject}: `
    + `${cells.map(({ t, k, value }) => `dL${lowered(t)}/dh${lowered(k)} ${shortNumber(value)}`).join(", ")}. ${cutText(state)}`;
  return svg("svg", { width, height: 214, viewBox: `0 0 ${width} 214`, role: "img", "aria-label": label }, ...parts);
}

function cutText({ length, window }) {
  const cuts = [];
  for (let t = window; t < length; t += window) cuts.push(`h${lowered(t)}`);
  return cuts.length ? `Backward arrows are cut behind ${cuts.join(", ")}.` : "No backward arrow is cut.";
}

function middle(t) {
  return t * STEP + STEP / 2;
}

function memoryNode({ inputs, chain }, t) {
  const x = inputs[t - 1];
  const text = (y, words, more = {}) => svg("text", { x: middle(t), y, "text-anchor": "middle", ...more }, words);
  const input = x ? [
    text(ROWS.input, `x${lowered(t)} = ${shortNumber(x)}`, { class: "tape-small" }),
    ...arrow([middle(t), ROWS.input + 5], [middle(t), ROWS.node - RADIUS - 1], "tape-forward"),
  ] : [];
  return [
    ...input,
    svg("circle", { cx: middle(t), cy: ROWS.node, r: RADIUS, class: "tape-node" }),
    text(ROWS.node + 5, `h${lowered(t)}`),
    text(ROWS.value, shortNumber(chain.h[t]), { class: "tape-small" }),
  ];
}

function forwardArrow(t) {
  return arrow([middle(t - 1) + RADIUS, ROWS.node], [middle(t) - RADIUS - 1, ROWS.node], "tape-forward", { "data-forward": t });
}

/** From h_t back to h_{t-1}: cut, carrying the chosen gradient, or idle. */
function backwardArrow({ window, view, step, length, chain }, t) {
  const ends = [[middle(t) - 10, ROWS.back], [middle(t - 1) + 10, ROWS.back]];
  const between = (ends[0][0] + ends[1][0]) / 2;
  if (t > 1 && (t - 1) % window === 0) {
    const [from, to] = ends.map(([x]) => x);
    const half = (x1, x2) => svg("line", { x1, x2, y1: ROWS.back, y2: ROWS.back, class: "tape-cut" });
    const sign = svg("text", { x: between, y: ROWS.back + 5, "text-anchor": "middle", class: "tape-cut-sign", "data-cut": t - 1 }, "✂");
    return [half(from, between + 12), half(between - 12, to), sign];
  }
  const carries = view === "loss"
    ? t <= step && t > (firstReached(step, window) === 1 ? 0 : firstReached(step, window))
    : t > step && firstReached(t, window) <= step && t <= length;
  const factor = svg("text", { x: between, y: ROWS.back - 6, "text-anchor": "middle", class: "tape-small" }, carries ? `× ${shortNumber(chain.weight * chain.slopes[t])}` : "");
  return [...arrow(...ends, carries ? "tape-back" : "tape-idle", carries ? { "data-carries": t } : {}), factor];
}

/** A straight line with a head of two strokes. */
function arrow([x1, y1], [x2, y2], style, data = {}) {
  const [dx, dy] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
  const head = [[x2 - 6 * dx - 4 * dy, y2 - 6 * dy - 4 * dx], [x2, y2], [x2 - 6 * dx + 4 * dy, y2 - 6 * dy + 4 * dx]];
  return [
    svg("line", { x1, y1, x2, y2, class: style, ...data }),
    svg("polyline", { points: head.map((point) => point.join(",")).join(" "), class: style }),
  ];
}

function termCell({ t, k, at, value }, start) {
  const x = middle(at);
  return [
    svg("rect", { x: x - STEP / 2 + 2, y: ROWS.cell - 14, width: STEP - 4, height: 60, rx: 5, class: value === 0 ? "tape-zero" : start ? "tape-start" : "tape-term" }),
    svg("text", { x, y: ROWS.cell + 4, "text-anchor": "middle", class: "tape-small" }, `dL${lowered(t)}/dh${lowered(k)}`),
    svg("text", { x, y: ROWS.cell + 28, "text-anchor": "middle", class: "tape-number", "data-role": "term", "data-t": t, "data-k": k, "data-value": value }, shortNumber(value)),
  ];
}

/** The sizes of the terms, each rule a power of ten; terms that are exactly 0 lie below all. */
export function sizeChart({ cells, view, step }) {
  const [width, height] = [300, 130];
  const sizes = cells.map(({ value }) => (value === 0 ? null : Math.log10(Math.abs(value))));
  const known = sizes.filter((size) => size !== null);
  const top = Math.max(1, Math.ceil(Math.max(...known)));
  const bottom = Math.min(-2, Math.floor(Math.min(...known)));
  const place = (i) => (cells.length > 1 ? (i / (cells.length - 1)) * (width - 12) + 6 : width / 2);
  const level = (power) => height - 26 - ((power - bottom) / (top - bottom)) * (height - 34);
  const rule = (y, text) => [
    svg("line", { x1: 0, x2: width, y1: y, y2: y, class: "tape-rule" }),
    svg("text", { x: -6, y: y + 4, "text-anchor": "end" }, text),
  ];
  const rules = [top, 0, bottom].flatMap((power) => rule(level(power), power === 0 ? "1" : `10${raised(power)}`));
  const marks = sizes.map((size, i) => size === null
    ? svg("rect", { x: place(i) - 2.5, y: height - 6.5, width: 5, height: 5, class: "tape-none" })
    : svg("circle", { cx: place(i), cy: level(size), r: 3, class: "tape-mark" }));
  const line = svg("polyline", { points: sizes.flatMap((size, i) => (size === null ? [] : [`${place(i)},${level(size)}`])).join(" "), class: "tape-line" });
  const zeros = sizes.length - known.length;
  const [first, last] = [cells[0], cells.at(-1)];
  const label = `Sizes of the terms on a scale of powers of ten, from ${shortNumber(first.value)} at step ${first.at} to ${shortNumber(last.value)} at step ${last.at}`
    + `${zeros ? `; ${zeros} of ${sizes.length} are exactly 0` : ""}.`;
  const title = view === "loss" ? `sizes of L${lowered(step)}'s terms, steps ${first.at} to ${last.at}` : `sizes of h${lowered(step)}'s terms, steps ${first.at} to ${last.at}`;
  return svg("svg", { viewBox: `-44 -2 ${width + 48} ${height + 24}`, role: "img", "aria-label": label },
    ...rules, ...(zeros ? rule(height - 4, "0") : []), line, ...marks,
    svg("text", { x: width / 2, y: height + 16, "text-anchor": "middle" }, title));
}
