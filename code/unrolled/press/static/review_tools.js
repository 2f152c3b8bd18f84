/** The tools of the page of all answers: taking along, bringing in, searching. */
import { isBlank, isOpen, merge } from "./answers.js";
import { button, made } from "./elements.js";
import { download, fromFile, importAll, toJson, toMarkdown } from "./takeout.js";

const FAILED = {
  full: "this browser’s storage is full",
  forbidden: "this browser doesn’t let the page save anything",
  newer: "a newer version of the book has saved them",
};

/**
 * @param {{store: object, items: object[], chapters: object[], exercises: object,
 *   say: (text: string) => void, refresh: () => void}} page
 */
export function toolsOf(page) {
  const bar = made("div", "review-tools");
  const now = () => new Date().toISOString();
  bar.append(
    button("Download as Markdown", "markdown", () => {
      const text = toMarkdown(everything(page), page.chapters, now(), page.exercises.tasks());
      download("my-answers.md", "text/markdown", text);
    }),
    button("Download as JSON", "json", () => {
      download("my-answers.json", "application/json", toJson(everything(page), now(), page.exercises.tasks()));
    }),
    button("Print", "print", () => window.print()),
    fileBox(page),
  );
  return bar;
}

/** Every answer there is: what the store holds, and what this page holds where it could not be saved. */
function everything({ store, items }) {
  items.forEach((item) => item.flush());
  const all = new Map(store.all().answers.map((answer) => [answer.id, answer]));
  for (const { answer } of items) {
    const kept = all.get(answer.id);
    const isUsed = isOpen(answer) || answer.draft || !isBlank(answer.boxes);
    if (isUsed) all.set(answer.id, kept ? merge(kept, answer) : answer);
  }
  return [...all.values()];
}

function fileBox(page) {
  const label = made("label", "review-import", "Bring in a file: JSON from here, a notebook of the book, or unrolled-exercises.json ");
  const file = label.appendChild(made("input"));
  file.type = "file";
  file.accept = ".json,.ipynb,application/json";
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    page.items.forEach((item) => item.flush());
    const said = await bringIn(page, chosen);
    file.value = "";
    page.refresh();
    page.say(said);
  });
  return label;
}

/** Merge a file into what is kept; returns what to say about it. */
async function bringIn({ store, exercises }, file) {
  const { answers, tasks, why } = fromFile(await file.text(), new Date(file.lastModified).toISOString());
  if (why) return `Nothing was changed: ${why}`;
  const parts = [];
  const count = Object.keys(tasks).length;
  if (answers.length || !count) parts.push(saidOfAnswers(importAll(store, answers)));
  if (count) {
    const trouble = exercises.add(tasks);
    const name = count === 1 ? "task" : "tasks";
    const isTaken = !trouble || trouble === "damaged";
    parts.push(isTaken ? `Progress in ${count} ${name} brought in.` : `Progress in exercises is not saved, because ${FAILED[trouble]}.`);
  }
  return parts.join(" ");
}

function saidOfAnswers({ taken, failed, trouble }) {
  const said = `${taken} ${taken === 1 ? "answer" : "answers"} brought in. Where two differ, both are kept.`;
  return failed.length ? `${said} Not saved: ${failed.join(", ")}, because ${FAILED[trouble]}.` : said;
}

/** The box that hides questions without the words. @param {(count: number) => void} onFound */
export function searchOf(items, chapterBlocks, onFound) {
  const label = made("label", "review-search", "Search questions and answers ");
  const box = label.appendChild(made("input"));
  box.type = "search";
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLocaleLowerCase();
    for (const item of items) item.element.hidden = !item.has(wanted);
    for (const chapter of chapterBlocks) chapter.hidden = !chapter.querySelector(".review-question:not([hidden])");
    onFound(wanted ? items.filter((item) => !item.element.hidden).length : null);
  });
  return label;
}
