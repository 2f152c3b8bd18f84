// Tensors as PyTorch keeps them: a row of numbers in memory, a shape, and strides that say how far
// apart neighbors along each axis lie. `view` and `transpose` change shape and strides alone.

/** A tensor whose numbers are their own places: 0, 1, 2, ... in memory order. */
export function numbered(shape) {
  return { memory: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i), shape, strides: rowMajor(shape) };
}

function rowMajor(shape) {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
}

/** All numbers in reading order, the last axis fastest. */
export function inOrder({ memory, shape, strides }) {
  const read = (axis, offset) => (axis === shape.length
    ? [memory[offset]]
    : Array.from({ length: shape[axis] }, (_, i) => read(axis + 1, offset + i * strides[axis])).flat());
  return read(0, 0);
}

/** The same numbers in the same reading order under another shape; moves them in memory if it must. */
export function reshaped(tensor, shape) {
  return { memory: inOrder(tensor), shape, strides: rowMajor(shape) };
}

/** The last two axes as one: without moving anything where the strides allow it, as PyTorch does. */
export function flattened({ memory, shape, strides }) {
  const [n, m] = shape.slice(-2);
  const [far, near] = strides.slice(-2);
  const joined = [...shape.slice(0, -2), n * m];
  if (m === 1) return { memory, shape: joined, strides: [...strides.slice(0, -2), far] };
  if (n === 1 || far === m * near) return { memory, shape: joined, strides: [...strides.slice(0, -2), near] };
  return reshaped({ memory, shape, strides }, joined);
}

/** Two axes exchanged: nothing moves in memory. */
export function transposed({ memory, shape, strides }, a, b) {
  const exchanged = (list) => list.map((x, axis) => list[axis === a ? b : axis === b ? a : axis]);
  return { memory, shape: exchanged(shape), strides: exchanged(strides) };
}

const NAMES = { right: "view, then transpose", split: "view straight to (B, H, T, D)", merge: "merge without transposing back" };

/** The three roads: the right one, and two that are wrong. */
export const ROADS = Object.keys(NAMES);

/** What a road is called. */
export function roadName(road) {
  return NAMES[road];
}

/**
 * All steps on a road through the heads and back.
 * @param {string} road one of ROADS
 * @param {{B: number, T: number, C: number, H: number}} sizes
 * @returns {{code: string, axes: string, tensor: object}[]}
 */
export function shapeSteps(road, { B, T, C, H }) {
  const D = C / H;
  const start = numbered([B, T, C]);
  const steps = [{ code: "x", axes: "B, T, C", tensor: start }];
  const add = (code, axes, tensor) => steps.push({ code, axes, tensor });
  const last = () => steps.at(-1).tensor;
  if (road === "split") add("x.view(B, H, T, D)", "B, H, T, D", reshaped(start, [B, H, T, D]));
  else {
    add("x.view(B, T, H, D)", "B, T, H, D", reshaped(start, [B, T, H, D]));
    add(".transpose(1, 2)", "B, H, T, D", transposed(last(), 1, 2));
  }
  if (road !== "merge") add(".transpose(1, 2)", "B, T, H, D", transposed(last(), 1, 2));
  if (road === "merge") add(".reshape(B, T, C)", "B, T, C", reshaped(last(), [B, T, C]));
  else add(".flatten(2)", "B, T, C", flattened(last()));
  return steps;
}

/** Which step stands in the heads, where attention works on it. */
export function headsStep(steps) {
  return steps.findIndex(({ axes }) => axes === "B, H, T, D");
}

/** The (b, t) of a number that started at a place of (B, T, C), as one whole number b * T + t. */
export function tokenOf(number, C) {
  return Math.floor(number / C);
}

/**
 * Is each row of each head made of one token, the token of that row?
 * @returns {{b: number, h: number, t: number, tokens: number[], right: boolean}[]} one for each row
 */
export function headRows({ shape, ...rest }, C) {
  const [B, H, T, D] = shape;
  const numbers = inOrder({ shape, ...rest });
  const rows = [];
  for (let row = 0; row < B * H * T; row += 1) {
    const [b, h, t] = [Math.floor(row / (H * T)), Math.floor(row / T) % H, row % T];
    const tokens = [...new Set(numbers.slice(row * D, (row + 1) * D).map((number) => tokenOf(number, C)))];
    const channels = numbers.slice(row * D, (row + 1) * D).map((number) => number % C);
    const right = tokens.length === 1 && tokens[0] === b * T + t && channels.every((c) => Math.floor(c / D) === h);
    rows.push({ b, h, t, tokens, right });
  }
  return rows;
}

/** How many numbers of the result (B, T, C) are not where they started. */
export function misplaced(tensor) {
  return inOrder(tensor).filter((number, place) => number !== place).length;
}
