/**
 * Where a reader's answers are kept: in this browser's storage, as `answers.js` describes them.
 * Nothing here touches the page, and nothing leaves the browser.
 */
import { ASIDE, PREFIX, merge, parse } from "./answers.js";

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
    if (trouble === "damaged") return { answer: null, trouble: setAside(storage, PREFIX + id, ASIDE + id) };
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
    const trouble = write(open, PREFIX + answer.id, text);
    if (trouble) {
      if (merged) known.set(answer.id, before); // the other tab's text is still to be merged
      return { answer, trouble };
    }
    known.set(answer.id, text);
    return { answer: whole, trouble: found.trouble, merged };
  }

  /** `{ answers, trouble }`: every answer that can be read; damaged ones are set aside. */
  function all() {
    let ids;
    try {
      const storage = open();
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
      ids = keys.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    } catch {
      return { answers: [], trouble: "forbidden" };
    }
    const found = ids.sort().map(load);
    const trouble = found.find((each) => each.trouble)?.trouble ?? null;
    return { answers: found.map((each) => each.answer).filter(Boolean), trouble };
  }

  return { load, save, all };
}

/** Write a text, and see that it is there. @returns null, or the trouble: "forbidden" or "full" */
export function write(open, key, text) {
  try {
    put(open(), key, text);
    return null;
  } catch (error) {
    return error?.name === "SecurityError" ? "forbidden" : "full";
  }
}

function put(storage, key, text) {
  storage.setItem(key, text);
  if (storage.getItem(key) !== text) throw new Error("not written");
}

/**
 * Move what can't be read from `key` to `aside/<number>`, byte for byte. @returns "damaged", or
 * "full" where there is no room: then it stays where it is, and nothing may be written over it.
 */
export function setAside(storage, key, aside) {
  try {
    const text = storage.getItem(key);
    let number = 1;
    while (storage.getItem(`${aside}/${number}`) !== null) number += 1;
    put(storage, `${aside}/${number}`, text);
    storage.removeItem(key);
    return "damaged";
  } catch {
    return "full";
  }
}

/** This browser's storage; throws where it is forbidden. */
export function browserStorage() {
  if (!window.localStorage) throw new DOMException("no storage", "SecurityError");
  return window.localStorage;
}
