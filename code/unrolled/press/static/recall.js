/**
 * Answering a question again, from memory: boxes that are saved while they are written, then the
 * comparison with the answer before and the key ideas, and the reader's own grade.
 */
import { MARK_WORDS } from "./answers.js";
import { button, grow, made } from "./elements.js";
import { markingIn } from "./marking.js";
import { createSaver } from "./saver.js";
import { gradeOf } from "./schedule.js";

const LABELS = { again: "Again", hard: "Hard", good: "Good", easy: "Easy" };

export class Recall {
  /**
   * @param {HTMLElement} place
   * @param {object} question  the question's entry in questions.json
   * @param {{answer: () => object, ideas: () => Node, before: () => Node[], after: () => Record<string, Date>,
   *   keep: (boxes: string[], isTyping: boolean) => boolean, onSaved: () => void,
   *   onMark: (says: string, mark: string) => void, onGrade: (name: string) => void}} item
   *   what is known of the question; `keep` tells whether the text is saved
   */
  constructor(place, question, item) {
    Object.assign(this, { place, question, item });
    const labels = question.boxes.length ? question.boxes : ["From memory"];
    const written = item.answer().draft?.boxes ?? [];
    this.marks = {}; // of this time: the ones before are told, not selected
    this.isUnsaved = false;
    this.saver = createSaver((isTyping) => this.save(isTyping));
    this.boxes = labels.map((label, index) => textBox(place, label, written[index] ?? ""));
    place.append(button("Compare", "compare", () => this.compare()));
    this.onInput = ({ target }) => this.boxes.includes(target) && this.touch(target);
    place.addEventListener("input", this.onInput);
    this.boxes[0].focus();
  }

  touch(box) {
    this.isUnsaved = true;
    grow(box);
    this.marking?.draw({ ...this.item.answer(), marks: this.marks }, this.text());
    this.saver.touch();
  }

  text() {
    return this.boxes.map((box) => box.value).join("\n\n");
  }

  save(isTyping) {
    if (!isTyping) this.saver.stop();
    this.isUnsaved = !this.item.keep(this.boxes.map((box) => box.value), isTyping);
    this.item.onSaved();
  }

  flush() {
    if (this.isUnsaved) this.save(false);
  }

  /** Show what to compare with; the reader marks each idea, then grades. */
  compare() {
    this.flush();
    this.place.querySelector('[data-role="compare"]').remove();
    const heading = made("p", "question-heading", "How well did you remember it? Compare:");
    heading.tabIndex = -1; // to read on from here
    const before = made("div", "review-before");
    const written = this.item.before();
    const none = made("p", "question-written", "Nothing: you skipped this question.");
    before.append(made("p", "question-heading", "Your answer before"), ...(written.length ? written : [none]));
    const ideas = made("div", "review-ideas");
    ideas.append(this.item.ideas());
    this.advice = made("p", "review-advice");
    this.advice.setAttribute("role", "status");
    this.place.append(heading, before, ideas, this.advice, this.grades());
    this.marking = markingIn(ideas, this.question, (says, mark) => this.onMark(says, mark));
    this.tellMarksBefore(ideas);
    this.marking.draw({ ...this.item.answer(), marks: this.marks }, this.text());
    heading.focus();
  }

  tellMarksBefore(ideas) {
    const { marks } = this.item.answer();
    this.question.ideas.forEach(({ says }, index) => {
      const before = marks[says];
      if (!before) return;
      const told = made("p", "review-last", `Last time: ${MARK_WORDS[before.mark]}.`);
      ideas.querySelectorAll(".question-idea")[index].prepend(told);
    });
  }

  onMark(says, mark) {
    this.marks[says] = { mark };
    const amount = gradeOf(this.marks, this.question.ideas.map((idea) => idea.says));
    this.advice.textContent = amount ? `Your marks amount to “${Object.values(LABELS)[amount - 1]}”.` : "";
    this.item.onMark(says, mark);
  }

  grades() {
    const after = this.item.after();
    const grades = made("p", "question-actions");
    for (const [name, label] of Object.entries(LABELS)) {
      grades.append(button(`${label} (${day(after[name])})`, name, () => this.item.onGrade(name)));
    }
    return grades;
  }

  /** Take the boxes away: the answer is graded. */
  close() {
    this.saver.stop();
    this.place.removeEventListener("input", this.onInput);
    this.place.replaceChildren();
  }
}

function textBox(place, label, text) {
  const outer = place.appendChild(made("label", "", label));
  const box = outer.appendChild(made("textarea"));
  box.dir = "auto";
  box.value = text;
  grow(box);
  return box;
}

/** A day as its reader writes it, e.g. "Nov 25, 2026". */
export function day(date) {
  return date.toLocaleDateString("en-US", { dateStyle: "medium" });
}
