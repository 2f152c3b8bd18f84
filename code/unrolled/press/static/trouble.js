/** Says at once that an answer is not saved, and offers a way to take it along. */
import { button, made } from "./elements.js";

const TROUBLE = {
  full: "Not saved: this browser’s storage is full. Your text stays in this page; take it along before you leave.",
  forbidden: "This browser doesn’t let the page save anything. Your text stays in this page; take it along before you leave.",
  damaged: "A saved answer could not be read. It was set aside in this browser’s storage, unchanged; what you write now is saved.",
  newer: "This answer was saved by a newer version of the book. Take along what you have written, then reload the page.",
  wiped: "The saved copy of this answer was deleted. Your text stays in this page and is saved again with your next edit.",
};

/** The line that says why an answer isn't saved, with buttons to take the text along. */
export function troubleLine(work, boxes, takeAlong) {
  const line = work.appendChild(made("div", "question-trouble"));
  const message = line.appendChild(made("p", ""));
  const copy = line.appendChild(button("Copy my answer", "copy", async () => {
    try {
      await navigator.clipboard.writeText(boxes().map((box) => box.value).join("\n\n"));
      copy.textContent = "Copied";
    } catch {
      boxes()[0].select();
      message.textContent = "The text is selected: copy it with Ctrl+C or ⌘C.";
    }
  }));
  const all = line.appendChild(button("Download all answers of this page", "take-along", takeAlong));
  line.hidden = true;
  let shown = null; // the trouble that is said now
  return {
    /** @param {string | null} kind @param {boolean} alert interrupt a screen reader? */
    say(kind, alert) {
      if (!kind && shown === "damaged") return; // stays said until the page is left
      if (kind === shown && (!alert || message.hasAttribute("role"))) return; // not said twice
      shown = kind;
      line.hidden = !kind;
      copy.hidden = all.hidden = kind === "damaged";
      copy.textContent = "Copy my answer";
      message.textContent = "";
      if (alert) message.setAttribute("role", "alert");
      message.textContent = kind ? TROUBLE[kind] : "";
    },
  };
}
