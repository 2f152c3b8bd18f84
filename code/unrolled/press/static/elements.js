/** Small pieces of a page that the answering scripts share. Text reaches the page as text only. */

export function made(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/** A button that does something when pressed. */
export function button(text, role, onClick) {
  const element = made("button", "", text);
  element.type = "button";
  element.dataset.role = role;
  element.addEventListener("click", onClick);
  return element;
}

/** How many words a text has, in any script. */
export function wordCount(text) {
  if (!globalThis.Intl?.Segmenter) return text.split(/\s+/u).filter(Boolean).length;
  const words = new Intl.Segmenter(undefined, { granularity: "word" });
  let count = 0;
  for (const { isWordLike } of words.segment(text)) count += Number(Boolean(isWordLike));
  return count;
}

/** Let a box be as tall as its text, where CSS `field-sizing` can't. */
export function grow(box) {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}
