// One step of a recurrent network, as torch.nn.RNN, GRU and LSTM compute it. No DOM here.

import { fromHalf, sigmoid } from "./numbers.js";

/** How many blocks of H rows the weights have, and in which order: torch.nn's. */
const BLOCKS = { vanilla: ["h"], gru: ["r", "z", "n"], lstm: ["i", "f", "g", "o"] };

/**
 * embedding (V, C), inputWeight (G * H, C), memoryWeight (G * H, H), inputBias and memoryBias
 * (G * H), headWeight (V, H), headBias (V); G blocks of H rows, in the order of `BLOCKS`.
 * @typedef {{
 *   kind: "vanilla" | "gru" | "lstm", vocabularySize: number, width: number, hidden: number,
 *   embedding: Float32Array, inputWeight: Float32Array, memoryWeight: Float32Array,
 *   inputBias: Float32Array, memoryBias: Float32Array,
 *   headWeight: Float32Array, headBias: Float32Array, inputSums: Map<number, Float64Array>,
 * }} Recurrent
 * @typedef {{kind: string, vocabulary_size: number, width: number, hidden: number, precision: string}} RecurrentShape
 * @typedef {{hidden: Float64Array, cell: Float64Array | null}} MemoryState what is carried on; only an LSTM has a cell
 */

/** How many numbers each array of a network has, in the order they are packed. */
function recurrentCounts({ kind, vocabulary_size: V, width: C, hidden: H }) {
  if (!BLOCKS[kind]) throw new Error(`expected vanilla, gru or lstm, got ${kind}`);
  const rows = BLOCKS[kind].length * H;
  return [V * C, rows * C, rows * H, rows, rows, V * H, V];
}

/**
 * How many bytes a packed network takes.
 * @param {RecurrentShape} shape
 */
export function recurrentBytes(shape) {
  const numbers = recurrentCounts(shape).reduce((sum, count) => sum + count, 0);
  return numbers * (shape.precision === "float16" ? 2 : 4);
}

/**
 * Read the weights that `unrolled.widgets.packed_recurrence.pack_model` packed.
 * @param {DataView} view
 * @param {RecurrentShape} shape
 * @returns {Recurrent}
 */
export function decodeRecurrent(view, shape) {
  const expected = recurrentBytes(shape);
  if (view.byteLength !== expected) throw new Error(`expected ${expected} bytes of weights, got ${view.byteLength}`);
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + expected); // aligned
  const all = shape.precision === "float16" ? fromHalf(new Uint16Array(bytes)) : new Float32Array(bytes);
  let at = 0;
  const [embedding, inputWeight, memoryWeight, inputBias, memoryBias, headWeight, headBias] =
    recurrentCounts(shape).map((count) => all.subarray(at, (at += count)));
  return {
    kind: shape.kind, vocabularySize: shape.vocabulary_size, width: shape.width, hidden: shape.hidden,
    embedding, inputWeight, memoryWeight, inputBias, memoryBias, headWeight, headBias, inputSums: new Map(),
  };
}

/** weight (rows, columns) times vector, plus bias: (rows), in double precision. */
function affine(weight, vector, bias) {
  const columns = vector.length;
  const sums = new Float64Array(bias.length);
  for (let k = 0, at = 0; k < sums.length; k += 1) {
    let sum = bias[k];
    for (let j = 0; j < columns; j += 1, at += 1) sum += weight[at] * vector[j];
    sums[k] = sum;
  }
  return sums;
}

/** What a token brings into the step: W_x x + b (G * H). Computed once per token, then kept. */
function inputSum(network, token) {
  if (!(token >= 0 && token < network.vocabularySize)) {
    throw new Error(`expected a token from 0 to ${network.vocabularySize - 1}, got ${token}`);
  }
  let sum = network.inputSums.get(token);
  if (!sum) {
    const { width, embedding, inputWeight, inputBias } = network;
    sum = affine(inputWeight, embedding.subarray(token * width, (token + 1) * width), inputBias);
    network.inputSums.set(token, sum);
  }
  return sum;
}

/**
 * The memory before anything has been read: zeros.
 * @param {Recurrent} network
 * @returns {MemoryState}
 */
export function emptyMemory({ kind, hidden }) {
  return { hidden: new Float64Array(hidden), cell: kind === "lstm" ? new Float64Array(hidden) : null };
}

/**
 * The memory after one more token.
 *
 * vanilla: h' = tanh(x + m), where x = W_x x_t + b and m = W_s h + b come in blocks of H.
 * GRU: r, z = sigmoid(x + m), n = tanh(x + r * m), h' = (1 - z) * n + z * h.
 * LSTM: i, f, o = sigmoid(x + m), g = tanh(x + m), c' = f * c + i * g, h' = o * tanh(c').
 * @param {Recurrent} network
 * @param {MemoryState} state
 * @param {number} token
 * @returns {MemoryState}
 */
export function nextMemory(network, state, token) {
  const x = inputSum(network, token);
  const m = affine(network.memoryWeight, state.hidden, network.memoryBias);
  return { vanilla: vanillaStep, gru: gruStep, lstm: lstmStep }[network.kind](x, m, state);
}

function vanillaStep(x, m) {
  return { hidden: x.map((sum, k) => Math.tanh(sum + m[k])), cell: null };
}

function gruStep(x, m, { hidden }) {
  const H = hidden.length;
  return {
    hidden: hidden.map((before, k) => {
      const r = sigmoid(x[k] + m[k]);
      const z = sigmoid(x[H + k] + m[H + k]);
      const n = Math.tanh(x[2 * H + k] + r * m[2 * H + k]); // m holds b_hn, so r scales it too
      return (1 - z) * n + z * before;
    }),
    cell: null,
  };
}

function lstmStep(x, m, { cell: before }) {
  const H = before.length;
  const cell = before.map((c, k) => {
    const i = sigmoid(x[k] + m[k]);
    const f = sigmoid(x[H + k] + m[H + k]);
    const g = Math.tanh(x[2 * H + k] + m[2 * H + k]);
    return f * c + i * g;
  });
  return { hidden: cell.map((c, k) => sigmoid(x[3 * H + k] + m[3 * H + k]) * Math.tanh(c)), cell };
}

/**
 * The memory after each token, from an empty memory or the one given.
 * @param {Recurrent} network
 * @param {number[]} tokens
 * @param {MemoryState} [state]
 * @returns {MemoryState[]}
 */
export function readTokens(network, tokens, state = emptyMemory(network)) {
  return tokens.map((token) => (state = nextMemory(network, state, token)));
}

/**
 * The head's scores for every token to come next: (V).
 * @param {Recurrent} network
 * @param {ArrayLike<number>} hidden
 */
export function headLogits(network, hidden) {
  return affine(network.headWeight, hidden, network.headBias);
}

/**
 * Scores as probabilities that sum to one.
 * @param {Float64Array} scores
 * @returns {Float64Array}
 */
export function softmax(scores) {
  const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((score) => Math.exp(score - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/**
 * The distribution of the next token: (V).
 * @param {Recurrent} network
 * @param {MemoryState} state
 */
export function nextProbabilities(network, state) {
  return softmax(headLogits(network, state.hidden));
}
