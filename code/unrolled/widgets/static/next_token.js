// From logits to the next token: temperature, top-k, top-p, greedy, and a draw. No DOM here.

/** @typedef {{temperature: number, topK: number, topP: number, greedy: boolean}} Choosing topK 0 and topP 1: all */

/** Logits at a temperature as probabilities that sum to one. */
function sharpened(logits, temperature) {
  const V = logits.length;
  let top = -Infinity;
  for (let id = 0; id < V; id += 1) top = Math.max(top, logits[id]);
  const powers = new Float64Array(V);
  for (let id = 0; id < V; id += 1) powers[id] = Math.exp((logits[id] - top) / temperature);
  return shares(powers);
}

/** Numbers divided by their sum. */
function shares(values) {
  let total = 0;
  for (let n = 0; n < values.length; n += 1) total += values[n];
  return values.map((value) => value / total);
}

/** Ids from the likeliest on; of equally likely ones the lower id comes first. */
export function rankedTokens(probabilities) {
  return Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
}

/**
 * The k likeliest ids, or the fewest that have p together, ranked. Only these are compared with
 * one another: a vocabulary is large, and this is done for each token.
 */
function likeliest(probabilities, k, p) {
  const sorted = probabilities.slice().sort(); // numbers alone, the smallest first: that is quick
  let at = sorted.length;
  let sum = 0;
  do {
    at -= 1;
    sum += sorted[at];
  } while (at > 0 && sorted.length - at < k && sum < p);
  const ids = [];
  for (let id = 0; id < probabilities.length; id += 1) if (probabilities[id] >= sorted[at]) ids.push(id);
  return ids.sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, k);
}

/**
 * The probabilities to draw from, as `unrolled.sampling.choices` makes them: temperature first, then
 * the k likeliest, then of these the fewest likeliest that have p together.
 * @param {ArrayLike<number>} logits (V)
 * @param {Choosing} choosing
 * @returns {Float64Array} (V)
 */
export function chancesToDraw(logits, { temperature, topK, topP, greedy }) {
  if (greedy || temperature === 0) {
    const best = logits.indexOf(logits.reduce((a, b) => Math.max(a, b), -Infinity));
    return Float64Array.from(logits, (_, id) => (id === best ? 1 : 0));
  }
  const all = sharpened(logits, temperature);
  if (!topK && topP >= 1) return all;
  const ranked = topK ? likeliest(all, topK, Infinity) : likeliest(all, all.length, topP);
  const chances = new Float64Array(all.length);
  const left = topK ? shares(ranked.map((id) => all[id])) : ranked.map((id) => all[id]);
  let before = 0; // what the likelier tokens have together
  for (let rank = 0; rank < ranked.length && (topP >= 1 || before < topP); rank += 1) {
    chances[ranked[rank]] = left[rank];
    before += left[rank];
  }
  return shares(chances);
}

/** What the model itself says: temperature 1, nothing cut off. */
export function modelChances(logits) {
  return sharpened(logits, 1);
}

/**
 * The token at which the running sum of the chances passes `u`.
 * @param {Float64Array} chances (V), summing to one
 * @param {number} u from 0 to below 1
 */
export function drawToken(chances, u) {
  let sum = 0;
  let last = 0;
  for (let id = 0; id < chances.length; id += 1) {
    if (chances[id] === 0) continue;
    sum += chances[id];
    last = id;
    if (u < sum) return id;
  }
  return last;
}

/**
 * A number from 0 to below 1 that depends on the seed and the place in the text alone, so that the
 * same seed goes on in the same way however a text was come by.
 */
export function uniformAt(seed, place) {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(place + 1, 0xc2b2ae35);
  for (const factor of [0x7feb352d, 0x846ca68b, 0x2c1b3c6d]) bits = Math.imul(bits ^ (bits >>> 16), factor);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}
