// Where to write the labels of a map so that none lies on another. No DOM here.

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {Box & {moved: boolean}} Label a label's box; `moved` ones stand off their dot
 */

/** A label's box may not touch another label, a dot, or leave the map. */
const OFFSETS = [
  [1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1],
];

/**
 * Give each dot's label a free place: beside it if there is room, else further off.
 * Labels come in order of importance; each takes the free place nearest to its dot, or,
 * where no place is free, the one that covers the least.
 * @param {{x: number, y: number, width: number, height: number}[]} dots center and label size
 * @param {number} width of the map
 * @param {number} height of the map
 * @param {number} [radius] of a dot
 * @returns {Label[]}
 */
export function placeLabels(dots, width, height, radius = 8) {
  const taken = dots.map(({ x, y }) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }));
  return dots.map((dot) => {
    let best = null;
    let least = Infinity;
    for (let reach = 0; reach < 7 && least > 0; reach += 1) {
      for (const [right, down] of OFFSETS) {
        const box = boxAt(dot, right, down, radius + 3 + reach * 9);
        const cost = outside(box, width, height) + taken.reduce((sum, other) => sum + overlap(box, other), 0);
        if (cost < least) [best, least] = [{ ...box, moved: reach > 0 }, cost];
        if (least === 0) break;
      }
    }
    taken.push(best);
    return best;
  });
}

function boxAt({ x, y, width, height }, right, down, gap) {
  return {
    x: x + (right - 1) * (width / 2) + right * gap,
    y: y + (down - 1) * (height / 2) + down * gap,
    width,
    height,
  };
}

/** The area that two boxes share. */
export function overlap(a, b) {
  const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return wide > 0 && high > 0 ? wide * high : 0;
}

function outside(box, width, height) {
  return box.width * box.height - overlap(box, { x: 0, y: 0, width, height });
}
