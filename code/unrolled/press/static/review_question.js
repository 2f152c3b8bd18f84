/** One question on the page of all answers: its state, its texts, and answering it again. */
import { finishRecall, fresh, grade, isBlank, isOpen, recall } from "./answers.js";
import { button, grow, made } from "./elements.js";
import { versionsUnder } from "./versions.js";

const PAUSE = 400; // milliseconds after the last key before saving
const MARKS = { mine: "in mine", partly: "partly", missing: "missing" };
const GRADES = { again: "Again", hard: "Hard", good: "Good", easy: "Easy" };
const ROOT = new URL(document.documentElement.dataset.content_root, location.href);

/**
 * @param {{id: string, prompt: string, boxes: string[], ideas: string[]}} question
 * @param {{page: string}} chapter
 * @param {{store: object, schedule: object, changed: () => void, say: (text: string) => void}} context
 */
export function questionItem(question, chapter, { store, schedule, changed, say }) {
  const { id } = question;
  const element = made("article", "review-question question");
  element.id = `review-${id}`;
  const title = question.prompt.trim().split("\n")[0];
  const state = made("p", "review-state");
  const written = made("div", "review-written");
  const versions = versionsUnder(written);
  const again = made("div", "review-again");
  const link = made("a", "", "Open it in its chapter");
  link.href = new URL(`${chapter.page}#${id}`, ROOT).href;
  const open = button("Answer again", "again", startAgain);
  const actions = made("p", "question-actions");
  actions.append(open, link);
  element.append(made("p", "review-prompt", flowing(question.prompt.trim())), state, written, again, actions);
  let answer = fresh(id, question.boxes.length || 1);
  let writing = null; // while the reader answers from memory: what saves it

  function draw() {
    const due = schedule.due(answer);
    const done = question.ideas.filter((says) => answer.marks[says]);
    const parts = [stateOf(answer)];
    if (done.length) parts.push(`${done.length} of ${question.ideas.length} ideas marked`);
    if (due) parts.push(due <= new Date() ? "due now" : `due ${day(due)}`);
    state.textContent = parts.join(", ");
    open.hidden = !isOpen(answer) || Boolean(writing);
    written.hidden = Boolean(writing);
    written.replaceChildren(...texts(answer.boxes, question.boxes), ...written.querySelectorAll(".question-versions"));
    versions.draw(answer, question.boxes.length || 1);
  }

  function refresh() {
    const found = store.load(id);
    answer = found.answer ?? answer;
    draw();
  }

  function keep(change) {
    const result = store.save(change(answer));
    answer = result.answer;
    const isSaved = !result.trouble || result.trouble === "damaged";
    say(isSaved ? "Saved" : "Not saved: this browser’s storage is full or closed. Your text stays in this page: “Download as JSON”, above, takes it along.");
    return isSaved;
  }

  function startAgain() {
    writing = memoryBoxes(again, question, answer.draft, (boxes) => {
      keep((before) => recall(before, boxes, new Date().toISOString()));
    }, compare);
    draw();
    writing.focus();
  }

  function compare() {
    writing.flush();
    const heading = made("p", "question-heading", "How well did you remember it? Compare:");
    const ideas = made("ul", "");
    for (const says of question.ideas) {
      const mark = answer.marks[says];
      ideas.append(made("li", "", mark ? `${says} (last time: ${MARKS[mark.mark]})` : says));
    }
    const before = made("div", "review-before");
    before.append(made("p", "question-heading", "Your answer before"), ...texts(answer.boxes, question.boxes));
    const grades = made("p", "question-actions");
    const after = schedule.after(answer, new Date());
    for (const [name, label] of Object.entries(GRADES)) {
      grades.append(button(`${label} (${day(after[name])})`, name, () => finish(name)));
    }
    again.append(heading, before, ideas, grades);
    grades.firstChild.focus();
  }

  function finish(name) {
    const value = Object.keys(GRADES).indexOf(name) + 1;
    if (!keep((before) => grade(finishRecall(before), value, new Date().toISOString()))) return;
    writing = null;
    again.replaceChildren();
    draw();
    changed();
    open.focus();
  }

  const found = store.load(id);
  answer = found.answer ?? answer;
  draw();
  return {
    id, element, title, refresh,
    answer: () => answer,
    flush: () => writing?.flush(),
    isDue: (now) => { const due = schedule.due(answer); return due !== null && due <= now; },
    isAnswered: () => Boolean(answer.committed),
    text: () => [question.prompt, ...answer.boxes].join("\n"),
  };
}

/** Boxes for an answer from memory, saved while it is written. */
function memoryBoxes(place, question, draft, save, compare) {
  const labels = question.boxes.length ? question.boxes : ["From memory"];
  let timer = 0;
  let isUnsaved = false;
  const boxes = labels.map((label, index) => {
    const outer = place.appendChild(made("label", "", label));
    const box = outer.appendChild(made("textarea"));
    box.dir = "auto";
    box.value = draft?.boxes[index] ?? "";
    return box;
  });
  const flush = () => {
    clearTimeout(timer);
    if (isUnsaved) save(boxes.map((box) => box.value));
    isUnsaved = false;
  };
  place.addEventListener("input", (event) => {
    isUnsaved = true;
    grow(event.target);
    clearTimeout(timer);
    timer = setTimeout(flush, PAUSE);
  });
  const done = place.appendChild(button("Compare", "compare", () => {
    done.hidden = true;
    compare();
  }));
  return { flush, focus: () => boxes[0].focus() };
}

function stateOf(answer) {
  if (answer.committed) return "Answered";
  if (!isBlank(answer.boxes)) return answer.skipped ? "Skipped, then begun" : "Begun";
  return answer.skipped ? "Skipped" : "Not answered yet";
}

function texts(boxes, labels) {
  return boxes.flatMap((text, index) => {
    if (!text.trim()) return [];
    const block = made("p", "question-written", text);
    block.dir = "auto";
    return labels[index] ? [made("p", "question-heading", labels[index]), block] : [block];
  });
}

/** Lines of a source text as paragraphs, which break where the page is narrow; lists stay lists. */
function flowing(text) {
  return text.replace(/([^\n])\n(?!\n|\s*(?:[-*>|]|\d+\.)\s)/g, "$1 ");
}

function day(date) {
  return date.toLocaleDateString("en-US", { dateStyle: "medium" });
}
