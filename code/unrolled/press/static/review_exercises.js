/** The exercises on the page of all answers: what is done and what is next, chapter by chapter. */
import { made } from "./elements.js";
import { KEY, createProgress, standing } from "./exercises.js";
import { browserStorage } from "./store.js";

const STATES = { done: "Done", tried: "Tried", open: "To do" };
const HOW = "Checks run in your notebook. There, check.export() writes what you have done into the file "
  + "unrolled-exercises.json: bring it in above.";

/**
 * @param {{title: string, page: string, tasks: {id: string, title: string, anchor: string}[]}[]} chapters
 * @param {URL} root  where the site's pages are
 */
export function exercisesIn(chapters, root) {
  const progress = createProgress(browserStorage);
  const element = made("section", "review-exercises");
  const own = chapters.filter(({ tasks }) => tasks.length);
  element.hidden = !own.length;

  function draw() {
    const { tasks } = progress.load();
    element.replaceChildren(made("h2", "", "Exercises"), made("p", "", HOW));
    for (const chapter of own) element.append(chapterBlock(chapter, tasks, root));
  }

  draw();
  window.addEventListener("storage", ({ key }) => (key === null || key === KEY) && draw());
  return {
    element,
    tasks: () => progress.load().tasks,
    /** Take in a file's tasks. @returns {string | null} the trouble */
    add(tasks) {
      const { trouble } = progress.add(tasks);
      draw();
      return trouble;
    },
  };
}

function chapterBlock({ title, page, tasks: list }, tasks, root) {
  const { states, done, next } = standing(tasks, list);
  const linkTo = (task) => {
    const link = made("a", "", task.title);
    link.href = new URL(`${page}#${task.anchor}`, root).href;
    return link;
  };
  const block = made("section", "review-tasks");
  const progress = made("p", "review-progress", `${done} of ${list.length} tasks done`);
  if (next) progress.append("; next: ", linkTo(next));
  const items = made("ul", "");
  list.forEach((task, index) => {
    const item = items.appendChild(made("li", ""));
    item.dataset.state = states[index];
    item.append(made("span", "review-task-state", STATES[states[index]]), " ", linkTo(task));
  });
  block.append(made("h3", "", title), progress, items);
  return block;
}
