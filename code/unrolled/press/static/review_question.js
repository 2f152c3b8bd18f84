/** One question on the page of all answers: its state, its texts, and answering it again. */
import { finishRecall, fresh, grade, isBlank, isOpen, mark, recall } from "./answers.js";
import { button, made } from "./elements.js";
import { Recall, day } from "./recall.js";
import { GRADES } from "./schedule.js";
import { versionsUnder } from "./versions.js";

const UNSAVED = "Not saved: this browser’s storage is full or closed. Your text stays in this page: "
  + "“Download as JSON”, above, takes it along.";

export class ReviewItem {
  /**
   * @param {{id: string, prompt: string, boxes: string[], ideas: {says: string}[]}} question
   * @param {string} address  of the question in its chapter
   * @param {{store: object, schedule: object, changed: () => void, guard: () => void,
   *   say: (text: string) => void}} page
   */
  constructor(question, address, page) {
    Object.assign(this, { question, page, id: question.id });
    this.answer = fresh(this.id, question.boxes.length || 1);
    this.writing = null; // while the reader answers from memory
    this.build(address);
    this.trouble = this.refresh();
  }

  build(address) {
    this.element = made("article", "review-question question");
    this.element.id = `review-${this.id}`;
    this.prompt = made("div", "review-prompt");
    this.prompt.append(this.textOf("prompt"));
    this.state = made("p", "review-state");
    this.written = made("div", "review-written");
    this.versions = versionsUnder(this.written);
    this.again = made("div", "review-again");
    this.open = button("Answer again", "again", () => this.startAgain());
    const link = made("a", "", "Open it in its chapter");
    link.href = address;
    const actions = made("p", "question-actions");
    actions.append(this.open, link);
    this.element.append(this.prompt, this.state, this.written, this.again, actions);
  }

  /** A copy of what the book's page has of this question: its "prompt" or its "ideas". */
  textOf(part) {
    return document.getElementById(`text-${this.id}-${part}`).content.cloneNode(true);
  }

  /** The first paragraph of the prompt, for a list of questions. */
  title() {
    return [...(this.prompt.querySelector("p") ?? this.prompt).cloneNode(true).childNodes];
  }

  draw() {
    const due = this.page.schedule.due(this.answer);
    const done = this.question.ideas.filter(({ says }) => this.answer.marks[says]);
    const isUntouched = !isOpen(this.answer) && isBlank(this.answer.boxes);
    this.element.toggleAttribute("data-untouched", isUntouched);
    const parts = [stateOf(this.answer)];
    if (done.length) parts.push(`${done.length} of ${this.question.ideas.length} ideas marked`);
    if (due) parts.push(due <= new Date() ? "due now" : `due ${day(due)}`);
    this.state.textContent = parts.join(", ");
    this.open.hidden = !isOpen(this.answer) || Boolean(this.writing);
    this.written.hidden = Boolean(this.writing);
    const versions = this.written.querySelector(".question-versions");
    this.written.replaceChildren(...this.texts(), versions);
    this.versions.draw(this.answer, this.question.boxes.length || 1);
  }

  texts() {
    return this.answer.boxes.flatMap((text, index) => {
      if (!text.trim()) return [];
      const block = made("p", "question-written", text);
      block.dir = "auto";
      const label = this.question.boxes[index];
      return label ? [made("p", "question-heading", label), block] : [block];
    });
  }

  /** Take in what the store holds. @returns {string | null} what is wrong with it */
  refresh() {
    const found = this.page.store.load(this.id);
    const isWiped = !found.answer && !found.trouble && (isOpen(this.answer) || !isBlank(this.answer.boxes));
    this.answer = found.answer ?? this.answer;
    this.draw();
    return isWiped ? "wiped" : found.trouble;
  }

  keep(change, isQuiet = false) {
    const result = this.page.store.save(change(this.answer, new Date().toISOString()));
    this.answer = result.answer;
    const isSaved = !result.trouble || result.trouble === "damaged";
    if (!isQuiet || !isSaved) this.page.say(isSaved ? "Saved" : UNSAVED);
    return isSaved;
  }

  startAgain() {
    this.writing = new Recall(this.again, this.question, {
      answer: () => this.answer,
      ideas: () => this.textOf("ideas"),
      before: () => this.texts(),
      after: () => this.page.schedule.after(this.answer, new Date()),
      keep: (boxes, isTyping) => this.keep((before, now) => recall(before, boxes, now), isTyping),
      onSaved: () => this.page.guard(),
      onMark: (says, value) => this.keep((before, now) => mark(before, says, value, now)),
      onGrade: (name) => this.finish(name),
    });
    this.draw();
  }

  finish(name) {
    this.writing.flush();
    if (!this.keep((before, now) => grade(finishRecall(before), GRADES[name], now))) return;
    this.writing.close();
    this.writing = null;
    this.draw();
    this.page.changed();
    this.open.focus();
  }

  flush() {
    this.writing?.flush();
  }

  /** Is there a text in the page that the store doesn't hold? */
  isUnsaved() {
    return Boolean(this.writing?.isUnsaved);
  }

  isDue(now) {
    const due = this.page.schedule.due(this.answer);
    return due !== null && due <= now;
  }

  /** Does the prompt, or any text the reader wrote, hold this? In small letters. */
  has(wanted) {
    const { boxes, committed, draft, kept, attempts } = this.answer;
    const versions = [committed, draft, ...kept, ...attempts].filter(Boolean);
    const all = [this.question.prompt, ...boxes, ...versions.flatMap((each) => each.boxes)];
    return all.some((text) => text.toLocaleLowerCase().includes(wanted));
  }
}

function stateOf(answer) {
  if (answer.committed) return "Answered";
  if (!isBlank(answer.boxes)) return answer.skipped ? "Skipped, then begun" : "Begun";
  return answer.skipped ? "Skipped" : "Not answered yet";
}
