/** Keeps the book's answer shut, and says why, until the reader has committed one or skipped. */
import { made } from "./elements.js";

const LOCKED = "Opens once you have committed an answer, or skipped.";
export const REFUSED = "Write an answer first and press “I’m done”, or skip.";

/** @param {HTMLDetailsElement} details  @param {(why: string) => void} explain */
export function lock(details, explain) {
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
