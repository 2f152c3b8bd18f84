// The arithmetic of guessing the next character: bets, surprises, running averages.

/**
 * A reader's bet as a distribution over the alphabet: `confidence` on the guessed character, the
 * rest spread as often as each character occurs.
 * @param {number[]} unigram probabilities of the characters, summing to one
 * @param {number} guess index of the guessed character, or -1 for no guess
 * @param {number} confidence from 0 to below 1
 * @returns {number[]} probabilities, summing to one
 */
export function betDistribution(unigram, guess, confidence) {
  if (guess < 0) return unigram.slice();
  return unigram.map((p, i) => (1 - confidence) * p + (i === guess ? confidence : 0));
}

/** Bits of surprise at an event that had probability `p`. */
export function surpriseBits(p) {
  return -Math.log2(p);
}

/** Averages of the first 1, 2, ... values: bits per character so far. */
export function runningAverages(bits) {
  let sum = 0;
  return bits.map((b, i) => (sum += b) / (i + 1));
}

/** A character as a word where it would be invisible. */
export function characterName(character) {
  return { " ": "space", "\n": "line break", "</s>": "boundary" }[character] ?? character;
}

/**
 * Corners of a line chart through `values`.
 * @returns {string} for the `points` of an SVG polyline
 */
export function chartPoints(values, { width, height, steps, top }) {
  const x = (i) => (steps > 1 ? (i / (steps - 1)) * width : 0);
  const y = (v) => height - (Math.min(v, top) / top) * height;
  return values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
}
