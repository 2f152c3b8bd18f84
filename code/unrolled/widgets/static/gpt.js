// GPT-2's architecture, one token at a time with a key-value cache. No DOM here.

import { roomWithMultiply } from "./matrix_vector.js";

const NORM_EPSILON = 1e-5;
const GELU_SCALE = Math.sqrt(2 / Math.PI);

/** The next multiple of four: the kernel reads and writes four numbers at a time. */
const fours = (n) => 4 * Math.ceil(n / 4);

/**
 * `tokens` have been read; `logits` are those after the last one; `looks[t]`, if asked for, holds
 * the attention weights of place t over the places 0 ... t, layer by layer, head by head.
 * @typedef {{
 *   vocabularySize: number, contextLength: number, layers: number, heads: number, width: number,
 *   engine: "simd" | "plain", tokens: number[], logits: Float32Array, looks: Float32Array[],
 *   numbers: Float32Array, multiply: import("./matrix_vector.js").Multiply, parts: Object,
 * }} Gpt
 */

/** The model's arrays in the order of `unrolled.widgets.packed_gpt`: name, rows, columns (0: a vector). */
function gptTensors({ vocabulary_size: V, context_length: T, layers, width: C }) {
  const norm = (name) => [[`${name}.gain`, C, 0], [`${name}.bias`, C, 0]];
  const linear = (name, rows, columns) => [[`${name}.weight`, rows, columns], [`${name}.bias`, rows, 0]];
  const block = (n) => [
    ...norm(`${n}.norm_1`), ...linear(`${n}.project_in`, 3 * C, C), ...linear(`${n}.project_out`, C, C),
    ...norm(`${n}.norm_2`), ...linear(`${n}.expand`, 4 * C, C), ...linear(`${n}.contract`, C, 4 * C),
  ];
  return [["token", V, C], ["place", T, C], ...Array.from({ length: layers }, (_, n) => block(n)).flat(), ...norm("norm")];
}

/**
 * Bytes of a packed model: for each row of a matrix an 8-bit integer a column and one float32
 * scale, for each number of a vector a float32.
 */
export function gptBytes(shape) {
  return gptTensors(shape).reduce((sum, [, rows, columns]) => sum + rows * (4 + columns), 0);
}

/**
 * Unpack a model and make room for its cache.
 * @param {DataView} view first all float32 numbers, then all integers
 * @param {{vocabulary_size: number, context_length: number, layers: number, heads: number, width: number}} shape
 * @param {{simd?: boolean}} [options] simd false: plain JavaScript
 * @returns {Gpt}
 */
export function decodeGpt(view, shape, { simd = true } = {}) {
  if (view.byteLength !== gptBytes(shape)) throw new Error(`expected ${gptBytes(shape)} bytes of weights, got ${view.byteLength}`);
  const { vocabulary_size: vocabularySize, context_length: contextLength, layers, heads, width } = shape;
  const tensors = gptTensors(shape);
  const D = width / heads;
  let size = 0;
  const place = (rows, columns) => {
    const at = size;
    size += fours(rows) * fours(columns || 1);
    return at;
  };
  const parts = {};
  for (const [name, rows, columns] of tensors) parts[name] = { at: columns ? place(rows, columns) : place(1, rows), rows, columns, stride: fours(columns) };
  const rooms = { normed: width, mixed: width + 4, projected: 3 * width + 4, expanded: 4 * width, added: width, scores: contextLength, logits: vocabularySize };
  for (const [name, count] of Object.entries(rooms)) parts[name] = place(1, count);
  parts.keys = place(layers * heads * fours(contextLength), D); // for each head, a row a place
  parts.values = place(layers * heads * fours(D), contextLength); // for each head, a column a place
  const { numbers, multiply, engine } = roomWithMultiply(size, simd);
  fillIn(numbers, parts, tensors, view);
  const logits = numbers.subarray(parts.logits, parts.logits + vocabularySize);
  return { vocabularySize, contextLength, layers, heads, width, engine, tokens: [], logits, looks: [], numbers, multiply, parts };
}

