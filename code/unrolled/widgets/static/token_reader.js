// A vocabulary of characters or byte pairs, as `unrolled.widgets.packed_gpt` packs it. No DOM here.

import { bookPieces, decodeTokenizer, encodeText, mergeCount, tokenBytes, tokenLabel } from "./bpe.js";

/**
 * `encode` turns a text into ids and lists what the vocabulary has no token for; `text` is what an
 * id adds to a text, `label` what it is called where that is nothing; `unit` ends "5 tokens".
 * @typedef {{
 *   size: number, unit: string, encode: (text: string) => {ids: number[], unknown: string[]},
 *   text: (id: number) => string, label: (id: number) => string,
 * }} TokenReader
 */

/**
 * @param {{kind: string, tokens?: string[], special?: string[], bytes?: number[]}} vocabulary
 * @param {DataView} merges of byte pairs; empty for characters
 * @returns {TokenReader}
 */
export function tokenReader(vocabulary, merges) {
  if (vocabulary.kind === "characters") return characterReader(vocabulary.tokens);
  if (vocabulary.kind !== "bytes") throw new Error(`expected a vocabulary of characters or bytes, got ${vocabulary.kind}`);
  return bytePairReader(decodeTokenizer(merges, { ...vocabulary, readsSpecial: false, pieces: bookPieces }));
}

function bytePairReader(tokenizer) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    size: tokenizer.firstMerge + mergeCount(tokenizer),
    unit: " (byte pairs)",
    encode: (text) => ({ ids: encodeText(tokenizer, text.toWellFormed?.() ?? text), unknown: [] }),
    text(id) {
      try {
        return decoder.decode(Uint8Array.from(tokenBytes(tokenizer, id)));
      } catch {
        return tokenLabel(tokenizer, id); // a part of a character
      }
    },
    label: (id) => tokenLabel(tokenizer, id),
  };
}

function characterReader(tokens) {
  const idOf = new Map(tokens.slice(1).map((token, n) => [token, n + 1]));
  return {
    size: tokens.length,
    unit: ", one for each character",
    encode(text) {
      const characters = Array.from(text);
      const unknown = [...new Set(characters.filter((character) => !idOf.has(character)))];
      return { ids: characters.filter((character) => idOf.has(character)).map((character) => idOf.get(character)), unknown };
    },
    text: (id) => (id === 0 ? "" : tokens[id]),
    label: (id) => tokens[id],
  };
}
