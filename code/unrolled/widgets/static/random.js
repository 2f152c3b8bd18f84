// Chance that repeats: the same seed writes the same text. No DOM here.

/**
 * A seeded stream of numbers in (0, 1): the same seed gives the same stream.
 * A linear congruential generator (Park and Miller's multiplier of 1993).
 * @param {number} seed
 * @returns {() => number}
 */
export function seededRandom(seed) {
  const modulus = 2147483647;
  let state = (Math.abs(Math.trunc(seed)) % (modulus - 1)) + 1;
  const next = () => {
    state = (state * 48271) % modulus;
    return state / modulus;
  };
  for (let skipped = 0; skipped < 4; skipped += 1) next(); // a small seed's first numbers are small
  return next;
}
