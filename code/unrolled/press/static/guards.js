/**
 * The four reasons to hold a guess back: negation, contradiction, keywords, the prompt pasted.
 *
 * @typedef {import("./words.js").Token} Token
 * @typedef {{at: number[]}} Hit  the tokens of one hit
 */
import { isSameWord } from "./words.js";

const RUN = 5; // words in the prompt's order that count as pasted
const REACH = 6; // words after a negation that it may deny
const LIST = { words: 5, share: 0.15 }; // a keyword list: this long, with fewer function words
const COMMAS = { parts: 4, length: 2.5 }; // or this many parts between commas, this short
const BEFORE = 4; // words before "does not", "is not" and the like that it denies too
const GAP = 2; // words that may stand between two words of a contradiction

const set = (words) => new Set(words.split(" "));
const NEGATORS = set("not no never neither nor none nothing nobody without hardly");
const SOFTENED = set("only just merely simply always necessarily more longer matter doubt until"); // "not only ..."
const TURNS = set("but because since so instead although though while whereas unless however which actually therefore thus hence rather");
const WRONG = set("wrong false untrue incorrect myth nonsense misconception mistaken lie rubbish");
const OPENERS = set("true case right correct think believe agree say claim mean");
const AUXILIARIES = set("do does did is are was were will would can could has have had should may might must need");
const FUNCTION_WORDS = set(
  "a an the this that these those it its it's they them their you your we our i my he's who which what how why when where " +
  "is are was were be been being am do does did has have had can could will would shall should may might must " +
  "of in on at to from by with for as into onto over under between through during than about across per if while because " +
  "since so but and or also just only even then there here up out off again get gets got go goes makes make means become " +
  "becomes gives give takes take uses used use lets says say stands",
);
const FILLERS = set("a an the is are be was were of to that it its in on and or as by for will has have do does just really");

/** Tokens that repeat the prompt: in a run of at least `RUN` words of it. */
export function ofPrompt(tokens, prompt) {
  const runs = new Set();
  const run = (list, from) => list.slice(from, from + RUN).map(({ stem }) => stem).join(" ");
  for (let from = 0; from + RUN <= prompt.length; from += 1) runs.add(run(prompt, from));
  const own = new Set();
  for (let from = 0; from + RUN <= tokens.length; from += 1) {
    if (!runs.has(run(tokens, from))) continue;
    for (let index = from; index < from + RUN; index += 1) own.add(index);
  }
  return own;
}

/** Tells of a sentence whether it is a mere list of keywords; a sign such as "=" is a verb too. */
export function isKeywordList(answer, tokens) {
  const sentences = new Map();
  tokens.forEach(({ sentence, clause, word, isNumber, start }, index) => {
    const count = sentences.get(sentence) ?? { words: 0, all: 0, verbs: 0, parts: new Set() };
    sentences.set(sentence, count);
    count.all += 1;
    count.parts.add(clause);
    const isFormula = isNumber || word.length < 2 || answer[start - 1] === "\\";
    if (!isFormula) count.words += 1;
    const between = index ? answer.slice(tokens[index - 1].end, start) : "";
    if (FUNCTION_WORDS.has(word) || /[=:→⇒≈<>+·×]/u.test(between)) count.verbs += 1;
  });
  return (sentence) => {
    const { words, all, verbs, parts } = sentences.get(sentence);
    const isSparse = words >= LIST.words && verbs < LIST.share * all;
    return isSparse || (parts.size >= COMMAS.parts && all <= COMMAS.length * parts.size && verbs < all / 4);
  };
}