/** Write the packed numbers, as float32, where the kernel finds them. */
function fillIn(numbers, parts, tensors, view) {
  const floatCount = tensors.reduce((sum, [, rows]) => sum + rows, 0);
  const start = view.byteOffset;
  const floats = new Float32Array(view.buffer.slice(start, start + 4 * floatCount));
  const integers = new Int8Array(view.buffer, start + 4 * floatCount, view.byteLength - 4 * floatCount);
  let float = 0;
  let integer = 0;
  for (const [name, rows, columns] of tensors) {
    const { at, stride } = parts[name];
    if (!columns) numbers.set(floats.subarray(float, float + rows), at);
    for (let row = 0; row < rows && columns; row += 1) {
      const scale = floats[float + row];
      for (let k = 0; k < columns; k += 1) numbers[at + row * stride + k] = scale * integers[integer + k];
      integer += columns;
    }
    float += rows;
  }
}

/** Forget all but the first `count` tokens. */
export function forgetAfter(gpt, count) {
  gpt.tokens.length = Math.min(count, gpt.tokens.length);
  gpt.looks.length = Math.min(count, gpt.looks.length);
}

/**
 * Read one token more: its place in the cache is filled.
 * @param {Gpt} gpt
 * @param {number} token
 * @param {{logits?: boolean, looks?: boolean}} [wanted] what to keep of it
 */
export function readToken(gpt, token, { logits = true, looks = false } = {}) {
  const { parts, tokens, numbers, width: C, contextLength } = gpt;
  const t = tokens.length;
  if (!(token >= 0 && token < gpt.vocabularySize)) throw new Error(`expected a token from 0 to ${gpt.vocabularySize - 1}, got ${token}`);
  if (t >= contextLength) throw new Error(`expected at most ${contextLength} tokens, got one more`);
  const stream = new Float64Array(C);
  for (let k = 0; k < C; k += 1) stream[k] = numbers[parts.token.at + token * parts.token.stride + k] + numbers[parts.place.at + t * parts.place.stride + k];
  const look = looks ? new Float32Array(gpt.layers * gpt.heads * (t + 1)) : null;
  for (let n = 0; n < gpt.layers; n += 1) {
    normalize(gpt, stream, `${n}.norm_1`);
    apply(gpt, `${n}.project_in`, parts.normed, parts.projected);
    attendFrom(gpt, n, t, look);
    apply(gpt, `${n}.project_out`, parts.mixed, parts.added);
    for (let k = 0; k < C; k += 1) stream[k] += numbers[parts.added + k];
    normalize(gpt, stream, `${n}.norm_2`);
    apply(gpt, `${n}.expand`, parts.normed, parts.expanded);
    bend(numbers.subarray(parts.expanded, parts.expanded + 4 * C));
    apply(gpt, `${n}.contract`, parts.expanded, parts.added);
    for (let k = 0; k < C; k += 1) stream[k] += numbers[parts.added + k];
  }
  normalize(gpt, stream, "norm");
  if (logits) gpt.multiply(parts.token.at, parts.normed, parts.logits, fours(gpt.vocabularySize), fours(C), parts.token.stride);
  tokens.push(token);
  if (look) gpt.looks[t] = look;
}

/** LayerNorm of the stream, into `normed`. */
function normalize({ numbers, parts, width: C }, stream, name) {
  const [gain, bias] = [parts[`${name}.gain`].at, parts[`${name}.bias`].at];
  let mean = 0;
  for (let k = 0; k < C; k += 1) mean += stream[k];
  mean /= C;
  let variance = 0;
  for (let k = 0; k < C; k += 1) variance += (stream[k] - mean) ** 2;
  const scale = 1 / Math.sqrt(variance / C + NORM_EPSILON);
  for (let k = 0; k < C; k += 1) numbers[parts.normed + k] = (stream[k] - mean) * scale * numbers[gain + k] + numbers[bias + k];
}

