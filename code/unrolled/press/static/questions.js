/**
 * Answering in the page: shows each question's boxes, saves what is typed, and opens the
 * book's answer once the reader has committed one or asked to skip. Reader's text reaches
 * the page as text only (`value`, `textContent`).
 */
import { PREFIX, commit, createStore, edit, fresh, isBlank, isOpen, skip } from "./answers.js";

const PAUSE = 400; // milliseconds after the last key before saving
const LOCKED = "Opens once you have committed an answer, or skipped.";
const REFUSED = "Write an answer first and press “I’m done”, or skip.";
const MERGED = "Saved. Another tab had changed this answer too: its text is kept below.";
const TROUBLE = {
  full: "Not saved: this browser’s storage is full. Your text stays in this page; copy it before you leave.",
  forbidden: "This browser doesn’t let the page save anything. Your text stays in this page; copy it before you leave.",
  damaged: "A saved answer could not be read. It was set aside in this browser’s storage, unchanged; what you write now is saved.",
  newer: "This answer was saved by a newer version of the book. Copy what you have written, then reload the page.",
  wiped: "The saved copy of this answer was deleted. Your text stays in this page and is saved again with your next edit.",
};

const store = createStore(() => {
  if (!window.localStorage) throw new DOMException("no storage", "SecurityError");
  return window.localStorage;
});

/** Make one question's section live. Returns what the page's events call. */
function mount(section) {
  const own = (selector) => section.querySelector(`:scope > ${selector}`);
  const work = own(".question-work");
  const boxes = [...work.querySelectorAll("textarea")];
  const status = work.querySelector('[role="status"]');
  const details = own("details.question-answer");
  const id = section.id;
  const trouble = troubleLine(work, () => boxes);
  const versions = versionsUnder(work);
  const gate = details && lock(details, (why) => { status.textContent = why; });
  let answer = fresh(id, boxes.length);
  let timer = 0; // of the save that is due
  let isUnsaved = false; // holds the page a text that the store does not?

  const texts = () => boxes.map((box) => box.value);

  function draw() {
    boxes.forEach((box, index) => {
      const text = answer.boxes[index] ?? "";
      if (box.value !== text) box.value = text;
      grow(box);
    });
    versions.draw(answer, boxes.length);
    for (const button of work.querySelectorAll("[data-role]")) {
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
  }

  function onInput(event) {
    isUnsaved = true;
    status.textContent = "";
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
  return { id, refresh, flush: () => isUnsaved && save() };
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

/** The line that says why an answer isn't saved, with a button to take the text along. */
function troubleLine(work, boxes) {
  const line = work.appendChild(made("div", "question-trouble"));
  const message = line.appendChild(made("p", ""));
  const copy = line.appendChild(made("button", "", "Copy my answer"));
  copy.type = "button";
  copy.dataset.role = "copy";
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(boxes().map((box) => box.value).join("\n\n"));
      copy.textContent = "Copied";
    } catch {
      boxes()[0].select();
      message.textContent = "The text is selected: copy it with Ctrl+C or ⌘C.";
    }
  });
  line.hidden = true;
  let shown = null; // the trouble that is said now
  return {
    /** @param {string | null} kind @param {boolean} alert interrupt a screen reader? */
    say(kind, alert) {
      if (!kind && shown === "damaged") return; // stays said until the page is left
      if (kind === shown && (!alert || message.hasAttribute("role"))) return; // not said twice
      shown = kind;
      line.hidden = !kind;
      copy.hidden = kind === "damaged";
      copy.textContent = "Copy my answer";
      message.textContent = "";
      if (alert) message.setAttribute("role", "alert");
      message.textContent = kind ? TROUBLE[kind] : "";
    },
  };
}

/** Earlier texts beside the present one: what was committed, and what another tab wrote. */
function versionsUnder(work) {
  const place = work.appendChild(made("div", "question-versions"));
  return {
    draw(answer, count) {
      place.replaceChildren();
      const standing = JSON.stringify(answer.boxes);
      if (answer.committed && JSON.stringify(answer.committed.boxes) !== standing) {
        place.append(version("What you committed first", answer.committed));
      }
      for (const kept of answer.kept) place.append(version("Also written, in another tab", kept));
      const beyond = answer.boxes.slice(count);
      if (!isBlank(beyond)) place.append(version("From an earlier form of this question", { boxes: beyond }));
    },
  };
}

function version(title, { boxes, at }) {
  const day = at ? ` (${new Date(at).toLocaleDateString("en-US", { dateStyle: "medium" })})` : "";
  const block = made("div", "question-version");
  block.append(made("p", "question-heading", title + day));
  for (const text of boxes) block.append(made("p", "question-written", text || "—"));
  return block;
}

function made(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/** Let a box be as tall as its text, where CSS `field-sizing` can't. */
function grow(box) {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
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
