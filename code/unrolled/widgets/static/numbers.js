// Small numerical pieces that several interactives need. No DOM here.

/**
 * IEEE half-precision numbers, given as their bits.
 * @param {Uint16Array} halves
 * @returns {Float32Array}
 */
export function fromHalf(halves) {
  return Float32Array.from(halves, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** The probability that a logit stands for. */
export function sigmoid(score) {
  return 1 / (1 + Math.exp(-score));
}
