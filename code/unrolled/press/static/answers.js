/**
 * A reader's answers as pure records: what can happen to one, how two become one, how an older
 * one is upgraded. `store.js` keeps them.
 *
 * THE SCHEMA (this is its one description). localStorage holds one key per question,
 * `unrolled.answers/<question id>`, so that two tabs never overwrite each other's other
 * questions. The value is one Answer as JSON. What can't be read as an Answer is moved, byte for
 * byte, to `unrolled.answers.aside/<question id>/<number>` and never deleted by the book.
 * A later schema raises SCHEMA and adds a step to UPGRADES; keys that a step doesn't know
 * stay in the record. A record of a later schema than this page's is left alone.
 *
 * @typedef {object} Version  A text per box, as it once stood.
 * @property {string[]} boxes
 * @property {string} at  ISO time.
 *
 * @typedef {object} Answer
 * @property {number} schema
 * @property {string} id  The question's id.
 * @property {string[]} boxes  The text of each box as it stands now.
 * @property {string | null} edited  ISO time of the last edit.
 * @property {Version | null} committed  The first answer the reader committed; it never changes.
 * @property {string | null} skipped  ISO time at which the reader asked to skip.
 * @property {Version[]} kept  Texts that met a newer one, from another tab or an import.
 * @property {Record<string, {mark: "mine" | "partly" | "missing", at: string}>} marks  The reader's
 *   own judgment of each key idea, by the idea's sentence as its author wrote it. (Schema 2 on.)
 * @property {{grade: 1 | 2 | 3 | 4, at: string}[]} grades  How well each review went: again, hard,
 *   good, easy. The schedule follows from this log alone. (Schema 2 on.)
 * @property {Version | null} draft  An answer from memory that is being written. (Schema 2 on.)
 * @property {Version[]} attempts  Answers from memory, finished. (Schema 2 on.)
 */

export const SCHEMA = 2;
export const PREFIX = "unrolled.answers/";
export const ASIDE = "unrolled.answers.aside/";

/** A reader's marks of an idea, as they read: "this idea is ...". */
export const MARK_WORDS = { mine: "in mine", partly: "partly", missing: "missing" };
export const MARKS = Object.keys(MARK_WORDS);

/** Steps that take a record of schema n, by n, to schema n + 1. */
export const UPGRADES = {
  1: (answer) => ({ ...answer, marks: {}, grades: [], draft: null, attempts: [] }),
};

/** @returns {Answer} an answer nothing has been written in */
export function fresh(id, boxes = 1) {
  return {
    schema: SCHEMA, id, boxes: Array(boxes).fill(""), edited: null,
    committed: null, skipped: null, kept: [], marks: {}, grades: [], draft: null, attempts: [],
  };
}

/** The answer with the first boxes replaced by `texts`; boxes beyond those stay. */
export function edit(answer, texts, at) {
  return { ...answer, boxes: [...texts, ...answer.boxes.slice(texts.length)], edited: at };
}

/** The answer with its present text committed; an answer committed before stays as it was. */
export function commit(answer, at) {
  if (answer.committed || isBlank(answer.boxes)) return answer;
  return { ...answer, committed: { boxes: [...answer.boxes], at } };
}

/** The answer marked as skipped; the first time counts. */
export function skip(answer, at) {
  return answer.skipped ? answer : { ...answer, skipped: at };
}

/** The answer with the reader's own mark for one idea. */
export function mark(answer, says, value, at) {
  return { ...answer, marks: { ...answer.marks, [says]: { mark: value, at } } };
}

/** The answer with one more review in its log. */
export function grade(answer, value, at) {
  return { ...answer, grades: [...answer.grades, { grade: value, at }] };
}

/** The answer with what is being written from memory. */
export function recall(answer, texts, at) {
  return { ...answer, draft: isBlank(texts) ? null : { boxes: [...texts], at } };
}

/** The answer with that writing finished. */
export function finishRecall(answer) {
  if (!answer.draft) return answer;
  return { ...answer, draft: null, attempts: united(answer.attempts, [answer.draft]) };
}

/** May the reader see the model answer? */
export function isOpen(answer) {
  return Boolean(answer.committed || answer.skipped);
}

export function isBlank(boxes) {
  return boxes.every((text) => text.trim() === "");
}

