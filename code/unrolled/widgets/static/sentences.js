// A typed sentence as the nodes of an unrolled network. No DOM here.

/** How a sentence becomes nodes: words alone, punctuation too, the boundary token before them. */
export const READINGS = ["words", "punctuation", "boundary"];

const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/u;
const PIECES = new RegExp(`${WORD.source}|[^\\p{L}\\p{N}_\\s]|_`, "gu");

/**
 * Lower-cased words (an apostrophe inside a word stays) and punctuation signs, as
 * `unrolled.corpus.words` splits them.
 * @param {string} text
 * @returns {string[]}
 */
export function sentencePieces(text) {
  return text.toLowerCase().replaceAll("\u2019", "'").match(PIECES) ?? [];
}

/**
 * What the network reads, one piece per node.
 * @param {string[]} pieces
 * @param {string} reading one of `READINGS`
 * @param {string} boundary the boundary token
 * @returns {string[]}
 */
export function nodeInputs(pieces, reading, boundary) {
  if (!READINGS.includes(reading)) throw new Error(`expected one of ${READINGS.join(", ")}, got ${reading}`);
  if (reading === "words") return pieces.filter((piece) => WORD.test(piece));
  return reading === "punctuation" ? pieces : [boundary, ...pieces];
}

/**
 * What should come next at each node: the next node's input, at the last node the boundary.
 * @param {string[]} inputs
 * @param {string} boundary
 * @returns {string[]}
 */
export function nodeTargets(inputs, boundary) {
  return [...inputs.slice(1), boundary];
}
