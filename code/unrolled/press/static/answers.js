/**
 * A reader's answers and where they are kept: pure records first, then the store over them.
 * Nothing here touches the page, and nothing leaves the browser.
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
 * @property {Version[]} kept  Texts that met a newer one, from another tab: both are kept.
 */

export const SCHEMA = 1;
export const PREFIX = "unrolled.answers/";
export const ASIDE = "unrolled.answers.aside/";

/** Steps that take a record of schema n, by n, to schema n + 1. */
export const UPGRADES = {};

/** @returns {Answer} an answer nothing has been written in */
export function fresh(id, boxes = 1) {
  return {
    schema: SCHEMA, id, boxes: Array(boxes).fill(""), edited: null,
    committed: null, skipped: null, kept: [],
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
  const texts = [...one.kept, ...other.kept, ...commits.slice(1)];
  texts.push({ boxes: older.boxes, at: older.edited ?? "" });
  const seen = new Set([merged.boxes, merged.committed?.boxes].map(spelled));
  merged.kept = texts.sort(byTime).filter(({ boxes }) => {
    const isNew = !isBlank(boxes) && !seen.has(spelled(boxes));
    seen.add(spelled(boxes));
    return isNew;
  });
  return merged;
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

/**
 * A store over a localStorage. `open` returns it, or throws where the browser forbids it.
 * Both methods return `{ answer, trouble, merged }`; trouble is null, or
 * "forbidden", "full", "damaged" (set aside, the store works), "newer" (nothing is written).
 * @param {() => Storage} open
 */
export function createStore(open) {
  const known = new Map(); // by id: the text this tab has last read or written

  /** Read the answer, or null where there is none. A damaged one is set aside first. */
  function load(id) {
    let storage, text;
    try {
      storage = open();
      text = storage.getItem(PREFIX + id);
    } catch {
      return { answer: null, trouble: "forbidden" };
    }
    if (text === null) {
      known.delete(id);
      return { answer: null, trouble: null };
    }
    const { answer, trouble } = parse(text, id);
    if (trouble === "damaged") return { answer: null, trouble: setAside(storage, id, text) };
    if (!trouble) known.set(id, text);
    return { answer: answer ?? null, trouble: trouble ?? null };
  }

  /** Write the answer; where another tab has written meanwhile, the two are merged. */
  function save(answer) {
    const before = known.get(answer.id);
    const found = load(answer.id);
    if (["forbidden", "newer", "full"].includes(found.trouble)) return { ...found, answer };
    const merged = found.answer !== null && known.get(answer.id) !== before;
    const whole = merged ? merge(answer, found.answer) : answer;
    const text = JSON.stringify(whole);
    try {
      const storage = open();
      storage.setItem(PREFIX + answer.id, text);
      if (storage.getItem(PREFIX + answer.id) !== text) throw new Error("not written");
    } catch (error) {
      if (merged) known.set(answer.id, before); // the other tab's text is still to be merged
      return { answer, trouble: error?.name === "SecurityError" ? "forbidden" : "full" };
    }
    known.set(answer.id, text);
    return { answer: whole, trouble: found.trouble, merged };
  }

  return { load, save };
}

function setAside(storage, id, text) {
  try {
    let number = 1;
    while (storage.getItem(`${ASIDE}${id}/${number}`) !== null) number += 1;
    storage.setItem(`${ASIDE}${id}/${number}`, text);
    if (storage.getItem(`${ASIDE}${id}/${number}`) !== text) return "full";
    storage.removeItem(PREFIX + id);
    return "damaged";
  } catch {
    return "full"; // the damaged text stays where it is, and nothing is written over it
  }
}

function isAnswer(value, id) {
  const isTime = (time) => time === null || typeof time === "string";
  const isVersion = (version) => isTexts(version?.boxes) && typeof version.at === "string";
  return value.id === id && isTexts(value.boxes) && isTime(value.edited) && isTime(value.skipped)
    && (value.committed === null || isVersion(value.committed))
    && Array.isArray(value.kept) && value.kept.every(isVersion);
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
