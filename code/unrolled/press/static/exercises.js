/**
 * Progress in the exercises, which `check.export()` writes in a notebook: pure records, and where
 * this browser keeps them once they were brought in. `unrolled.check.progress` describes the file:
 *
 *   {"schema": 1, "kind": "unrolled-exercises",
 *    "tasks": {"<chapter>/<task>": {"passed": true, "at": "2026-11-25T10:30:00+00:00"}}}
 *
 * localStorage keeps the same under one key. A later schema is left alone; what can't be read is
 * moved aside, as with answers.
 *
 * @typedef {Record<string, {passed: boolean, at: string}>} Tasks
 */
import { setAside, write } from "./store.js";

export const KIND = "unrolled-exercises";
export const SCHEMA = 1;
export const KEY = "unrolled.exercises";
export const ASIDE = "unrolled.exercises.aside";
const NAME = /^[a-z0-9-]+\/[a-z0-9-]+$/;

/** @param {Tasks} tasks  @returns what the file says, and what the store keeps */
export function exercises(tasks) {
  return { schema: SCHEMA, kind: KIND, tasks };
}

/** Read such a record: `{ tasks }`, or `{ trouble: "damaged" | "newer" }`. */
export function read(value) {
  if (value?.kind !== KIND || !Number.isInteger(value.schema)) return { trouble: "damaged" };
  if (value.schema > SCHEMA) return { trouble: "newer" };
  const { tasks } = value;
  if (tasks === null || typeof tasks !== "object" || Array.isArray(tasks)) return { trouble: "damaged" };
  const isEntry = ([name, entry]) => NAME.test(name) && typeof entry?.passed === "boolean"
    && typeof entry.at === "string" && !Number.isNaN(Date.parse(entry.at));
  return Object.entries(tasks).every(isEntry) ? { tasks } : { trouble: "damaged" };
}

/** Two records as one, in any order: what has passed once stays passed, since the first time. */
export function united(one, other) {
  const all = { ...one };
  for (const [name, theirs] of Object.entries(other)) all[name] = better(all[name] ?? theirs, theirs);
  return Object.fromEntries(Object.entries(all).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function better(one, other) {
  if (one.passed !== other.passed) return one.passed ? one : other;
  const [earlier, later] = isBefore(one.at, other.at) ? [one, other] : [other, one];
  return one.passed ? earlier : later;
}

/** By the clock; one moment in two spellings by their letters, so that the order never matters. */
function isBefore(one, other) {
  const [left, right] = [Date.parse(one), Date.parse(other)];
  return left === right ? one < other : left < right;
}

/** How far a chapter's tasks are: which are done, which were tried, and the next to do. */
export function standing(tasks, list) {
  const states = list.map(({ id }) => (tasks[id]?.passed ? "done" : tasks[id] ? "tried" : "open"));
  const next = states.findIndex((state) => state !== "done");
  return { states, done: states.filter((state) => state === "done").length, next: next < 0 ? null : list[next] };
}

/** A store over a localStorage, as in `store.js`: `load` and `add` return `{ tasks, trouble }`. */
export function createProgress(open) {
  function load() {
    let storage, text;
    try {
      storage = open();
      text = storage.getItem(KEY);
    } catch {
      return { tasks: {}, trouble: "forbidden" };
    }
    if (text === null) return { tasks: {}, trouble: null };
    const { tasks, trouble } = read(parsed(text));
    if (trouble === "damaged") return { tasks: {}, trouble: setAside(storage, KEY, ASIDE) };
    return { tasks: tasks ?? {}, trouble: trouble ?? null };
  }

  /** Unite what is kept with `theirs`. */
  function add(theirs) {
    const found = load();
    if (found.trouble && found.trouble !== "damaged") return found;
    const tasks = united(found.tasks, theirs);
    const trouble = write(open, KEY, JSON.stringify(exercises(tasks)));
    return { tasks: trouble ? found.tasks : tasks, trouble };
  }

  return { load, add };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
