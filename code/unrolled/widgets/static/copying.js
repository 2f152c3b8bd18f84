// Which stretches of a text are copied, given for each character how long a stretch of the source begins there.

/**
 * Cut a text into pieces that are copied or not. A character is copied if it lies in a stretch of at
 * least `atLeast` characters that stands in the source.
 * @param {string} text
 * @param {number[]} lengths one for each UTF-16 unit of the text
 * @param {number} atLeast
 * @returns {{text: string, copied: boolean}[]} pieces that give the text when joined, by turns
 */
export function copiedPieces(text, lengths, atLeast) {
  const pieces = [];
  let end = 0; // of the copied stretches so far
  for (let i = 0; i < text.length; i++) {
    if (lengths[i] >= atLeast) end = Math.max(end, i + lengths[i]);
    const copied = i < end;
    if (pieces.length && pieces.at(-1).copied === copied) pieces.at(-1).text += text[i];
    else pieces.push({ text: text[i], copied });
  }
  return pieces;
}

/** The share of a text's characters that are copied. */
export function copiedShare(text, lengths, atLeast) {
  const copied = copiedPieces(text, lengths, atLeast).filter((piece) => piece.copied);
  return text.length ? copied.reduce((sum, piece) => sum + piece.text.length, 0) / text.length : 0;
}

/** The longest stretch; 0 for an empty text. */
export function longestCopy(lengths) {
  return lengths.reduce((longest, length) => Math.max(longest, length), 0);
}

/** Where a list of numbers is lowest; the first place of several. */
export function lowestAt(values) {
  return values.reduce((best, value, i) => (value < values[best] ? i : best), 0);
}
