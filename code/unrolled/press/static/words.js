/**
 * Reading text as words: tokens with their places and sentences, light stemming, and
 * tolerance for slips of the keyboard. Linear in the text; any Unicode.
 *
 * @typedef {object} Token
 * @property {string} word      in small letters, without accents; numbers in one spelling
 * @property {string} stem
 * @property {boolean} isNumber
 * @property {number} start     offset in the text
 * @property {number} end
 * @property {number} sentence  which sentence it stands in
 * @property {number} clause    which clause (between commas, dashes and the like), counted on
 */

const PIECES =
  /\.?\d+(?:[.,]\d+)*(?![\p{L}_])|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}]+)*|[.!?…。！？]+(?=\s|["'”’)]|$)|\n+|[,;:()—–]|\s-+\s/gu;
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const ABBREVIATIONS = new Set(["eg", "ie", "e", "g", "i", "vs", "cf", "approx"]);
const SUFFIXES = [
  "ications", "ication", "izations", "ization", "ations", "ation", "ating", "ated", "ates", "ate",
  "ments", "ment", "ingly", "ings", "ing", "edly", "ied", "ed", "ies", "ions", "ion", "ives", "ive",
  "ities", "ity", "ances", "ance", "ences", "ence", "ness", "ably", "able", "ally", "al", "ly", "es", "s",
];
const SHORTEST_STEM = 3;
const FARTHEST = 8; // from one word of a phrase to the next, idle words included

/** @param {string} text @returns {Token[]} */
export function tokenize(text) {
  const tokens = [];
  let [sentence, clause] = [0, 0];
  for (const found of text.matchAll(PIECES)) {
    const piece = found[0];
    const last = tokens.at(-1);
    if (/^[.!?…。！？\n]/u.test(piece) && !/^\.\d/.test(piece)) {
      if (piece === "." && last && ABBREVIATIONS.has(last.word)) continue;
      sentence += 1;
      clause += 1;
    } else if (/^[,;:()—–]|^\s/u.test(piece)) {
      clause += 1;
    } else {
      for (const word of spellings(piece)) {
        const isNumber = /^[\d.]+$/.test(word);
        const token = { word, stem: isNumber ? word : stem(word), isNumber, sentence, clause };
        tokens.push({ ...token, start: found.index, end: found.index + piece.length });
      }
    }
  }
  return tokens;
}

/** The words that one piece stands for: "can't" is can and not, "8,32" two numbers. */
function spellings(piece) {
  if (/^\.?\d[\d.,]*$/.test(piece)) {
    const joined = /^\d{1,3}(,\d{3})+$/.test(piece) ? piece.replaceAll(",", "") : piece;
    return joined.split(",").map((number) => (/^\d*\.?\d+$/.test(number) ? plainNumber(number) : number));
  }
  const word = piece.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("’", "'");
  if (NUMBERS.includes(word)) return [String(NUMBERS.indexOf(word))];
  const negated = /^(.+?)n'?t$/.exec(word);
  if (negated && /'t$|^(do|does|did|is|are|was|were|ca|wo|would|should|could|has|have)nt$/.test(word)) {
    const verb = { ca: "can", wo: "will" }[negated[1]] ?? negated[1];
    return [verb, "not"];
  }
  if (word === "cannot") return ["can", "not"];
  return [word.replace(/'\p{L}*$/u, "") || word];
}

function plainNumber(number) {
  const [whole, fraction = ""] = number.split(".");
  const digits = fraction.replace(/0+$/, "");
  return (whole.replace(/^0+(?=\d)/, "") || "0") + (digits && `.${digits}`);
}

/** Cut the usual endings: learn, learns, learned and learning have one stem. */
export function stem(word) {
  if (word.length <= SHORTEST_STEM || !/^[a-z]+$/.test(word)) return word;
  let cut = word.replace(/is(e[sd]?|ing|ations?)$/, "iz$1");
  for (const suffix of SUFFIXES) {
    if (!cut.endsWith(suffix) || cut.length - suffix.length < SHORTEST_STEM) continue;
    if (/^(ly|al|ally)$/.test(suffix) && cut.length - suffix.length < 5) continue; // likely, equal
    if (suffix === "s" && /[sui]s$/.test(cut)) continue;
    cut = cut.slice(0, -suffix.length);
    break;
  }
  if (/([bdgmnprt])\1$/.test(cut)) cut = cut.slice(0, -1);
  return cut.length > SHORTEST_STEM ? cut.replace(/[eyi]$/, "") : cut;
}

/** Is `token` the word `wanted`, give or take an ending and a slip? */
export function isSameWord(token, wanted) {
  if (token.stem === wanted.stem) return true;
  if (token.isNumber || wanted.isNumber) return false;
  return isSlip(token.word, wanted.word) || (wanted.stem.length >= 6 && isSlip(token.stem, wanted.stem));
}

/** Tells where a wanted word stands; compares each different word of the text only once. */
export function finder(tokens) {
  const byWord = new Map();
  tokens.forEach((token, index) => {
    const known = byWord.get(token.word);
    if (known) known.at.push(index);
    else byWord.set(token.word, { token, at: [index] });
  });
  const found = new Map();
  return (wanted) => {
    if (!found.has(wanted.word)) {
      const same = [...byWord.values()].filter(({ token }) => isSameWord(token, wanted));
      found.set(wanted.word, same.flatMap(({ at }) => at).sort((one, other) => one - other));
    }
    return found.get(wanted.word);
  };
}

/**
 * The tokens of a phrase whose first word stands at `index`, or null: in order, within the
 * sentence, at most `gap` words between two of them, not counting `idle` ones, none of `stops`.
 */
export function follow(tokens, index, phrase, { gap, idle, stops }) {
  const at = [index];
  for (let n = 1; n < phrase.length; n += 1) {
    let room = phrase[n].isNumber && phrase[n - 1].isNumber ? 0 : gap; // (8, 65) is not (8, 32, 65)
    if (phrase[n - 1].word === "not") room = Math.min(room, 1); // "not a word" is not "not write any word"
    let next = at[n - 1] + 1;
    for (let skipped = 0; !(tokens[next] && isSameWord(tokens[next], phrase[n])); next += 1) {
      if (tokens[next]?.sentence !== tokens[index].sentence || stops.has(tokens[next].word)) return null;
      if (!idle.has(tokens[next].word)) skipped += 1;
      if (skipped > room || next - at[n - 1] > FARTHEST) return null;
    }
    if (tokens[next].sentence !== tokens[index].sentence) return null;
    at.push(next);
  }
  return at;
}

/** Could `typed` be a slip for `meant`? Never for short words; more edits for longer ones. */
function isSlip(typed, meant) {
  const length = Math.min(typed.length, meant.length);
  if (length < 5 || typed[0] !== meant[0] || /[\d_]/.test(typed + meant)) return false;
  const allowed = length >= 9 ? 2 : 1;
  if (Math.abs(typed.length - meant.length) > allowed) return false;
  const edits = distance(typed, meant, allowed);
  if (edits > allowed) return false;
  // "later" is a word, not a slip for "layer": in short words no letter is replaced
  return length > 5 || typed.length !== meant.length || sorted(typed) === sorted(meant);
}

const sorted = (word) => [...word].sort().join("");

/** Edit distance with swaps of neighbors (Damerau's); stops beyond `limit`. */
function distance(one, other, limit) {
  let [before, row] = [[], Array.from({ length: other.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > limit) return limit + 1;
    [before, row] = [row, next];
  }
  return row[other.length];
}
