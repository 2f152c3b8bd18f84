// How a difference in memory fades: distances and half-lives. No DOM here.

/** Smaller shares of the first difference are the noise of the arithmetic. */
const NOISE = 1e-10;

/**
 * The length of the difference of all that two readings carry on: h, and for an LSTM also c.
 * @param {import("./recurrence.js").MemoryState} a
 * @param {import("./recurrence.js").MemoryState} b
 */
export function memoryDistance(a, b) {
  let sum = 0;
  for (const part of ["hidden", "cell"]) {
    for (let k = 0; a[part] && k < a[part].length; k += 1) sum += (a[part][k] - b[part][k]) ** 2;
  }
  return Math.sqrt(sum);
}

/**
 * How far two distributions are apart: 0 for equal ones, 1 where nothing is shared.
 * @param {ArrayLike<number>} p
 * @param {ArrayLike<number>} q
 */
export function totalVariation(p, q) {
  let sum = 0;
  for (let i = 0; i < p.length; i += 1) sum += Math.abs(p[i] - q[i]);
  return sum / 2;
}

/**
 * Steps in which a difference halves, by the straight line that fits log2 of the distances best,
 * from the change until the noise of the arithmetic; Infinity where it doesn't shrink.
 * @param {number[]} distances the first right after the change
 */
export function halfLife(distances) {
  const end = distances.findIndex((distance) => distance <= NOISE * distances[0]);
  const logs = distances.slice(0, end < 0 ? distances.length : end).map(Math.log2);
  if (logs.length < 2) return distances.length > 1 && distances[0] > 0 ? 1 : Infinity;
  const middle = (logs.length - 1) / 2;
  const mean = logs.reduce((a, b) => a + b) / logs.length;
  const rise = logs.reduce((sum, log, t) => sum + (t - middle) * (log - mean), 0);
  const spread = logs.reduce((sum, _, t) => sum + (t - middle) ** 2, 0);
  return rise < 0 ? -spread / rise : Infinity;
}

/**
 * After how many steps the difference is below `share` of the first one for good; -1 for never.
 * @param {number[]} distances
 * @param {number} share
 */
export function staysBelow(distances, share) {
  const limit = share * distances[0];
  let last = distances.length - 1;
  while (last >= 0 && distances[last] < limit) last -= 1;
  return last === distances.length - 1 ? -1 : last + 1;
}

/**
 * How a difference fades, in a sentence.
 * @param {string} name of the model
 * @param {number[]} distances
 */
export function fadingWords(name, distances) {
  const [half, most] = [staysBelow(distances, 0.5), staysBelow(distances, 0.1)];
  const count = (steps) => `${steps} ${steps === 1 ? "character" : "characters"}`;
  const rate = halfLife(distances);
  const line = rate > 10000 ? "it does not fade" : `it halves every ${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)} characters`;
  const start = half < 0 ? "more than half of the difference is left at the end of the text" : `half of the difference is gone for good after ${count(half)}`;
  const rest = half < 0 ? "" : most < 0 ? ", but more than a tenth is left at the end" : `, nine tenths after ${count(most)}`;
  return `${name}: ${start}${rest}. Fitted over the whole text, ${line}.`;
}
