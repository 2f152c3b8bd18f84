import { h, svg } from "./dom.js";
import { placeLabels } from "./label_layout.js";
import { principalPlane } from "./projection.js";

const TEXT_HEIGHT = 17;
const LETTER_WIDTH = 7.9;

/**
 * @typedef {{word: string, kind: "center" | "near" | "anchor", vector: ArrayLike<number>}} MapWord
 */

/**
 * A drawing of words on the plane that keeps most of their variance, with a table that says
 * the same. `draw` takes the most important word first.
 * @returns {{element: HTMLElement, draw: (words: MapWord[]) => void, stop: () => void}}
 */
export function wordMap() {
  const drawing = svg("svg", { role: "img", class: "w-map", "data-role": "map" });
  const note = h("p", { class: "w-muted w-note" });
  const table = h("div", { class: "w-scroll", role: "region", tabindex: "0", "aria-label": "The map as a table" });
  const element = h("div", { class: "w-mapbox" }, drawing, note, h("details", {}, h("summary", {}, "The map as a table"), table));
  let words = [];
  let width = 0;

  function redraw() {
    const measured = Math.round(drawing.parentElement.clientWidth);
    if (!words.length || !measured) return;
    width = measured;
    const height = Math.round(Math.min(420, Math.max(300, width * 0.75)));
    const { points, kept } = principalPlane(words.map(({ vector }) => unitLength(vector)));
    const places = fitted(points, width, height);
    const dots = places.map(([x, y], i) => ({ x, y, width: LETTER_WIDTH * words[i].word.length + 4, height: TEXT_HEIGHT }));
    const labels = placeLabels(dots, width, height);
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.setAttribute("aria-label", summary(words));
    drawing.replaceChildren(...words.map(({ kind }, i) => leader(dots[i], labels[i], kind)), ...words.map((word, i) => mark(word, dots[i], labels[i])));
    note.textContent = `The map keeps ${Math.round(100 * kept)} % of the variance of these ${words.length} vectors. Disk: your word; dots: its neighbors; squares: other words, for scale.`;
    table.replaceChildren(asTable(words, points));
  }

  const observer = new ResizeObserver(() => {
    if (Math.round(drawing.parentElement.clientWidth) !== width) redraw();
  });
  observer.observe(element);
  return {
    element,
    draw(next) {
      words = next;
      redraw();
    },
    stop: () => observer.disconnect(),
  };
}

/** On the unit sphere, nearer points mean higher cosines. */
function unitLength(vector) {
  const length = Math.hypot(...vector) || 1;
  return Array.from(vector, (x) => x / length);
}

/** Scale points into the drawing; both axes alike, so that distances stay comparable. */
function fitted(points, width, height) {
  const margin = { x: Math.min(60, width / 6), y: 26 };
  const range = [0, 1].map((axis) => points.map((point) => point[axis])).map((xs) => [Math.min(...xs), Math.max(...xs)]);
  const scales = [
    (width - 2 * margin.x) / (range[0][1] - range[0][0] || 1),
    (height - 2 * margin.y) / (range[1][1] - range[1][0] || 1),
  ];
  const scale = Math.min(...scales);
  return points.map((point) => [0, 1].map((axis) => {
    const middle = (range[axis][0] + range[axis][1]) / 2;
    return [width, height][axis] / 2 + scale * (point[axis] - middle) * (axis ? -1 : 1);
  }));
}

function mark({ word, kind }, { x, y }, label) {
  const shape = kind === "anchor"
    ? svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, class: "w-dot w-anchor" })
    : svg("circle", { cx: x, cy: y, r: kind === "center" ? 7 : 4.5, class: `w-dot w-${kind}` });
  const text = svg("text", { x: label.x + label.width / 2, y: label.y + 13, "text-anchor": "middle", class: `w-label w-${kind}` }, word);
  return svg("g", { "data-word": word }, shape, text);
}

function leader(dot, label, kind) {
  if (!label.moved || kind === undefined) return null;
  const x = Math.min(Math.max(dot.x, label.x), label.x + label.width);
  const y = Math.min(Math.max(dot.y, label.y), label.y + label.height);
  return svg("line", { x1: dot.x, y1: dot.y, x2: x, y2: y, class: "w-leader" });
}

function summary(words) {
  const of = (kind) => words.filter((item) => item.kind === kind).map((item) => item.word).join(", ");
  return `Map of words. Center of attention: ${of("center")}. Its neighbors: ${of("near")}. For scale: ${of("anchor")}. The table below gives all positions.`;
}

function asTable(words, points) {
  const distance = (a, b) => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]);
  const closest = (i) => words.map((_, j) => j).filter((j) => j !== i).sort((a, b) => distance(i, a) - distance(i, b))[0];
  const head = h("tr", {}, ...["Word", "Across", "Up", "Closest on the map"].map((name) => h("th", { scope: "col" }, name)));
  const rows = words.map(({ word }, i) => h(
    "tr", {}, h("th", { scope: "row" }, word), ...points[i].map((x) => h("td", {}, x.toFixed(2))), h("td", {}, words[closest(i)].word),
  ));
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}