/** out = W x + b, all of them in the kernel's memory. */
function apply({ numbers, multiply, parts }, name, x, out) {
  const { at, rows, stride } = parts[`${name}.weight`];
  const bias = parts[`${name}.bias`].at;
  multiply(at, x, out, fours(rows), stride, stride);
  for (let row = 0; row < rows; row += 1) numbers[out + row] += numbers[bias + row];
}

/** GELU in GPT-2's form, in place: x (1 + tanh u) / 2 = x / (1 + exp(-2u)). */
function bend(values) {
  for (let k = 0; k < values.length; k += 1) {
    const x = values[k];
    values[k] = x / (1 + Math.exp(-2 * GELU_SCALE * (x + 0.044715 * x * x * x)));
  }
}

/** Keep the new place's key and value; each head mixes the values of all places into `mixed`. */
function attendFrom({ numbers, multiply, parts, width: C, heads, contextLength }, layer, t, look) {
  const D = C / heads;
  const [keyStride, valueStride, S] = [fours(D), fours(contextLength), t + 1];
  const { projected, mixed, scores } = parts;
  for (let head = 0; head < heads; head += 1) {
    const place = layer * heads + head;
    const keys = parts.keys + place * valueStride * keyStride;
    const values = parts.values + place * keyStride * valueStride;
    for (let d = 0; d < D; d += 1) {
      numbers[keys + t * keyStride + d] = numbers[projected + C + head * D + d];
      numbers[values + d * valueStride + t] = numbers[projected + 2 * C + head * D + d];
    }
    multiply(keys, projected + head * D, scores, fours(S), keyStride, keyStride);
    shareOut(numbers, scores, S, 1 / Math.sqrt(D));
    if (look) look.set(numbers.subarray(scores, scores + S), place * S);
    multiply(values, scores, mixed + head * D, keyStride, fours(S), valueStride);
  }
}

/** Softmax of S scores in place; what stands behind them in their group of four becomes 0. */
function shareOut(numbers, scores, S, scale) {
  let top = -Infinity;
  for (let k = 0; k < S; k += 1) top = Math.max(top, numbers[scores + k]);
  let total = 0;
  for (let k = 0; k < S; k += 1) total += numbers[scores + k] = Math.exp(scale * (numbers[scores + k] - top));
  for (let k = 0; k < S; k += 1) numbers[scores + k] /= total;
  numbers.fill(0, scores + S, scores + fours(S));
}

/**
 * Where the window of a text of `count` tokens begins: when one token more than the model holds
 * has come, only the last half of what it holds is kept (as `unrolled.sampling.generate` does).
 * @param {number} count
 * @param {number} contextLength
 */
export function windowStart(count, contextLength) {
  const step = contextLength + 1 - Math.max(1, Math.floor(contextLength / 2));
  return count <= contextLength ? 0 : step * Math.ceil((count - contextLength) / step);
}

/**
 * Bring a model to the end of a text, reading only what it has not read: the beginning that both
 * share stays in the cache. Yields the place in the text after each token, so that whoever
 * calls may pause.
 * @param {Gpt} gpt
 * @param {number[]} text at least one token
 * @param {{logits?: (place: number) => boolean, looks?: boolean}} [wanted] of which places the
 *   logits are worth their time
 */
export function* followText(gpt, text, { logits = () => true, looks = false } = {}) {
  const start = windowStart(text.length, gpt.contextLength);
  const seen = text.slice(start);
  let shared = 0;
  while (shared < seen.length && gpt.tokens[shared] === seen[shared]) shared += 1;
  const done = shared === seen.length && gpt.tokens.length === shared;
  if (!done) forgetAfter(gpt, Math.min(shared, seen.length - 1)); // the last one's logits are wanted
  for (let t = gpt.tokens.length; t < seen.length; t += 1) {
    readToken(gpt, seen[t], { logits: logits(start + t), looks });
    yield start + t;
  }
}
