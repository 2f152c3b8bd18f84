// Attention in plain numbers: scores, mask, softmax, weighted sum. Rows are arrays of numbers.

/** The causal mask of T tokens: true where row i may look at column j, that is where j <= i. */
export function causalMask(T) {
  return Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => j <= i));
}

/** The product of two vectors of one width. */
export function dotProduct(a, b) {
  return a.reduce((sum, x, d) => sum + x * b[d], 0);
}

/**
 * Scores q_i · k_j / √D.
 * @param {number[][]} queries (T, D)
 * @param {number[][]} keys (S, D)
 * @returns {number[][]} (T, S)
 */
export function scaledScores(queries, keys) {
  return queries.map((query) => keys.map((key) => dotProduct(query, key) / Math.sqrt(query.length)));
}

/** Scores with `fill` (-Infinity or 0) wherever the mask forbids looking. */
export function maskedScores(scores, mask, fill = -Infinity) {
  return scores.map((row, i) => row.map((score, j) => (mask[i][j] ? score : fill)));
}

/** Shares that sum to 1; not a number everywhere if every score is -Infinity. */
export function softmaxRow(scores) {
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const sum = exponentials.reduce((total, x) => total + x, 0);
  return exponentials.map((x) => x / sum);
}

/** Each row of scores, masked, to shares: (T, S) to (T, S). */
export function weightsOf(scores, mask, fill = -Infinity) {
  return maskedScores(scores, mask, fill).map(softmaxRow);
}

/** The weighted sums of the values: (T, S) and (S, E) to (T, E). */
export function mixedValues(weights, values) {
  return weights.map((row) => values[0].map((_, e) => row.reduce((sum, weight, j) => sum + weight * values[j][e], 0)));
}

/** How much each row takes from places behind its own. */
export function leaksOf(weights) {
  return weights.map((row, i) => row.slice(i + 1).reduce((sum, weight) => sum + weight, 0));
}
