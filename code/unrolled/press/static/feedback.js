/**
 * What an answer seems to touch, idea by idea: a guess, never a verdict. Pure: no page, no store.
 *
 * An idea is touched if one sentence (or two neighbors) holds a word of each of its groups of
 * terms. Four guards hold the guess back: a negation near a hit, a statement that denies the
 * idea, a list of keywords, and words that are the question's own.
 *
 * @typedef {object} Rubric    what `unrolled.press.question_format.rubric` writes into the page:
 *   `JSON.parse(section.dataset.rubric)` of each `section.question`
 * @property {string} id
 * @property {"open" | "list"} kind
 * @property {string} prompt   the question's source text
 * @property {{says: string, terms: string[][], contradictions: string[]}[]} ideas
 *
 * @typedef {object} Guess     one for each idea of the rubric, in its order
 * @property {"touched" | "unclear" | "none"} state
 * @property {string} sentence the reader's own sentence to quote, "" if there is none
 * @property {number} at       where that sentence starts in the answer
 * @property {{start: number, end: number}[]} matches  to be marked in `sentence`: offsets in it,
 *   in order, none overlapping
 * @property {null | Guard} guard  why the guess was held back; only where the state is "unclear"
 *
 * @typedef {object} Guard
 * @property {"negation" | "contradiction" | "keywords" | "prompt"} kind
 * @property {string} why      a sentence for the reader, plain text
 */
import { contradicts, denials, denierOf, isKeywordList, negated, ofPrompt } from "./guards.js";
import { finder, follow, stem, tokenize } from "./words.js";

const GAP = 2; // words that may stand between two words of one term
const ARTICLES = new Set(["a", "an", "the"]);
const NONE = new Set();
const WHY = {
  prompt: () => "these words are the question’s own: what do you add to them?",
  keywords: () => "these are keywords: a sentence would say how they hang together.",
  contradiction: (said) => `this reads like “${said}”, which would deny the idea.`,
  negation: (no, word) => `you wrote “${no}” near “${word}”: denying it?`,
};

/**
 * Guess which ideas of a rubric an answer touches.
 *
 * @param {string} answer  the reader's text; several boxes joined by blank lines
 * @param {Rubric} rubric
 * @returns {Guess[]}
 */
export function score(answer, rubric) {
  const tokens = tokenize(answer);
  const asked = ofPrompt(tokens, tokenize(rubric.prompt ?? ""));
  const keywords = rubric.kind === "list" ? () => false : isKeywordList(answer, tokens);
  const context = { asked, keywords, places: finder(tokens), lifted: negated(tokens), untrue: denials(tokens) };
  return rubric.ideas.map((idea) => guess(answer, tokens, idea, context));
}

function guess(answer, tokens, idea, context) {
  const groups = idea.terms.map((group) => hitsOf(tokens, group, context.places));
  const touched = groups.filter((hits) => hits.length).length;
  if (!together(tokens, groups, () => true)) {
    return found(answer, tokens, touched * 2 >= groups.length ? "unclear" : "none", groups.flat());
  }
  const denied = denierOf(new Set(groups.flat().flatMap((hit) => hit.at)), context);
  const own = (hit) => hit.at.some((index) => !context.asked.has(index));
  const said = (hit) => own(hit) && !hit.at.some((index) => context.keywords(tokens[index].sentence));
  const good = together(tokens, groups, (hit) => said(hit) && !denied(hit));
  const contradiction = contradicts(tokens, idea, meaning, context);
  if (good && !contradiction) return found(answer, tokens, "touched", good);
  const { shown, ...guard } = heldBack(answer, tokens, groups, { own, said, denied, contradiction });
  return found(answer, tokens, "unclear", shown, guard);
}

/** Which guard holds the guess back, why, and the hits to show for it. */
function heldBack(answer, tokens, groups, { own, said, denied, contradiction }) {
  const best = together(tokens, groups, () => true);
  if (contradiction) return { kind: "contradiction", why: WHY.contradiction(contradiction.said), shown: [contradiction] };
  if (!together(tokens, groups, own)) return { kind: "prompt", why: WHY.prompt(), shown: best };
  const shown = together(tokens, groups, said);
  if (!shown) return { kind: "keywords", why: WHY.keywords(), shown: best };
  const hit = shown.find(denied);
  const word = (index) => answer.slice(tokens[index].start, tokens[index].end);
  return { kind: "negation", why: WHY.negation(word(denied(hit).by), word(hit.at.at(-1))), shown };
}

/** One hit for each group, as near each other as can be: in a sentence or two neighbors. */
function together(tokens, groups, isGood) {
  const bySentence = groups.map((hits) => {
    const first = new Map();
    for (const hit of hits) {
      const { sentence } = tokens[hit.at[0]];
      if (!first.has(sentence) && isGood(hit)) first.set(sentence, hit);
    }
    return first;
  });
  for (const places of [[0], [0, 1, -1]]) {
    for (const home of bySentence[0].keys()) {
      const set = bySentence.map((first) => places.map((step) => first.get(home + step)).find(Boolean));
      if (set.every(Boolean)) return set;
    }
  }
  return null;
}

/** Where the terms of a group stand: `at` lists the tokens of one hit. */
function hitsOf(tokens, group, places) {
  const hits = group.flatMap((term) => phraseHits(tokens, meaning(term), places));
  return hits.sort((one, other) => one.at[0] - other.at[0] || other.at.length - one.at.length);
}

const known = new Map(); // term -> its tokens

/** The tokens of a term, articles left out. */
function meaning(term) {
  if (!known.has(term)) known.set(term, tokenize(term).filter(({ word }) => !ARTICLES.has(word)));
  return known.get(term);
}

function phraseHits(tokens, phrase, places) {
  if (!phrase.length) return [];
  const whole = places(phrase[0])
    .map((index) => ({ at: follow(tokens, index, phrase, { gap: GAP, idle: ARTICLES, stops: NONE }) }))
    .filter(({ at }) => at);
  if (phrase.length === 1) return whole;
  const word = phrase.map((token) => token.word).join(""); // "byproduct" for "by-product"
  const joined = places({ word, stem: stem(word), isNumber: /^[\d.]+$/.test(word) });
  return [...whole, ...joined.map((index) => ({ at: [index] }))];
}

/** A guess whose sentence is the one that holds most of the hits. */
function found(answer, tokens, state, hits, guard = null) {
  const indices = [...new Set(hits.flatMap((hit) => hit.at))].sort((one, other) => one - other);
  if (state === "none" || !indices.length) return { state, sentence: "", at: 0, matches: [], guard };
  const counts = new Map();
  for (const index of indices) {
    const { sentence } = tokens[index];
    counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  }
  const home = [...counts].sort((one, other) => other[1] - one[1])[0][0];
  const inside = tokens.filter((token) => token.sentence === home);
  const [start, stop] = [inside[0].start, inside.at(-1).end];
  const end = stop + /^[^\s\p{L}\p{N}]*/u.exec(answer.slice(stop, stop + 3))[0].length;
  const marked = indices.map((index) => tokens[index]).filter((token) => token.sentence === home);
  const matches = marked
    .map((token) => ({ start: token.start - start, end: token.end - start }))
    .filter((match, n, all) => n === 0 || match.start !== all[n - 1].start);
  return { state, sentence: answer.slice(start, end), at: start, matches, guard };
}
