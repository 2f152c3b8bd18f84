/**
 * The four reasons to hold a guess back: negation, contradiction, keywords, the prompt pasted.
 *
 * @typedef {import("./words.js").Token} Token
 * @typedef {{at: number[]}} Hit  the tokens of one hit
 */
import { follow } from "./words.js";

const RUN = 5; // words in the prompt's order that count as pasted
const REACH = 5; // words after a negation that it may deny
const LIST = { words: 5, share: 0.15 }; // a keyword list: this long, with a smaller share of linking words
const COMMAS = { parts: 4, length: 2.5 }; // or this many parts between commas, this short
const BEFORE = 4; // words before "does not", "is not" and the like that it denies too
const GAP = 2; // words that may stand between two words of a contradiction

const set = (words) => new Set(words.split(" "));
const NEGATORS = set("not no never neither nor none nothing nobody without hardly");
const SOFTENED = set("only just merely simply always necessarily more longer matter doubt until"); // "not only ..."
const TURNS = set(
  "but because since so instead although though while whereas unless however which actually therefore thus hence rather",
);
const WRONG = set("wrong false untrue incorrect myth nonsense misconception mistaken lie rubbish");
const OPENERS = set("true case right correct think believe agree say claim mean");
const OPINIONS = set("think believe agree");
const POINTERS = set("this that it");
const AUXILIARIES = set("do does did is are was were will would can could has have had should may might must need");
const VERBS = set(
  "is are was were be been being am do does did has have had can could will would shall should may might must " +
  "get gets got go goes make makes made mean means become becomes give gives take takes use uses let lets say says " +
  "stand stands learn learns predict predicts shrink shrinks grow grows see sees look looks stay stays change changes " +
  "depend depends work works need needs pick picks choose chooses know knows tell tells add adds keep keeps fit fits " +
  "come comes run runs read reads show shows want wants help helps train trains contain contains hold holds",
);
const LINKS = set(
  "a an the this that these those it its they them their you your we our i my who which what how why when where of in on " +
  "at to from by with for as into onto over under between through during than about across per if while because since so " +
  "but and or also just only even then there here up out off again each every some both always usually",
);
const NONE = new Set();
const ARTICLES = set("a an the");
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

/**
 * Tells of a sentence whether it is a mere list of keywords: few words that link others, or many
 * short parts between commas without a verb. A sign such as "=" is a verb too.
 */
export function isKeywordList(answer, tokens) {
  const sentences = new Map();
  tokens.forEach(({ sentence, word, isNumber, start }, index) => {
    const count = sentences.get(sentence) ?? { all: 0, words: 0, verbs: 0, links: 0, articles: 0, parts: 1 };
    sentences.set(sentence, count);
    const between = count.all ? answer.slice(tokens[index - 1].end, start) : "";
    const isFormula = isNumber || word.length < 2 || answer[start - 1] === "\\";
    count.all += 1;
    if (!isFormula) count.words += 1;
    if (VERBS.has(word) || /[=:→⇒≈<>+·×]/u.test(between)) count.verbs += 1;
    if (LINKS.has(word)) count.links += 1;
    if (ARTICLES.has(word)) count.articles += 1;
    if (/[,;]/.test(between)) count.parts += 1;
  });
  return (sentence) => {
    const { all, words, verbs, links, articles, parts } = sentences.get(sentence);
    const isSparse = words >= LIST.words && verbs + links < LIST.share * all;
    if (parts < COMMAS.parts) return isSparse && !articles;
    return isSparse || (all <= COMMAS.length * parts && verbs < LIST.share * all);
  };
}

/**
 * Tells of a hit what denies it: `{ by }`, a token's index, or null. A negation that is itself
 * one of the idea's words ("can't see the later words") denies nothing: `own` has the tokens of all its hits.
 */
export function denierOf(own, { lifted, untrue }) {
  return ({ at }) => {
    for (const index of at) {
      const negation = lifted.get(index);
      const by = untrue.get(index) ?? (own.has(negation) ? undefined : negation);
      if (by !== undefined && !at.includes(by)) return { by };
    }
    return null;
  };
}

/** What a negation denies, up to a turn of the sentence: token -> negation. */
export function negated(tokens) {
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
export function denials(tokens) {
  const by = new Map();
  const bounds = []; // of each sentence: its first token and the one after its last
  tokens.forEach(({ sentence }, index) => {
    bounds[sentence] ??= { first: index, after: index };
    bounds[sentence].after = index + 1;
  });
  tokens.forEach((token, index) => {
    const { first, after } = bounds[token.sentence];
    const before = bounds[token.sentence - 1];
    if (opensDenial(tokens, index, after)) {
      const isOpen = (at) => at < after && !by.has(at) && (tokens[at].word === "which" || !TURNS.has(tokens[at].word));
      for (let at = index + 1; isOpen(at); at += 1) by.set(at, index);
    }
    const isVerdict = WRONG.has(token.word) && index >= after - 2 && index - first <= 4;
    if (isVerdict && before && POINTERS.has(tokens[first].word)) {
      for (let at = before.first; at < before.after; at += 1) by.set(at, index);
    }
  });
  return by;
}

/** Does a statement that is called untrue begin after this token: "wrong that", "don't think"? */
function opensDenial(tokens, index, after) {
  const { word } = tokens[index];
  const [next = "", ...rest] = tokens.slice(index + 1, Math.min(index + 5, after)).map((token) => token.word);
  const near = [next, ...rest];
  if (WRONG.has(word) || word === "doubt") return ["that", "to", "say"].some((sign) => near.slice(0, 3).includes(sign));
  if (!NEGATORS.has(word)) return false;
  return OPINIONS.has(next) || (near.slice(0, 3).some((one) => OPENERS.has(one)) && near.includes("that"));
}

/** The first contradiction of the idea that the answer states: its hit and its text, or null. */
export function contradicts(tokens, idea, meaning, { places, lifted, untrue }) {
  for (const said of idea.contradictions ?? []) {
    const phrase = meaning(said).filter(({ word }) => !FILLERS.has(word));
    const isNegative = phrase.some(({ word }) => NEGATORS.has(word));
    for (const index of phrase.length ? places(phrase[0]) : []) {
      const at = follow(tokens, index, phrase, { gap: GAP, idle: FILLERS, stops: isNegative ? NONE : NEGATORS });
      if (!at || at.some((place) => untrue.has(place)) || !isOneClause(tokens, at)) continue;
      if (isNegative || !at.some((place) => lifted.has(place))) return { at, said };
    }
  }
  return null;
}

/** Do these words stand in one clause? The commas of "(8, 32)" part none. */
function isOneClause(tokens, at) {
  const words = at.filter((index) => !tokens[index].isNumber);
  return words.every((index) => tokens[index].clause === tokens[words[0]].clause);
}
