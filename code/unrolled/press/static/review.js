/**
 * The page of all answers: what is due today, every question by chapter, and the exercises. One
 * question is in `review_question.js`, taking along and bringing in in `review_tools.js`.
 */
import * as library from "./ts-fsrs.js";
import { PREFIX } from "./answers.js";
import { CHANGED, made } from "./elements.js";
import { guardOf } from "./leaving.js";
import { exercisesIn } from "./review_exercises.js";
import { ReviewItem } from "./review_question.js";
import { searchOf, toolsOf } from "./review_tools.js";
import { createSchedule } from "./schedule.js";
import { browserStorage, createStore } from "./store.js";

const ROOT = new URL(document.documentElement.dataset.content_root, location.href);
const NOTHING = "Nothing is due. A question comes back a day after you have answered it, then after longer and longer pauses.";
const TROUBLE = {
  forbidden: "This browser doesn’t let the page keep anything, so there are no answers to show.",
  damaged: "A saved answer could not be read. It was set aside in this browser’s storage, unchanged.",
  full: "A saved answer can’t be read, and this browser’s storage is too full to set it aside.",
  newer: "Some answers were saved by a newer version of the book: reload this page to see them.",
  wiped: "The saved copy was deleted. What this page still shows, “Download as JSON” takes along.",
};

class ReviewPage {
  constructor(place, chapters) {
    this.chapters = chapters;
    this.store = createStore(browserStorage);
    this.schedule = createSchedule(library);
    this.status = made("p", "review-status");
    this.status.setAttribute("role", "status");
    this.due = made("section", "review-due");
    this.items = [];
    this.blocks = chapters.filter(({ questions }) => questions.length).map((chapter) => this.blockOf(chapter));
    this.exercises = exercisesIn(chapters, ROOT);
    this.guard = guardOf(() => this.items.some((item) => item.isUnsaved()));
    const all = made("section", "review-all");
    const search = searchOf(this.items, this.blocks.map(({ element }) => element), (count) => this.sayFound(count));
    all.append(made("h2", "", "All questions"), search, ...this.blocks.map(({ element }) => element));
    place.append(toolsOf(this), this.status, this.due, all, this.exercises.element);
    this.draw();
    this.sayTrouble(this.items.map((item) => item.trouble));
    this.listen();
  }

  blockOf({ title, page, questions }) {
    const element = made("section", "review-chapter");
    const progress = made("p", "review-progress");
    const items = questions.map((question) => {
      return new ReviewItem(question, new URL(`${page}#${question.id}`, ROOT).href, this);
    });
    element.append(made("h3", "", title), progress, ...items.map((item) => item.element));
    this.items.push(...items);
    return { element, progress, items };
  }

  listen() {
    window.addEventListener("storage", ({ key }) => {
      const touched = this.items.filter(({ id }) => key === null || key === PREFIX + id);
      this.sayTrouble(touched.map((item) => item.refresh()));
      this.draw();
    });
    window.addEventListener("pagehide", () => this.items.forEach((item) => item.flush()));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.items.forEach((item) => item.flush());
    });
  }

  say(text) {
    this.status.textContent = text;
  }

  sayTrouble(troubles) {
    const [first] = troubles.filter(Boolean);
    if (first) this.say(TROUBLE[first]);
  }

  sayFound(count) {
    this.say(count === null ? "" : count === 1 ? "1 question found." : `${count} questions found.`);
  }

  draw() {
    for (const { progress, items } of this.blocks) {
      const count = items.filter((item) => item.answer.committed).length;
      progress.textContent = `${count} of ${items.length} answered`;
    }
    this.drawDue();
  }

  drawDue() {
    const now = new Date();
    const due = this.items.filter((item) => item.isDue(now));
    this.due.replaceChildren(made("h2", "", "Due today"));
    if (!due.length) this.due.append(made("p", "", NOTHING));
    else this.due.append(made("ul", ""));
    for (const item of due) {
      const link = this.due.lastChild.appendChild(made("li", "")).appendChild(made("a", ""));
      link.append(...item.title());
      link.href = `#${item.element.id}`;
    }
  }

  /** Some answers have changed: show it here, and in the sidebar. */
  changed() {
    this.draw();
    window.dispatchEvent(new Event(CHANGED));
  }

  /** Take in all that the store holds. */
  refresh() {
    this.items.forEach((item) => item.refresh());
    this.changed();
  }
}

const place = document.getElementById("review");
const chapters = await (await fetch(new URL("questions.json", import.meta.url))).json();
new ReviewPage(place, chapters);
place.hidden = false;
document.getElementById("review-needs").remove();
