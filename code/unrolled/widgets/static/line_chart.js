import { h, svg } from "./dom.js";
import { raised, shortNumber } from "./magnitudes.js";

const FRAME = { width: 340, height: 210, left: 56, bottom: 44, top: 8, right: 8 };
const DASHES = ["", "8 4", "2 4", "10 3 2 3"];

/**
 * A chart of one or more lines, told apart by dashes as well as colors. Values that are null (no number
 * any more) leave a gap; on a scale of powers of ten, zeros lie on the lowest line.
 * @param {{label: string, x: number[], y: (number | null)[]}[]} series
 * @param {{xLabel: string, yLabel: string, powers?: boolean, label: string}} options
 * @returns {SVGElement}
 */
export function lineChart(series, { xLabel, yLabel, powers = false, label }) {
  const { width, height, left, bottom, top, right } = FRAME;
  const across = span(series.flatMap(({ x }) => x));
  const scale = powers ? powerScale(series) : plainScale(series);
  const px = (x) => left + ((x - across[0]) / (across[1] - across[0])) * (width - left - right);
  const py = (y) => height - bottom - scale.share(y) * (height - top - bottom);
  const text = (x, y, words, more = {}) => svg("text", { x, y, "text-anchor": "middle", ...more }, words);
  const rules = scale.ticks.flatMap(({ at, name }) => [
    svg("line", { x1: left, x2: width - right, y1: py(at), y2: py(at), class: "chart-rule" }),
    text(left - 6, py(at) + 5, name, { "text-anchor": "end" }),
  ]);
  const ends = across.map((x, i) => text(px(x), height - bottom + 17, shortNumber(x), { "text-anchor": i ? "end" : "start" }));
  const lines = series.flatMap(({ x, y }, i) => strokes(x, y).map((points) => svg("polyline", {
    points: points.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`).join(" "),
    class: `chart-line chart-${i % DASHES.length}`, "stroke-dasharray": DASHES[i % DASHES.length],
  })));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" },
    ...rules, ...ends, ...lines,
    text((left + width - right) / 2, height - 6, xLabel),
    text(14, (height - bottom) / 2, yLabel, { transform: `rotate(-90 14 ${(height - bottom) / 2})` }));
}

/** The chart's lines by name, each with a piece of its stroke. */
export function chartKey(series) {
  return h("ul", { class: "chart-key" }, ...series.map(({ label }, i) => h(
    "li", {},
    svg("svg", { width: 40, height: 12, "aria-hidden": "true" }, svg("line", { x1: 0, x2: 40, y1: 6, y2: 6, class: `chart-line chart-${i % DASHES.length}`, "stroke-dasharray": DASHES[i % DASHES.length] })),
    label,
  )));
}

function span(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

function numbersOf(series) {
  return series.flatMap(({ y }) => y.filter((value) => value !== null));
}

function plainScale(series) {
  const all = numbersOf(series);
  const [low, high] = span(all.length ? [Math.min(0, ...all), ...all] : [0, 1]);
  const ticks = [low, (low + high) / 2, high].map((at) => ({ at, name: shortNumber(at) }));
  return { share: (y) => (y - low) / (high - low), ticks };
}

function powerScale(series) {
  const sizes = numbersOf(series).filter((value) => value > 0).map(Math.log10);
  const [low, high] = sizes.length ? [Math.floor(Math.min(...sizes)), Math.ceil(Math.max(...sizes))] : [-1, 0];
  const hasZero = numbersOf(series).some((value) => value <= 0);
  const top = Math.max(high, low + 1);
  const floor = hasZero ? low - (top - low) / 6 : low;
  const powersShown = [...new Set([low, Math.round((low + top) / 2), top])];
  const ticks = powersShown.map((power) => ({ at: 10 ** power, name: power === 0 ? "1" : `10${raised(power)}` }));
  if (hasZero) ticks.push({ at: 0, name: "0" });
  return { share: (y) => ((y > 0 ? Math.log10(y) : floor) - floor) / (top - floor), ticks };
}

/** The stretches of a line that have numbers. */
function strokes(x, y) {
  const found = [[]];
  y.forEach((value, i) => (value === null ? found.push([]) : found.at(-1).push([x[i], value])));
  return found.filter((points) => points.length).map((points) => (points.length === 1 ? [points[0], points[0]] : points));
}

/** What a chart shows, in a sentence: where each line starts and ends, its lowest and highest. */
export function chartSummary(series) {
  return series.map(({ label, y }) => {
    const known = y.filter((value) => value !== null);
    if (!known.length) return `${label}: no numbers.`;
    const gone = y.at(-1) === null ? ", and then is no number any more" : "";
    return `${label}: from ${shortNumber(known[0])} to ${shortNumber(known.at(-1))}, lowest ${shortNumber(Math.min(...known))}, highest ${shortNumber(Math.max(...known))}${gone}.`;
  }).join(" ");
}

/** At most `most` evenly spread points of each line, as a table. */
export function chartTable(series, xLabel, most = 12) {
  const { x } = series[0];
  const rows = [...new Set(Array.from({ length: Math.min(most, x.length) }, (_, i) => Math.round((i * (x.length - 1)) / Math.max(1, Math.min(most, x.length) - 1))))];
  const cell = (value) => (value === null || value === undefined ? "no number" : shortNumber(value));
  return h("table", {},
    h("thead", {}, h("tr", {}, ...[xLabel, ...series.map(({ label }) => label)].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, ...rows.map((i) => h("tr", {}, h("th", { scope: "row" }, shortNumber(x[i])), ...series.map(({ y }) => h("td", {}, cell(y[i])))))));
}