/** Tells of a hit what denies it: `{ by }`, a token's index, or null. */
export function deniedTokens(tokens, idea) {
  const denies = /\b(not|no|never|cannot|without|none|nothing|nor)\b|n['’]t\b/i;
  const isNegative = denies.test(idea.says);
  const by = new Map();
  const whole = denials(tokens);
  tokens.forEach((token, index) => {
    if (whole.has(index)) by.set(index, whole.get(index));
  });
  if (!isNegative) {
    for (const [index, negator] of negated(tokens)) if (!by.has(index)) by.set(index, negator);
  }
  return (hit) => {
    for (const index of hit.at) {
      const negator = by.get(index);
      if (negator !== undefined && !hit.at.includes(negator)) return { by: negator };
    }
    return null;
  };
}

/** Tokens after a negation, up to a turn of the sentence: token -> negation. */
function negated(tokens) {
  const by = new Map();
  tokens.forEach(({ word, sentence, clause }, index) => {
    const next = tokens[index + 1];
    const isPair = (word === "instead" && next?.word === "of") || (word === "rather" && next?.word === "than");
    if (!NEGATORS.has(word) && !isPair) return;
    if (next && SOFTENED.has(next.word)) return;
    const isVerbal = AUXILIARIES.has(tokens[index - 1]?.word);
    for (let at = index - 1; isVerbal && at >= Math.max(0, index - BEFORE); at -= 1) {
      if (tokens[at].clause !== clause || TURNS.has(tokens[at].word)) break;
      if (!by.has(at)) by.set(at, index);
    }
    for (let at = index + (isPair ? 2 : 1); at <= index + REACH && at < tokens.length; at += 1) {
      if (tokens[at].sentence !== sentence || tokens[at].clause !== clause || TURNS.has(tokens[at].word)) break;
      if (!by.has(at)) by.set(at, index);
    }
  });
  return by;
}

/** Tokens whose whole statement is called untrue: "it is not true that ...", "... That is wrong." */
function denials(tokens) {
  const by = new Map();
  const mark = (from, to, index) => {
    for (let at = from; at < to && at < tokens.length; at += 1) {
      if (at > index && TURNS.has(tokens[at].word)) return;
      if (at !== index) by.set(at, index);
    }
  };
  const first = new Map();
  const after = new Map();
  tokens.forEach(({ sentence }, index) => {
    if (!first.has(sentence)) first.set(sentence, index);
    after.set(sentence, index + 1);
  });
  tokens.forEach(({ word, sentence }, index) => {
    const near = tokens.slice(index + 1, index + 4).filter((token) => token.sentence === sentence);
    const opens = near.some((token) => token.word === "that" || token.word === "to" || token.word === "say");
    const isWrong = WRONG.has(word) && opens;
    const isUntrue = NEGATORS.has(word) && near.some((token) => OPENERS.has(token.word)) && opensStatement(tokens, index);
    if (isWrong || isUntrue || (word === "doubt" && opens)) mark(index + 1, after.get(sentence), index);
    const isLast = index >= after.get(sentence) - 2;
    if (WRONG.has(word) && isLast && index - first.get(sentence) <= 4 && /^(this|that|it)$/.test(tokens[first.get(sentence)].word)) {
      mark(first.get(sentence - 1) ?? index, first.get(sentence), index);
    }
  });
  return by;
}

/** Is the negation followed by a verb of opinion or "true", and then "that"? */
function opensStatement(tokens, index) {
  const near = tokens.slice(index + 1, index + 5).map(({ word }) => word);
  return near.includes("that") || /^(think|believe|agree)$/.test(near[0] ?? "");
}

/** The first contradiction of the idea that the answer states: its hit and its text, or null. */
export function contradicts(tokens, idea, meaning) {
  const lifted = negated(tokens);
  const whole = denials(tokens);
  for (const said of idea.contradictions ?? []) {
    const phrase = meaning(said).filter(({ word }) => !FILLERS.has(word));
    const isNegative = phrase.some(({ word }) => NEGATORS.has(word));
    for (let index = 0; phrase.length && index < tokens.length; index += 1) {
      if (!isSameWord(tokens[index], phrase[0])) continue;
      const at = follow(tokens, index, phrase, isNegative);
      if (!at || at.some((place) => whole.has(place))) continue;
      if (isNegative || !at.some((place) => lifted.has(place))) return { at, said };
    }
  }
  return null;
}

function follow(tokens, index, phrase, isNegative) {
  const at = [index];
  for (const wanted of phrase.slice(1)) {
    let next = at.at(-1) + 1;
    for (let skipped = 0; ; next += 1) {
      if (next >= tokens.length || tokens[next].sentence !== tokens[index].sentence) return null;
      if (isSameWord(tokens[next], wanted)) break;
      if (NEGATORS.has(tokens[next].word) && !isNegative) return null;
      if (!FILLERS.has(tokens[next].word)) skipped += 1;
      if (skipped > GAP) return null;
    }
    at.push(next);
  }
  return at;
}
