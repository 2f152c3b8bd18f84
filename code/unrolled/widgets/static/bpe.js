// Byte-pair tokenizers in the page: the same ids as unrolled/bpe.py and as the pretrained LLM's own.
// A merge is a pair of ids; the k-th one makes id `firstMerge + k`. Bytes are the ids before.

const WORD = "\\p{L}\\p{N}_"; // what Python's \w is
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WHITE = "\\t-\\r\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"; // Unicode's own list
const BOOK_PIECE = new RegExp(` ?[${WORD}]+(?:'[${WORD}]+)*| ?[^${WORD}${SPACE}]+|[${SPACE}]+(?![^${SPACE}])|[${SPACE}]+`, "gu");
const GPT2_PIECE = new RegExp(`'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{L}\\p{N}${WHITE}]+|[${WHITE}]+(?![^${WHITE}])|[${WHITE}]+`, "gu");

/** The pieces that no merge crosses: words as `unrolled.bpe.pieces` cuts them. */
export function bookPieces(text) {
  return text.match(BOOK_PIECE) ?? [];
}

/** The pieces of the pretrained LLM: digits one by one, then words as GPT-2 cuts them. */
export function digitPieces(text) {
  return text.split(/(\p{N})/u).flatMap((part) => part.match(GPT2_PIECE) ?? []);
}

/**
 * A tokenizer from packed merges.
 * @param {DataView} merges little-endian pairs of uint16: left id, right id, in the order of the merges
 * @param {{bytes: number[], special: string[], readsSpecial: boolean, pieces: (text: string) => string[]}} rest
 *   `bytes` are the byte values that have ids, in their order; `special` the names of the ids before;
 *   `readsSpecial`: such a name in a text is that id, as in the LLM's library
 */
export function decodeTokenizer(merges, { bytes, special, readsSpecial, pieces }) {
  const count = merges.byteLength / 4;
  const firstByte = special.length;
  const left = new Uint16Array(count);
  const right = new Uint16Array(count);
  const ranks = new Map();
  for (let k = 0; k < count; k += 1) {
    left[k] = merges.getUint16(4 * k, true);
    right[k] = merges.getUint16(4 * k + 2, true);
    ranks.set(left[k] * 65536 + right[k], k);
  }
  const byteIds = new Int32Array(256).fill(-1); // a byte without an id is left out, as in the LLM's library
  bytes.forEach((value, place) => (byteIds[value] = firstByte + place));
  return { left, right, ranks, byteIds, bytes, firstByte, special, readsSpecial, pieces, firstMerge: firstByte + bytes.length };
}

export function mergeCount({ left }) {
  return left.length;
}

/** The ids of one piece by its first `limit` merges; the ranks that acted go into `used`. */
function encodePiece(tokenizer, piece, limit, used) {
  const { ranks, byteIds, firstMerge } = tokenizer;
  let ids = [...new TextEncoder().encode(piece)].map((byte) => byteIds[byte]).filter((id) => id >= 0);
  for (;;) {
    let lowest = limit;
    for (let i = 0; i + 1 < ids.length; i += 1) lowest = Math.min(lowest, ranks.get(ids[i] * 65536 + ids[i + 1]) ?? limit);
    if (lowest >= limit) return ids;
    used?.add(lowest);
    ids = mergePair(ids, tokenizer.left[lowest], tokenizer.right[lowest], firstMerge + lowest);
  }
}

/** Every `a` followed by `b` becomes `made`, from left to right. */
export function mergePair(ids, a, b, made) {
  const merged = [];
  for (let i = 0; i < ids.length; i += 1) {
    if (ids[i] === a && ids[i + 1] === b) {
      merged.push(made);
      i += 1;
    } else merged.push(ids[i]);
  }
  return merged;
}

/** Ids of a text by the first `limit` merges (all, if not said). */
export function encodeText(tokenizer, text, limit = mergeCount(tokenizer), used = null) {
  return specialParts(tokenizer, text).flatMap(([part, id]) =>
    id === null ? tokenizer.pieces(part).flatMap((piece) => encodePiece(tokenizer, piece, limit, used)) : [id],
  );
}

/** The text, cut at special tokens such as <|im_start|>, which are ids of their own. */
function specialParts({ special, readsSpecial }, text) {
  if (!readsSpecial) return [[text, null]];
  const escaped = [...special].sort((a, b) => b.length - a.length).map((name) => name.replace(/[|\\{}()[\]^$+*?.]/g, "\\$&"));
  return text
    .split(new RegExp(`(${escaped.join("|")})`))
    .filter((part) => part)
    .map((part) => [part, special.includes(part) ? special.indexOf(part) : null]);
}

/** The numbers of merges after which a text's tokens change: sorted, each from 1 on. */
export function actingMerges(tokenizer, text) {
  const used = new Set();
  encodeText(tokenizer, text, mergeCount(tokenizer), used);
  return [...used].map((rank) => rank + 1).sort((a, b) => a - b);
}

/** The bytes that an id stands for; none for a special token. */
export function tokenBytes(tokenizer, id) {
  if (id >= tokenizer.firstMerge) {
    const k = id - tokenizer.firstMerge;
    return [...tokenBytes(tokenizer, tokenizer.left[k]), ...tokenBytes(tokenizer, tokenizer.right[k])];
  }
  return id < tokenizer.firstByte ? [] : [tokenizer.bytes[id - tokenizer.firstByte]];
}

const SIGNS = { " ": "·", "\n": "⏎", "\t": "⇥" };

/** An id's text for the eye: spaces become dots, and bytes that are no whole character ⟨E2⟩. */
export function tokenLabel(tokenizer, id) {
  if (id < tokenizer.firstByte) return tokenizer.special[id];
  const bytes = tokenBytes(tokenizer, id);
  let label = "";
  for (let i = 0; i < bytes.length; ) {
    const size = bytes[i] < 0x80 ? 1 : bytes[i] >= 0xf0 ? 4 : bytes[i] >= 0xe0 ? 3 : 2;
    const character = wholeCharacter(bytes.slice(i, i + size));
    label += character === null ? `⟨${bytes[i].toString(16).toUpperCase().padStart(2, "0")}⟩` : visibleSign(character);
    i += character === null ? 1 : size;
  }
  return label;
}

/** A character as it is drawn: white space and signs that print nothing get a stand-in. */
export function visibleSign(character) {
  if (SIGNS[character]) return SIGNS[character];
  return /^[\p{C}\p{Z}]$/u.test(character) ? `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩` : character;
}

function wholeCharacter(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
    return [...text].length === 1 ? text : null;
  } catch {
    return null;
  }
}
