import { svg } from "./dom.js";
import { raised, shortNumber } from "./magnitudes.js";

const SIZE = { width: 340, height: 250, left: 46, right: 10, top: 22, bottom: 46 };
const NAMES = { seconds: "seconds of training", steps: "steps", operations: "operations in matrices" };
const STROKES = ["", "8 4"];

/** Powers of ten between two numbers; at most five of them. */
function powersBetween(low, high) {
  const powers = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power += 1) powers.push(power);
  const every = Math.ceil(powers.length / 5);
  return powers.filter((_, i) => i % every === 0).map((power) => ({ at: 10 ** power, name: power >= -1 && power <= 3 ? String(10 ** power) : `10${raised(power)}` }));
}

/** The horizontal scale: share of the width for a value, and its ticks. */
function across(lanes, axis, powers) {
  const all = lanes.flatMap((lane) => lane[axis]);
  const [low, high] = [powers ? Math.min(...all) / 1.5 : 0, Math.max(...all) * (powers ? 1.15 : 1.03)];
  const share = (x) => (powers ? Math.log(Math.max(x, low) / low) / Math.log(high / low) : x / high);
  const ticks = powers ? powersBetween(low, high) : [0, 0.5, 1].map((part) => ({ at: part * Math.max(...all), name: shortNumber(part * Math.max(...all)) }));
  return { share, ticks };
}

/**
 * The curves up to a moment, the target, where it was reached, the clock and the guess.
 * @param {{name: string, shown: number}[]} lanes each with what it measures at its marks, and how many marks are passed
 * @param {{axis: string, powers: boolean, target: number, reached: number[], clock: number, guess: number, label: string}} options
 */
export function raceChart(lanes, { axis, powers, target, reached, clock, guess, label }) {
  const { width, height, left, right, top, bottom } = SIZE;
  const nats = lanes.flatMap((lane) => lane.nats);
  const [low, high] = [Math.min(target, ...nats) - 0.05, Math.max(...nats) + 0.05];
  const scale = across(lanes, axis, powers);
  const px = (x) => (left + scale.share(x) * (width - left - right)).toFixed(1);
  const py = (y) => (top + ((high - y) / (high - low)) * (height - top - bottom)).toFixed(1);
  const middle = (height + top - bottom) / 2;
  const text = (x, y, words, more = {}) => svg("text", { x, y, "text-anchor": "middle", ...more }, words);
  const upright = (x, cls, words, y) => [
    svg("line", { x1: px(x), x2: px(x), y1: top, y2: height - bottom, class: cls }),
    words ? text(px(x), y, words, { "text-anchor": scale.share(x) > 0.6 ? "end" : "start", dx: scale.share(x) > 0.6 ? -4 : 4, class: "race-word" }) : null,
  ];
  const curves = lanes.map((lane, i) => {
    const points = lane.nats.slice(0, lane.shown).map((y, k) => [px(lane[axis][k]), py(y)]);
    const dot = ([x, y], k) => {
      const size = k === reached[i] ? 6 : 3;
      const more = { class: `race-dot chart-${i}${k === reached[i] ? " race-won" : ""}`, "data-mark": `${i} ${k}` };
      return i ? svg("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, ...more }) : svg("circle", { cx: x, cy: y, r: size, ...more });
    };
    return [svg("polyline", { points: points.map((point) => point.join(",")).join(" "), class: `chart-line chart-${i}`, "stroke-dasharray": STROKES[i] }), ...points.map(dot)];
  });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" },
    ...scale.ticks.map(({ at, name }, i) => text(px(at), height - bottom + 17, name, { "text-anchor": powers || i === 1 ? "middle" : i ? "end" : "start" })),
    ...[low + 0.05, high - 0.05].map((y) => text(left - 5, Number(py(y)) + 4, y.toFixed(2), { "text-anchor": "end" })),
    svg("line", { x1: left, x2: left, y1: top, y2: height - bottom, class: "chart-rule" }),
    svg("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "chart-rule" }),
    svg("line", { x1: left, x2: width - right, y1: py(target), y2: py(target), class: "race-target" }),
    ...(axis === "seconds" && clock > 0 ? upright(clock, "race-clock", "", 0) : []),
    ...curves.flat(),
    ...(axis === "seconds" && guess > 0 ? upright(guess, "race-guess", "your guess", top - 7) : []),
    text(left + 4, Number(py(target)) - 5, `target ${target.toFixed(3)}`, { "text-anchor": "start", class: "race-word" }),
    text((left + width - right) / 2, height - 8, NAMES[axis]),
    text(12, middle, "nats per character", { transform: `rotate(-90 12 ${middle})` }));
}

/** A piece of a lane's stroke with its mark, for the heading of its card. */
export function laneSign(i) {
  return svg("svg", { width: 40, height: 14, "aria-hidden": "true" },
    svg("line", { x1: 0, x2: 40, y1: 7, y2: 7, class: `chart-line chart-${i}`, "stroke-dasharray": STROKES[i] }),
    i ? svg("rect", { x: 16, y: 3, width: 8, height: 8, class: `race-dot chart-${i}` }) : svg("circle", { cx: 20, cy: 7, r: 4, class: `race-dot chart-${i}` }));
}
