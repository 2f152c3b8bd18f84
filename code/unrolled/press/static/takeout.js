/**
 * Taking answers along, and bringing them in again: JSON, and Markdown for people. Pure text in,
 * pure text out; `importAll` alone writes, and only once the whole file has been read.
 */
import { MARK_WORDS, SCHEMA, edit, fresh, isBlank, merge, parse } from "./answers.js";
import { KIND, exercises, read, standing } from "./exercises.js";

export const FORMAT = "unrolled.answers";
const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CELL = /<!-- unrolled-answer: ([a-z0-9-]+)(?:\/(\d{1,2}))? -->[^\S\n]*\n?(?:\*\*[^\n]*\*\*[^\S\n]*(?:\n|$))?/;
const NEWER = "it comes from a newer version of the book: reload this page.";

/** @param {object[]} answers  @param {import("./exercises.js").Tasks} tasks  progress in exercises */
export function toJson(answers, now, tasks = {}) {
  const more = isEmpty(tasks) ? {} : { exercises: exercises(tasks) };
  return `${JSON.stringify({ format: FORMAT, schema: SCHEMA, exported: now, answers, ...more }, null, 1)}\n`;
}

/**
 * Read an export, a notebook of the book, or progress in its exercises.
 * @param {string} text  @param {string} at  ISO time of the file, for answers that have none
 * @returns {{answers: object[], tasks: object} | {why: string}}
 */
export function fromFile(text, at) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { why: "this file is not JSON, or it is cut off." };
  }
  if (Array.isArray(value?.cells)) return fromNotebook(value.cells, at);
  if (value?.kind === KIND) return withTasks({ answers: [] }, value);
  if (value?.format === FORMAT && Array.isArray(value.answers)) {
    return withTasks(fromExport(value.answers), value.exercises);
  }
  return { why: "this file is neither an export of answers nor a notebook of this book, nor progress in its exercises." };
}

function withTasks(found, value) {
  if (found.why || value === undefined) return { tasks: {}, ...found };
  const { tasks, trouble } = read(value);
  if (trouble === "newer") return { why: NEWER };
  if (trouble) return { why: "its progress in the exercises can’t be read." };
  return isEmpty(tasks) && !found.answers.length ? { why: "no task has been tried yet." } : { ...found, tasks };
}

function fromExport(records) {
  const answers = [];
  for (const [index, record] of records.entries()) {
    const id = record?.id;
    if (typeof id !== "string" || !ID.test(id)) return { why: `answer ${index + 1} in it has no question.` };
    const { answer, trouble } = parse(JSON.stringify(record), id);
    if (trouble === "newer") return { why: NEWER };
    if (trouble) return { why: `its answer to ${id} can’t be read.` };
    answers.push(answer);
  }
  return { answers };
}

function isEmpty(tasks) {
  return Object.keys(tasks).length === 0;
}

/** Answers written into the answer cells of a notebook. */
function fromNotebook(cells, at) {
  const texts = new Map(); // by question: the texts of its boxes
  for (const cell of cells) {
    const source = Array.isArray(cell?.source) ? cell.source.join("") : String(cell?.source ?? "");
    const found = cell?.cell_type === "markdown" && CELL.exec(source);
    if (!found) continue;
    const written = source.slice(found.index + found[0].length).trim();
    const boxes = texts.get(found[1]) ?? texts.set(found[1], []).get(found[1]);
    boxes[Number(found[2] ?? 1) - 1] = written === "…" ? "" : written;
  }
  if (!texts.size) return { why: "this notebook has no answer cells of the book." };
  const filled = [...texts].map(([id, boxes]) => [id, Array.from(boxes, (text) => text ?? "")]);
  const written = filled.filter(([, boxes]) => !isBlank(boxes));
  if (!written.length) return { why: "no answer has been written in this notebook yet." };
  return { answers: written.map(([id, boxes]) => edit(fresh(id, boxes.length), boxes, at)), tasks: {} };
}

/** Merge answers into the store. @returns {{taken: number, failed: string[], trouble: string | null}} */
export function importAll(store, answers) {
  const failed = [];
  let trouble = null;
  for (const theirs of answers) {
    const found = store.load(theirs.id);
    const result = store.save(found.answer ? merge(found.answer, theirs) : theirs);
    if (result.trouble && result.trouble !== "damaged") {
      failed.push(theirs.id);
      trouble = result.trouble;
    }
  }
  return { taken: answers.length - failed.length, failed, trouble };
}

/**
 * All answers as Markdown: prompts in their source form, then what was written; then the exercises.
 * @param {object[]} answers
 * @param {{title: string, questions: {id: string, prompt: string, boxes: string[]}[],
 *   tasks: {id: string, title: string}[]}[]} chapters
 * @param {import("./exercises.js").Tasks} tasks
 */
export function toMarkdown(answers, chapters, now, tasks = {}) {
  const left = new Map(answers.map((answer) => [answer.id, answer]));
  const parts = ["# My answers", `From *Language Modeling, Unrolled*, ${now.slice(0, 10)}.`];
  for (const { title, questions } of chapters) {
    const here = questions.filter(({ id }) => left.has(id));
    if (here.length) parts.push(`## ${title}`);
    for (const question of here) {
      parts.push(...written(left.get(question.id), question));
      left.delete(question.id);
    }
  }
  if (left.size) parts.push("## Questions that the book no longer has");
  for (const answer of left.values()) parts.push(...written(answer, { prompt: answer.id, boxes: [] }));
  return `${[...parts, ...solved(chapters, tasks)].join("\n\n")}\n`;
}

/** Chapters in whose exercises something was tried, each with its tasks, done or not. */
function solved(chapters, tasks) {
  const tried = chapters.filter((chapter) => chapter.tasks?.some(({ id }) => tasks[id]));
  return tried.flatMap(({ title, tasks: list }) => {
    const { states, done } = standing(tasks, list);
    const lines = list.map((task, index) => `- [${states[index] === "done" ? "x" : " "}] ${task.title}`);
    return [`## ${title}: ${done} of ${list.length} tasks done`, lines.join("\n")];
  });
}

function written(answer, { prompt, boxes }) {
  const parts = [prompt.trimEnd().split("\n").map((line) => `> ${line}`.trimEnd()).join("\n")];
  parts.push(...texts(answer.boxes, boxes));
  const first = answer.committed;
  if (first && JSON.stringify(first.boxes) !== JSON.stringify(answer.boxes)) {
    parts.push("*What I committed first:*", ...texts(first.boxes, boxes));
  }
  for (const again of answer.attempts) parts.push(`*From memory, ${again.at.slice(0, 10)}:*`, ...texts(again.boxes, boxes));
  if (answer.draft) parts.push("*From memory, not finished:*", ...texts(answer.draft.boxes, boxes));
  for (const kept of answer.kept) parts.push("*Also written:*", ...texts(kept.boxes, boxes));
  const marks = Object.entries(answer.marks).map(([says, { mark }]) => `- ${MARK_WORDS[mark]}: ${says}`);
  if (marks.length) parts.push("*My marks:*", marks.join("\n"));
  else if (answer.skipped && isBlank(answer.boxes)) parts.push("*Skipped.*");
  return parts;
}

function texts(boxes, labels) {
  const shown = boxes.map((text, index) => (labels[index] ? `**${labels[index]}**\n\n${text || "…"}` : text));
  return shown.filter((text) => text.trim() !== "");
}

/** Offer a text as a file. Made in the page: no request leaves it. */
export function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
