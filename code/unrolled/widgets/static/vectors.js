// Arithmetic on word vectors: decoding, cosines, nearest words, analogies. No DOM here.

/**
 * A vocabulary with one vector per word. Row i of `values` is the vector of `words[i]`.
 * @typedef {{words: string[], size: number, width: number, values: Float32Array, norms: Float32Array}} Space
 * @typedef {{index: number, word: string, cosine: number}} Neighbor
 */

/**
 * Split newline-joined UTF-8 into words.
 * @param {DataView} view
 * @returns {string[]}
 */
export function decodeWords(view) {
  return new TextDecoder().decode(view).split("\n");
}

/**
 * Undo the packing of `unrolled.widgets.packed_vectors.pack`: C float32 for the center,
 * V float32 scales, V x C int8. Vector i = center + scale i times its bytes.
 * @param {DataView} wordsView
 * @param {DataView} vectorsView
 * @param {number} width C, the length of one vector
 * @returns {Space}
 */
export function decodeSpace(wordsView, vectorsView, width) {
  const words = decodeWords(wordsView);
  const size = words.length;
  const expected = 4 * width + size * (4 + width);
  if (vectorsView.byteLength !== expected) {
    throw new Error(`expected ${expected} bytes for ${size} vectors of ${width}, got ${vectorsView.byteLength}`);
  }
  const start = vectorsView.byteOffset;
  const bytes = vectorsView.buffer.slice(start, start + expected);
  const center = new Float32Array(bytes, 0, width);
  const scales = new Float32Array(bytes, 4 * width, size);
  const steps = new Int8Array(bytes, 4 * (width + size));
  const values = new Float32Array(size * width);
  const norms = new Float32Array(size);
  for (let i = 0, at = 0; i < size; i += 1) {
    let sum = 0;
    for (let j = 0; j < width; j += 1, at += 1) {
      const x = center[j] + scales[i] * steps[at];
      values[at] = x;
      sum += x * x;
    }
    norms[i] = Math.sqrt(sum);
  }
  return { words, size, width, values, norms };
}

/**
 * The vector of word number `index`.
 * @param {Space} space
 * @param {number} index
 */
export function vectorAt(space, index) {
  return space.values.subarray(index * space.width, (index + 1) * space.width);
}

/**
 * The sum of weight times vector over all terms.
 * @param {[number, ArrayLike<number>][]} terms
 * @returns {Float64Array}
 */
export function combine(terms) {
  const total = new Float64Array(terms[0][1].length);
  for (const [weight, vector] of terms) {
    for (let j = 0; j < total.length; j += 1) total[j] += weight * vector[j];
  }
  return total;
}

/**
 * The mean of some vectors.
 * @param {ArrayLike<number>[]} vectors
 */
export function meanVector(vectors) {
  return combine(vectors.map((vector) => [1 / vectors.length, vector]));
}

/**
 * Cosine of the angle between two vectors; 0 if either has no length.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function cosine(a, b) {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let j = 0; j < a.length; j += 1) {
    dot += a[j] * b[j];
    aa += a[j] * a[j];
    bb += b[j] * b[j];
  }
  return aa && bb ? dot / Math.sqrt(aa * bb) : 0;
}

/**
 * The cosine of every word with `query`.
 * @param {Space} space
 * @param {ArrayLike<number>} query
 * @returns {Float32Array}
 */
export function cosines(space, query) {
  const { values, norms, size, width } = space;
  const direction = Float64Array.from(query);
  const length = Math.hypot(...direction);
  const result = new Float32Array(size);
  for (let i = 0, at = 0; i < size; i += 1) {
    let dot = 0;
    for (let j = 0; j < width; j += 1, at += 1) dot += values[at] * direction[j];
    result[i] = length && norms[i] ? dot / (length * norms[i]) : 0;
  }
  return result;
}

/**
 * The `count` words with the highest cosine to `query`, nearest first.
 * @param {Space} space
 * @param {ArrayLike<number>} query
 * @param {number} count
 * @param {number[]} [excluded] word numbers that may not be answers
 * @returns {Neighbor[]}
 */
export function nearest(space, query, count, excluded = []) {
  const scores = cosines(space, query);
  for (const index of excluded) scores[index] = -Infinity;
  return largest(scores, count).map((index) => ({ index, word: space.words[index], cosine: scores[index] }));
}

/**
 * Positions of the `count` largest finite scores, largest first.
 * @param {ArrayLike<number>} scores
 * @param {number} count
 * @returns {number[]}
 */
export function largest(scores, count) {
  const best = [];
  for (let i = 0; i < scores.length; i += 1) {
    if (scores[i] === -Infinity) continue;
    if (best.length === count && scores[i] <= scores[best[count - 1]]) continue;
    let place = best.length;
    while (place > 0 && scores[best[place - 1]] < scores[i]) place -= 1;
    best.splice(place, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

/**
 * How near `candidate` is to `query` among all words: 1 says that no other word is nearer.
 * @param {Space} space
 * @param {ArrayLike<number>} query
 * @param {ArrayLike<number>} candidate
 * @param {number[]} [excluded] word numbers that don't count: the query's and the candidate's own
 * @returns {{cosine: number, rank: number}}
 */
export function standing(space, query, candidate, excluded = []) {
  const own = cosine(query, candidate);
  const scores = cosines(space, query);
  for (const index of excluded) scores[index] = -Infinity;
  let rank = 1;
  for (const score of scores) if (score > own) rank += 1;
  return { cosine: own, rank };
}

/**
 * The vector that answers "a is to b as c is to ...": b - a + c.
 * @param {Space} space
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
export function analogy(space, a, b, c) {
  return combine([[1, vectorAt(space, b)], [-1, vectorAt(space, a)], [1, vectorAt(space, c)]]);
}

/**
 * The step from the first word of a pair to its second.
 * @param {Space} space
 * @param {[number, number]} pair
 */
export function difference(space, [from, to]) {
  return combine([[1, vectorAt(space, to)], [-1, vectorAt(space, from)]]);
}
