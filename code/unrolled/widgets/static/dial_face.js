import { svg } from "./dom.js";

const SIZE = 200;
const CENTER = { x: SIZE / 2, y: 92 };
const REACH = 58; // of the knob
const SWEEP = (3 * Math.PI) / 2; // from lower left over the top to lower right

/** Where the place-th of `count` marks lies, at a distance from the center. */
function spot(place, count, distance) {
  const angle = -SWEEP / 2 + (SWEEP * place) / Math.max(1, count - 1);
  return [CENTER.x + distance * Math.sin(angle), CENTER.y - distance * Math.cos(angle)];
}

/**
 * A knob whose hand points to one of the steps. A pointer may tap a step; the keyboard has the slider below.
 * @param {number[]} steps
 * @param {number} place
 * @param {(place: number) => void} onChoose
 * @returns {SVGElement}
 */
export function dialFace(steps, place, onChoose) {
  const [handX, handY] = spot(place, steps.length, REACH - 14);
  const marks = steps.flatMap((step, i) => {
    const [[x1, y1], [x2, y2], [x, y]] = [REACH + 2, REACH + 9, REACH + 22].map((distance) => spot(i, steps.length, distance));
    return [
      svg("line", { x1, y1, x2, y2, class: "dial-tick" }),
      svg("circle", { cx: x, cy: y, r: 15, class: i === place ? "dial-at" : "dial-spot", onclick: () => onChoose(i) }),
      svg("text", { x, y: y + 4.5, "text-anchor": "middle", class: i === place ? "dial-number dial-number-at" : "dial-number" }, step),
    ];
  });
  return svg(
    "svg", { viewBox: `0 0 ${SIZE} ${SIZE - 20}`, class: "dial-picture" },
    svg("circle", { cx: CENTER.x, cy: CENTER.y, r: REACH, class: "dial-knob" }),
    svg("line", { x1: CENTER.x, y1: CENTER.y, x2: handX, y2: handY, class: "dial-hand" }),
    svg("circle", { cx: CENTER.x, cy: CENTER.y, r: 6, class: "dial-hub" }),
    ...marks,
    svg("text", { x: CENTER.x, y: SIZE - 26, "text-anchor": "middle", class: "dial-number" }, "steps"),
  );
}
