/**
 * Answering in the page: shows each question's boxes, saves what is typed, and opens the
 * book's answer once the reader has committed one or asked to skip. Reader's text reaches
 * the page as text only (`value`, `textContent`).
 */
import { PREFIX, commit, edit, fresh, grade, isBlank, isOpen, mark, skip } from "./answers.js";
import { grow, made, wordCount } from "./elements.js";
import { markingIn } from "./marking.js";
import { announceProgress } from "./progress.js";
import { gradeOf, sittings } from "./schedule.js";
import { browserStorage, createStore } from "./store.js";
import { download, toJson } from "./takeout.js";
import { troubleLine } from "./trouble.js";
import { versionsUnder } from "./versions.js";

const PAUSE = 400; // milliseconds after the last key before saving
const LOCKED = "Opens once you have committed an answer, or skipped.";
const REFUSED = "Write an answer first and press “I’m done”, or skip.";
const MERGED = "Saved. Another tab had changed this answer too: its text is kept below.";
const store = createStore(browserStorage);

/** Make one question's section live. Returns what the page's events call. */
function mount(section) {
  const own = (selector) => section.querySelector(`:scope > ${selector}`);
  const work = own(".question-work");
  const boxes = [...work.querySelectorAll("textarea")];
  const status = work.querySelector('[role="status"]');
  const details = own("details.question-answer");
  const id = section.id;
  const count = work.querySelector(".question-count");
  const rubric = JSON.parse(section.dataset.rubric);
  const marking = details && markingIn(details, rubric, onMark);
  const trouble = troubleLine(work, () => boxes, takeAlong);
  const versions = versionsUnder(work);
  const gate = details && lock(details, (why) => { status.textContent = why; });
  let answer = fresh(id, boxes.length);
  let timer = 0; // of the save that is due
  let isUnsaved = false; // holds the page a text that the store does not?

  const texts = () => boxes.map((box) => box.value);

  function counted() {
    const words = wordCount(texts().join("\n"));
    count.textContent = words === 1 ? "1 word" : `${words} words`;
  }

  /** The reader has judged an idea; once all are, that is a review. */
  function onMark(says, value) {
    save((before, now) => {
      const marked = mark(before, says, value, now);
      const amount = gradeOf(marked.marks, rubric.ideas.map((idea) => idea.says));
      const last = sittings(marked.grades).at(-1);
      const isSame = last?.grade === amount && last.at.slice(0, 10) === now.slice(0, 10);
      return amount && !isSame ? grade(marked, amount, now) : marked;
    });
  }

  function draw() {
    boxes.forEach((box, index) => {
      const text = answer.boxes[index] ?? "";
      if (box.value !== text) box.value = text;
      grow(box);
    });
    counted();
    marking?.draw(answer, texts().join("\n\n"));
    versions.draw(answer, boxes.length);
    for (const button of work.querySelectorAll(".question-actions [data-role]")) {
      button.hidden = Boolean(answer.committed || (answer.skipped && button.dataset.role === "skip"));
    }
    if (isOpen(answer)) gate?.unlock();
  }

  /** Save the page's text; with `change`, a commit or a skip along with it. */
  function save(change = (unchanged) => unchanged) {
    clearTimeout(timer);
    const now = new Date().toISOString();
    const changed = texts().some((text, index) => text !== (answer.boxes[index] ?? ""));
    answer = change(changed ? edit(answer, texts(), now) : answer, now);
    const result = store.save(answer);
    answer = result.answer;
    trouble.say(result.trouble, true);
    isUnsaved = Boolean(result.trouble) && result.trouble !== "damaged";
    status.textContent = isUnsaved ? "" : result.merged ? MERGED : "Saved";
    draw();
    announceProgress();
  }

  function onInput(event) {
    isUnsaved = true;
    status.textContent = "";
    counted();
    grow(event.target);
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  /** Take in what the store holds, written by another tab. */
  function refresh() {
    if (isUnsaved) {
      save();
      return;
    }
    const found = store.load(id);
    if (found.answer) answer = found.answer;
    const wiped = !found.answer && !found.trouble && !isBlank(texts());
    trouble.say(wiped ? "wiped" : found.trouble, wiped);
    draw();
  }

  function start() {
    const found = store.load(id);
    const restored = texts(); // by the browser, after going back
    if (found.answer) answer = found.answer;
    trouble.say(found.trouble, false);
    if (found.answer || isBlank(restored)) draw();
    else if (!found.trouble) save();
    work.hidden = false;
    boxes.forEach(grow);
  }

  work.addEventListener("input", onInput);
  work.addEventListener("focusout", () => isUnsaved && save());
  work.querySelector('[data-role="commit"]').addEventListener("click", () => {
    if (isBlank(texts())) {
      status.textContent = REFUSED;
      boxes[0].focus();
      return;
    }
    save(commit);
    if (!isUnsaved) status.textContent = "Saved. The book’s answer is open below.";
    gate?.open();
  });
  work.querySelector('[data-role="skip"]').addEventListener("click", () => {
    save(skip);
    status.textContent = "Skipped. You can still answer.";
    gate?.open();
  });
  start();
  return { id, refresh, flush: () => isUnsaved && save(), answer: () => edit(answer, texts(), answer.edited) };
}

/** Keep a `<details>` shut, and say why, until it is unlocked. */
function lock(details, explain) {
  const summary = details.querySelector("summary");
  const why = summary.appendChild(made("span", "question-lock", LOCKED));
  const refuse = (event) => {
    event.preventDefault();
    explain(REFUSED);
  };
  const shut = () => { details.open = false; }; // a browser's search in the page opens it too
  summary.setAttribute("aria-disabled", "true");
  summary.addEventListener("click", refuse);
  details.addEventListener("toggle", shut);
  details.open = false;
  const unlock = () => {
    why.remove();
    summary.removeAttribute("aria-disabled");
    summary.removeEventListener("click", refuse);
    details.removeEventListener("toggle", shut);
  };
  const open = () => {
    unlock();
    details.open = true;
    summary.focus();
  };
  return { unlock, open };
}

/** Every answer as this page holds it, as a file: also where the storage fails. */
function takeAlong() {
  const now = new Date().toISOString();
  const answers = questions.map((question) => question.answer());
  const written = answers.filter((answer) => !isBlank(answer.boxes) || isOpen(answer));
  download("my-answers.json", "application/json", toJson(written, now));
}

const questions = [...document.querySelectorAll("section.question")].map(mount);
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
