/**
 * Answering in the page: shows each question's boxes, saves what is typed, and opens the
 * book's answer once the reader has committed one or asked to skip. Reader's text reaches
 * the page as text only (`value`, `textContent`).
 */
import { PREFIX, commit, edit, fresh, grade, isBlank, isOpen, mark, skip } from "./answers.js";
import { CHANGED, grow, made, wordCount } from "./elements.js";
import { guardOf } from "./leaving.js";
import { REFUSED, lock } from "./lock.js";
import { markingIn } from "./marking.js";
import { createSaver } from "./saver.js";
import { dayOf, gradeOf, sittings } from "./schedule.js";
import { browserStorage, createStore } from "./store.js";
import { download, toJson } from "./takeout.js";
import { troubleLine } from "./trouble.js";
import { versionsUnder } from "./versions.js";

const MERGED = "Saved. Another tab had changed this answer too: its text is kept below.";
const OPENED = "Saved. The book’s answer is open below.";
const store = createStore(browserStorage);
const questions = []; // the page's sections
const guard = guardOf(() => questions.some((question) => question.isUnsaved));

/** One question's section of the page, live. */
class QuestionSection {
  constructor(section) {
    const details = section.querySelector(":scope > details.question-answer");
    this.id = section.id;
    this.rubric = JSON.parse(section.dataset.rubric);
    this.work = section.querySelector(":scope > .question-work");
    this.boxes = [...this.work.querySelectorAll("textarea")];
    this.onPaper = this.boxes.map(paperAfter);
    this.status = this.work.querySelector('[role="status"]');
    this.count = this.work.querySelector(".question-count");
    this.marking = details && markingIn(details, this.rubric, (says, value) => this.onMark(says, value));
    this.trouble = troubleLine(this.work, () => this.boxes, takeAlong);
    this.versions = versionsUnder(this.work);
    this.gate = details && lock(details, (why) => this.say(why));
    this.answer = fresh(this.id, this.boxes.length);
    this.saver = createSaver((isTyping) => this.save({ isTyping }));
    this.isUnsaved = false; // holds the page a text that the store does not?
    this.start();
    this.listen();
  }

  start() {
    const found = store.load(this.id);
    const isRestored = !isBlank(this.texts()); // by the browser, after going back
    if (found.answer) this.answer = found.answer;
    this.trouble.say(found.trouble, false);
    if (found.answer || !isRestored) this.draw();
    else if (!found.trouble) this.save();
    this.work.hidden = false;
    this.boxes.forEach(grow);
  }

  listen() {
    const press = (role, action) => {
      this.work.querySelector(`[data-role="${role}"]`).addEventListener("click", action);
    };
    this.work.addEventListener("input", (event) => this.onInput(event.target));
    this.work.addEventListener("focusout", () => this.flush());
    press("commit", () => this.onCommit());
    press("skip", () => this.onSkip());
  }

  texts() {
    return this.boxes.map((box) => box.value);
  }

  say(text) {
    this.status.textContent = text;
  }

  onInput(box) {
    this.isUnsaved = true;
    this.say("");
    this.drawCount();
    grow(box);
    this.saver.touch();
  }

  onCommit() {
    if (isBlank(this.texts())) {
      this.say(REFUSED);
      this.boxes[0].focus();
      return;
    }
    this.save({ change: commit });
    if (!this.isUnsaved) this.say(OPENED);
    this.gate?.open();
  }

  onSkip() {
    this.save({ change: skip });
    this.say("Skipped. You can still answer.");
    this.gate?.open();
  }

  /** The reader has judged an idea; once all are, that is a review. */
  onMark(says, value) {
    const change = (before, now) => {
      const marked = mark(before, says, value, now);
      const amount = gradeOf(marked.marks, this.rubric.ideas.map((idea) => idea.says));
      const last = sittings(marked.grades).at(-1);
      const isSame = last?.grade === amount && dayOf(last.at) === dayOf(now);
      return amount && !isSame ? grade(marked, amount, now) : marked;
    };
    this.save({ change });
  }

  /** Save the page's text; with `change`, a commit, a skip or a mark along with it. */
  save({ change = (unchanged) => unchanged, isTyping = false } = {}) {
    if (!isTyping) this.saver.stop();
    const now = new Date().toISOString();
    const result = store.save(change(this.onPage(now), now));
    this.answer = result.answer;
    this.trouble.say(result.trouble, true);
    this.isUnsaved = Boolean(result.trouble) && result.trouble !== "damaged";
    if (!isTyping) this.say(this.isUnsaved ? "" : result.merged ? MERGED : "Saved");
    this.draw();
    guard();
    window.dispatchEvent(new Event(CHANGED));
  }

  flush() {
    if (this.isUnsaved) this.save();
  }

  /** The answer as this page holds it; a text that is new was edited `now`. */
  onPage(now) {
    const texts = this.texts();
    const isNew = texts.some((text, index) => text !== (this.answer.boxes[index] ?? ""));
    return isNew ? edit(this.answer, texts, now) : this.answer;
  }

  /** Take in what the store holds, written by another tab. */
  refresh() {
    if (this.isUnsaved) {
      this.save();
      return;
    }
    const found = store.load(this.id);
    if (found.answer) this.answer = found.answer;
    const isWiped = !found.answer && !found.trouble && !isBlank(this.texts());
    this.trouble.say(isWiped ? "wiped" : found.trouble, isWiped);
    this.draw();
  }

  draw() {
    this.boxes.forEach((box, index) => {
      const text = this.answer.boxes[index] ?? "";
      if (box.value !== text) box.value = text;
      this.onPaper[index].textContent = text;
      grow(box);
    });
    this.drawCount();
    this.marking?.draw(this.answer, this.texts().join("\n\n"));
    this.versions.draw(this.answer, this.boxes.length);
    const { committed, skipped } = this.answer;
    for (const button of this.work.querySelectorAll(".question-actions [data-role]")) {
      button.hidden = Boolean(committed || (skipped && button.dataset.role === "skip"));
    }
    if (isOpen(this.answer)) this.gate?.unlock();
  }

  drawCount() {
    const words = wordCount(this.texts().join("\n"));
    this.count.textContent = words === 1 ? "1 word" : `${words} words`;
  }
}

/** Where a box's text stands on paper: a box can't go on over the end of a sheet. */
function paperAfter(box) {
  const paper = made("p", "question-written question-paper");
  paper.dir = "auto";
  box.after(paper);
  return paper;
}

/** Every answer as this page holds it, as a file: also where the storage fails. */
function takeAlong() {
  const now = new Date().toISOString();
  const answers = questions.map((question) => question.onPage(now));
  const written = answers.filter((answer) => !isBlank(answer.boxes) || isOpen(answer));
  download("my-answers.json", "application/json", toJson(written, now));
}

for (const section of document.querySelectorAll("section.question")) questions.push(new QuestionSection(section));
const flushAll = () => questions.forEach((question) => question.flush());

window.addEventListener("pagehide", flushAll);
document.addEventListener("visibilitychange", () => document.hidden && flushAll());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) questions.forEach((question) => question.refresh());
});
window.addEventListener("storage", (event) => {
  for (const question of questions) {
    if (event.key === null || event.key === PREFIX + question.id) question.refresh();
  }
});
