// Finding a word that someone types: exact, by its beginning, or nearly right. No DOM here.

/**
 * @typedef {{
 *   words: string[],
 *   find: (typed: string) => number,
 *   complete: (typed: string, count: number) => string[],
 *   spellings: (typed: string, count: number) => string[],
 * }} Lexicon
 */

/** What was typed, as the vocabulary would write it. */
export function normalized(typed) {
  return typed.trim().toLowerCase().replaceAll("\u2019", "'");
}

/**
 * @param {string[]} words most frequent first
 * @param {number} [first] the tokens before this number are no words and are never found
 * @returns {Lexicon} `find` gives -1 for an unknown word
 */
export function lexicon(words, first = 0) {
  const index = new Map(words.map((word, i) => [word, i]).slice(first));
  const searched = words.slice(first);
  return {
    words,
    find: (typed) => index.get(normalized(typed)) ?? -1,
    complete(typed, count) {
      const start = normalized(typed);
      const found = [];
      for (const word of start ? searched : []) {
        if (word.startsWith(start) && found.push(word) === count) break;
      }
      return found;
    },
    spellings: (typed, count) => closeSpellings(searched, normalized(typed), count),
  };
}

/**
 * Words within two edits of `typed`, fewest edits first, then the more frequent.
 * @param {string[]} words
 * @param {string} typed
 * @param {number} count
 * @returns {string[]}
 */
export function closeSpellings(words, typed, count) {
  const limit = typed.length < 5 ? 1 : 2;
  const found = [[], [], []];
  for (const word of words) {
    const edits = editDistance(typed, word, limit);
    if (edits <= limit) found[edits].push(word);
  }
  return found.flat().slice(0, count);
}

/**
 * How many letters must be put in, taken out, replaced or swapped with a neighbor
 * to turn `a` into `b`; any number above `limit` means more than `limit`.
 * @param {string} a
 * @param {string} b
 * @param {number} limit
 */
export function editDistance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    if (Math.min(...row) > limit) return limit + 1;
    [before, last] = [last, row];
  }
  return last[b.length];
}
