/**
 * Quiet progress in the sidebar: how many of a chapter's questions the reader has answered. The
 * numbers stand in room that the style sheet keeps, so nothing moves.
 */
import { PREFIX, parse } from "./answers.js";
import { made } from "./elements.js";

const places = new Map(); // by page: where its progress is shown, and the ids of its questions

/** How many of these questions have been answered. */
export function answered(ids, read) {
  return ids.filter((id) => {
    const text = read(PREFIX + id);
    const answer = text && parse(text, id).answer;
    return Boolean(answer?.committed);
  }).length;
}

function draw() {
  let storage;
  try {
    storage = window.localStorage;
  } catch {
    return; // nothing is kept, so there is nothing to show
  }
  for (const { place, ids } of places.values()) {
    const count = answered(ids, (key) => storage?.getItem(key));
    place.replaceChildren();
    if (!count) continue;
    const shown = made("span", "", `${count}/${ids.length}`);
    shown.setAttribute("aria-hidden", "true");
    place.append(shown, made("span", "answers-said", ` (${count} of ${ids.length} questions answered)`));
  }
}

/** Tell the sidebar that an answer of this tab has changed. */
export function announceProgress() {
  if (places.size) draw();
}

async function start() {
  const links = [...document.querySelectorAll(".bd-links a.reference.internal")];
  if (!links.length) return;
  const response = await fetch(new URL("question-ids.json", import.meta.url));
  const pages = await response.json(); // by the page's address within the site
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  for (const link of links) {
    const address = new URL(link.getAttribute("href"), location.href);
    const page = address.pathname.slice(root.pathname.length);
    if (pages[page]) places.set(link, { place: link.appendChild(made("span", "answers-progress")), ids: pages[page] });
  }
  draw();
  window.addEventListener("storage", draw);
  window.addEventListener("pageshow", draw);
}

if (globalThis.document && location.protocol !== "file:") start().catch(() => {}); // a quiet extra
