import { h } from "./dom.js";

/**
 * Words with their cosines, each as a bar, best first.
 * @param {{word: string, cosine: number, note?: string}[]} items
 * @param {((word: string) => void) | null} [onPick] makes each word a button
 * @returns {HTMLElement}
 */
export function rankingList(items, onPick = null) {
  return h("ol", { class: "w-ranking" }, ...items.map((item) => rankingRow(item, onPick)));
}

function rankingRow({ word, cosine, note }, onPick) {
  const name = onPick
    ? h("button", { type: "button", "data-word": word, onclick: () => onPick(word) }, word)
    : h("span", { "data-word": word }, word);
  return h(
    "li", {},
    h("span", { class: "w-name" }, name, note ? h("span", { class: "w-muted" }, ` ${note}`) : null),
    bar(cosine),
    h("span", { class: "w-value" }, cosine.toFixed(2)),
  );
}

/**
 * A bar from 0 to 1; the number beside it says the same to those who can't see it.
 * @param {number} share
 * @returns {HTMLElement}
 */
export function bar(share) {
  const fill = h("span", { class: "w-fill" });
  fill.style.width = `${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%`;
  return h("span", { class: "w-bar", "aria-hidden": "true" }, fill);
}

/**
 * Replace what stands in `place`. If the focus was in there, its first button gets it,
 * so that someone at the keyboard does not lose their place.
 * @param {HTMLElement} place
 * @param {...Node} content
 */
export function refill(place, ...content) {
  const focused = place.contains(document.activeElement);
  place.replaceChildren(...content);
  if (focused) place.querySelector("button")?.focus();
}

/** Give `words` as a sentence would list them. */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
