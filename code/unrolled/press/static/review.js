/**
 * The page of all answers: what is due today, every question by chapter, searching, taking along
 * and bringing in. What is shown of one question is in `review_question.js`.
 */
import * as library from "./ts-fsrs.js";
import { PREFIX, isBlank, isOpen, merge } from "./answers.js";
import { CHANGED, button, made } from "./elements.js";
import { questionItem } from "./review_question.js";
import { createSchedule } from "./schedule.js";
import { browserStorage, createStore } from "./store.js";
import { download, fromFile, importAll, toJson, toMarkdown } from "./takeout.js";

const FORBIDDEN = "This browser doesn’t let the page keep anything, so there are no answers to show.";
const FAILED = {
  full: "this browser’s storage is full",
  forbidden: "this browser doesn’t let the page save anything",
  newer: "a newer version of the book has saved them",
};

const store = createStore(browserStorage);
const schedule = createSchedule(library);

function page(place, chapters) {
  const status = made("p", "review-status");
  status.setAttribute("role", "status");
  const due = made("section", "review-due");
  const all = made("section", "review-all");
  const items = [];
  const changed = () => {
    drawDue();
    window.dispatchEvent(new Event(CHANGED));
  };
  const context = { store, schedule, changed, say: (text) => { status.textContent = text; } };
  place.append(tools(context, chapters, () => items, redraw), status, due, search(() => items), all);

  function drawDue() {
    const now = new Date();
    const questions = items.filter((item) => item.isDue(now));
    due.replaceChildren(made("h2", "", "Due today"));
    if (!questions.length) {
      due.append(made("p", "", "Nothing is due. A question comes back a day after you have answered it, then after longer and longer pauses."));
      return;
    }
    const list = due.appendChild(made("ul", ""));
    for (const item of questions) {
      const link = list.appendChild(made("li", "")).appendChild(made("a", "", item.title));
      link.href = `#${item.element.id}`;
    }
  }

  function redraw() {
    items.length = 0;
    all.replaceChildren(made("h2", "", "All questions"));
    for (const chapter of chapters) {
      const block = all.appendChild(made("section", "review-chapter"));
      block.append(made("h3", "", chapter.title), made("p", "review-progress"));
      const mine = chapter.questions.map((question) => questionItem(question, chapter, context));
      block.append(...mine.map((item) => item.element));
      const count = mine.filter((item) => item.isAnswered()).length;
      block.querySelector(".review-progress").textContent = `${count} of ${mine.length} answered`;
      items.push(...mine);
    }
    drawDue();
    if (store.all().trouble === "forbidden") context.say(FORBIDDEN);
  }

  redraw();
  window.addEventListener("storage", (event) => {
    for (const item of items) if (event.key === null || event.key === PREFIX + item.id) item.refresh();
    drawDue();
  });
  window.addEventListener("pagehide", () => items.forEach((item) => item.flush()));
}

/** Every answer there is: what the store holds, and what this page holds where it could not be saved. */
function everything(items) {
  const all = new Map(store.all().answers.map((answer) => [answer.id, answer]));
  for (const mine of items.map((item) => item.answer())) {
    const kept = all.get(mine.id);
    if (isOpen(mine) || mine.draft || !isBlank(mine.boxes)) all.set(mine.id, kept ? merge(kept, mine) : mine);
  }
  return [...all.values()];
}

/** Buttons to take answers along, and a file box to bring some in. */
function tools(context, chapters, items, redraw) {
  const bar = made("div", "review-tools");
  const now = () => new Date().toISOString();
  const answers = () => everything(items());
  bar.append(
    button("Download as Markdown", "markdown", () => {
      download("my-answers.md", "text/markdown", toMarkdown(answers(), chapters, now()));
    }),
    button("Download as JSON", "json", () => {
      download("my-answers.json", "application/json", toJson(answers(), now()));
    }),
    button("Print", "print", () => window.print()),
  );
  const label = bar.appendChild(made("label", "review-import", "Bring in answers: JSON from here, or a notebook of the book "));
  const file = label.appendChild(made("input"));
  file.type = "file";
  file.accept = ".json,.ipynb,application/json";
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (chosen) context.say(await bringIn(chosen));
    file.value = "";
    redraw();
    context.changed();
  });
  return bar;
}

/** Merge a file's answers into the store; returns what to say about it. */
async function bringIn(file) {
  const { answers, why } = fromFile(await file.text(), new Date(file.lastModified).toISOString());
  if (why) return `Nothing was changed: ${why}`;
  const { taken, failed, trouble } = importAll(store, answers);
  const said = `${taken} ${taken === 1 ? "answer" : "answers"} brought in. Where two differ, both are kept.`;
  return failed.length ? `${said} Not saved: ${failed.join(", ")}, because ${FAILED[trouble]}.` : said;
}

function search(items) {
  const label = made("label", "review-search", "Search questions and answers ");
  const box = label.appendChild(made("input"));
  box.type = "search";
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLocaleLowerCase();
    for (const item of items()) item.element.hidden = !item.text().toLocaleLowerCase().includes(wanted);
    for (const chapter of document.querySelectorAll(".review-chapter")) {
      chapter.hidden = !chapter.querySelector(".review-question:not([hidden])");
    }
  });
  return label;
}

const place = document.getElementById("review");
const chapters = await (await fetch(new URL("questions.json", import.meta.url))).json();
page(place, chapters);
place.hidden = false;
