// What a head of attention tends to look at, in numbers. No DOM here.

/**
 * A habit: where the token at place t should look if that were all the head did.
 * @type {[string, (tokens: number[], t: number) => number[]][]}
 */
export const HABITS = [
  ["the token before", (_, t) => (t > 0 ? [t - 1] : [])],
  ["the token itself", (_, t) => (t > 0 ? [t] : [])],
  ["the first token", (_, t) => (t > 0 ? [0] : [])],
  ["the same token earlier", (tokens, t) => earlierSame(tokens, t)],
  ["what followed the same token", (tokens, t) => earlierSame(tokens, t).map((j) => j + 1).filter((j) => j < t)],
];

function earlierSame(tokens, t) {
  return tokens.slice(0, t).flatMap((token, j) => (token === tokens[t] ? [j] : []));
}

/**
 * The weights of one head for the token at place t, over the places 0 ... t: they sum to one.
 * @param {Float32Array[]} looks as `readToken` keeps them
 * @param {number} head counted through all layers: layer * heads + head
 * @param {number} t
 */
export function lookOf(looks, head, t) {
  return looks[t].subarray(head * (t + 1), (head + 1) * (t + 1));
}

/**
 * The share of a head's attention that goes where a habit says, averaged over the places for which
 * it says something; null where there is none.
 */
export function habitShare(looks, head, tokens, wanted) {
  let sum = 0;
  let count = 0;
  for (let t = 0; t < tokens.length; t += 1) {
    const places = wanted(tokens, t);
    if (!places.length) continue;
    const weights = lookOf(looks, head, t);
    sum += places.reduce((total, place) => total + weights[place], 0);
    count += 1;
  }
  return count ? sum / count : null;
}

/** How many tokens back a head looks, on average over its weights and over the places from 1 on. */
export function meanDistance(looks, head) {
  let sum = 0;
  for (let t = 1; t < looks.length; t += 1) lookOf(looks, head, t).forEach((weight, j) => (sum += weight * (t - j)));
  return looks.length > 1 ? sum / (looks.length - 1) : 0;
}

/**
 * Heads in the order of how much they follow a habit.
 * @returns {{head: number, share: number}[]} empty where the text has no such place
 */
export function rankedHeads(looks, heads, tokens, wanted) {
  const all = Array.from({ length: heads }, (_, head) => ({ head, share: habitShare(looks, head, tokens, wanted) }));
  return all.filter(({ share }) => share !== null).sort((a, b) => b.share - a.share);
}

/**
 * A head's weights as the pixels of a T x T picture, row t for the token that looks, in one color
 * whose opacity is the square root of the weight, so that small weights show.
 * @param {[number, number, number]} color red, green, blue from 0 to 255
 * @returns {Uint8ClampedArray} 4 * T * T
 */
export function headPixels(looks, head, [red, green, blue]) {
  const T = looks.length;
  const pixels = new Uint8ClampedArray(4 * T * T);
  for (let t = 0; t < T; t += 1) {
    const weights = lookOf(looks, head, t);
    for (let j = 0; j <= t; j += 1) {
      const at = 4 * (t * T + j);
      pixels[at] = red;
      pixels[at + 1] = green;
      pixels[at + 2] = blue;
      pixels[at + 3] = 255 * Math.sqrt(weights[j]);
    }
  }
  return pixels;
}
