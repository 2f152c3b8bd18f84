// The forward pass of the network that tells valid n-grams from broken ones. No DOM here.

import { fromHalf } from "./numbers.js";

/**
 * embedding (V, C), hidden weight (H, N * C), hidden bias (H), out weight (H), out bias.
 * @typedef {{
 *   vocabularySize: number, width: number, hidden: number, length: number,
 *   embedding: Float32Array, hiddenWeight: Float32Array, hiddenBias: Float32Array,
 *   outWeight: Float32Array, outBias: number, projected: (Float32Array | null)[],
 * }} Network
 */

/**
 * Read the weights that `unrolled.widgets.validity_scorer` packed, one array after the other.
 * @param {DataView} view
 * @param {{vocabulary_size: number, width: number, hidden: number, length: number, precision: string}} shape
 * @returns {Network}
 */
export function decodeNetwork(view, shape) {
  const { vocabulary_size: vocabularySize, width, hidden, length, precision } = shape;
  const counts = [vocabularySize * width, hidden * length * width, hidden, hidden, 1];
  const expected = counts.reduce((sum, count) => sum + count, 0) * (precision === "float16" ? 2 : 4);
  if (view.byteLength !== expected) throw new Error(`expected ${expected} bytes of weights, got ${view.byteLength}`);
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + expected);
  const all = precision === "float16" ? fromHalf(new Uint16Array(bytes)) : new Float32Array(bytes);
  let at = 0;
  const [embedding, hiddenWeight, hiddenBias, outWeight, [outBias]] = counts.map((count) => all.subarray(at, (at += count)));
  const projected = Array(length).fill(null);
  return { vocabularySize, width, hidden, length, embedding, hiddenWeight, hiddenBias, outWeight, outBias, projected };
}

/**
 * What every word would add to the hidden layer if it stood in `slot`: (V, H).
 * Computed on first use, then kept.
 * @param {Network} network
 * @param {number} slot
 * @returns {Float32Array}
 */
export function projectedWords(network, slot) {
  if (network.projected[slot]) return network.projected[slot];
  const { vocabularySize, width, hidden, length, embedding, hiddenWeight } = network;
  const table = new Float32Array(vocabularySize * hidden);
  for (let i = 0; i < vocabularySize; i += 1) {
    for (let k = 0; k < hidden; k += 1) {
      const row = k * length * width + slot * width;
      let sum = 0;
      for (let j = 0; j < width; j += 1) sum += hiddenWeight[row + j] * embedding[i * width + j];
      table[i * hidden + k] = sum;
    }
  }
  network.projected[slot] = table;
  return table;
}

/** Add to `sums` (H) what a word in a slot contributes to the hidden layer. */
function addWord({ width, hidden, length, embedding, hiddenWeight }, sums, slot, token) {
  for (let k = 0; k < hidden; k += 1) {
    const row = (k * length + slot) * width;
    for (let j = 0; j < width; j += 1) sums[k] += hiddenWeight[row + j] * embedding[token * width + j];
  }
}

/**
 * The network's verdict on an n-gram, before the sigmoid.
 * @param {Network} network
 * @param {number[]} tokens as many as the network reads
 */
export function logit(network, tokens) {
  const sums = Float64Array.from(network.hiddenBias);
  tokens.forEach((token, slot) => addWord(network, sums, slot, token));
  return sums.reduce((score, sum, k) => score + network.outWeight[k] * Math.tanh(sum), network.outBias);
}

/**
 * The logit of the n-gram with each word of the vocabulary put into `slot` in turn: (V).
 * @param {Network} network
 * @param {number[]} tokens
 * @param {number} slot
 * @returns {Float32Array}
 */
export function replacementLogits(network, tokens, slot) {
  const { vocabularySize, hidden, hiddenBias, outWeight, outBias } = network;
  const base = Float64Array.from(hiddenBias);
  tokens.forEach((token, other) => {
    if (other !== slot) addWord(network, base, other, token);
  });
  const table = projectedWords(network, slot);
  const scores = new Float32Array(vocabularySize);
  for (let i = 0; i < vocabularySize; i += 1) {
    let score = outBias;
    for (let k = 0; k < hidden; k += 1) score += outWeight[k] * Math.tanh(base[k] + table[i * hidden + k]);
    scores[i] = score;
  }
  return scores;
}