/**
 * Two answers to one question as one: the newer text stands, the older one is kept, the
 * earlier commit stays committed. The order of the two doesn't matter; no text is lost.
 */
export function merge(one, other) {
  const [newer, older] = later(one, other) ? [one, other] : [other, one];
  const commits = [one.committed, other.committed].filter(Boolean).sort(byTime);
  const merged = {
    ...older, ...newer,
    committed: commits[0] ?? null,
    skipped: [one.skipped, other.skipped].filter(Boolean).sort()[0] ?? null,
  };
  const drafts = [one.draft, other.draft].filter(Boolean).sort(byTime);
  merged.draft = drafts.at(-1) ?? null;
  merged.attempts = united(one.attempts, other.attempts);
  merged.marks = latestMarks(one.marks, other.marks);
  merged.grades = unitedGrades(one.grades, other.grades);
  const texts = [...one.kept, ...other.kept, ...commits.slice(1), ...drafts.slice(0, -1)];
  texts.push({ boxes: older.boxes, at: older.edited ?? "" });
  const seen = new Set([merged.boxes, merged.committed?.boxes, merged.draft?.boxes].map(spelled));
  merged.kept = texts.sort(byTime).filter(({ boxes }) => {
    const isNew = !isBlank(boxes) && !seen.has(spelled(boxes));
    seen.add(spelled(boxes));
    return isNew;
  });
  return merged;
}

function united(one, other) {
  const all = new Map([...one, ...other].map((each) => [each.at + spelled(each.boxes), each]));
  return [...all.values()].sort(byTime);
}

function unitedGrades(one, other) {
  const all = new Map([...one, ...other].map((each) => [`${each.at} ${each.grade}`, each]));
  return [...all].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each);
}

function latestMarks(one, other) {
  const all = { ...one };
  for (const [says, theirs] of Object.entries(other)) {
    const mine = all[says];
    if (!mine || mine.at + mine.mark < theirs.at + theirs.mark) all[says] = theirs;
  }
  return all;
}

/**
 * Read what the store held: `{ answer }`, or `{ trouble: "damaged" | "newer" }`.
 * @param {string} text
 */
export function parse(text, id, steps = UPGRADES, schema = SCHEMA) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { trouble: "damaged" };
  }
  if (value === null || typeof value !== "object" || !Number.isInteger(value.schema)) {
    return { trouble: "damaged" };
  }
  if (value.schema > schema) return { trouble: "newer" };
  try {
    while (value.schema < schema) value = { ...steps[value.schema](value), schema: value.schema + 1 };
  } catch {
    return { trouble: "damaged" };
  }
  return isAnswer(value, id) ? { answer: value } : { trouble: "damaged" };
}

function isAnswer(value, id) {
  const isTime = (time) => time === null || typeof time === "string";
  const isVersion = (version) => isTexts(version?.boxes) && typeof version.at === "string";
  return value.id === id && isTexts(value.boxes) && isTime(value.edited) && isTime(value.skipped)
    && (value.committed === null || isVersion(value.committed))
    && [value.kept, value.attempts].every((all) => Array.isArray(all) && all.every(isVersion))
    && (value.draft === null || isVersion(value.draft)) && areMarks(value.marks)
    && Array.isArray(value.grades) && value.grades.every(isGrade);
}

function areMarks(marks) {
  const isMark = (one) => MARKS.includes(one?.mark) && typeof one.at === "string";
  return marks !== null && typeof marks === "object" && Object.values(marks).every(isMark);
}

function isGrade(value) {
  return [1, 2, 3, 4].includes(value?.grade) && !Number.isNaN(Date.parse(value.at));
}

function isTexts(value) {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === "string");
}

function later(one, other) {
  const [left, right] = [one.edited ?? "", other.edited ?? ""];
  return left === right ? spelled(one.boxes) >= spelled(other.boxes) : left > right;
}

function byTime(one, other) {
  const [left, right] = [one.at + spelled(one.boxes), other.at + spelled(other.boxes)];
  return left < right ? -1 : Number(left > right);
}

/** Texts as one string to compare by; empty boxes at the end don't count. */
function spelled(boxes = []) {
  const last = boxes.findLastIndex((text) => text !== "");
  return JSON.stringify(boxes.slice(0, last + 1));
}
