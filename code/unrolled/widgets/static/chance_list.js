// The candidates for the next token, each with a bar, two numbers and a button that takes it.

import { h } from "./dom.js";
import { shownToken } from "./gpt_text.js";
import { rankedTokens } from "./next_token.js";
import { bar } from "./ranking.js";

const CANDIDATES = 10;

function percentText(share) {
  if (share === 0) return "0 %";
  const percent = 100 * share;
  return percent < 0.05 ? "< 0.1 %" : `${percent > 99.95 ? 100 : percent.toFixed(1)} %`;
}

/**
 * Rows stay in place and change their content, so that a press never lands on something else than
 * what it aimed at, and the keyboard keeps its place.
 * @param {{label: (id: number) => string, text: (id: number) => string}} reader
 * @param {(id: number) => void} onPick
 * @param {() => void} onPress something is about to be chosen
 */
export function chanceList(reader, onPick, onPress) {
  const title = h("p", { class: "w-title", "data-role": "list-title" });
  const facts = h("p", { class: "w-muted", "data-role": "list-facts" });
  const body = h("tbody", { onpointerdown: onPress });
  const head = h("tr", {}, ...["Token", "", "Drawn with", "Model says"].map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {}))));
  const table = h("table", { class: "wm-chances", "data-role": "chances" }, h("thead", {}, head), body);
  let rows = [];

  function row() {
    const button = h("button", { type: "button", onclick: () => onPick(Number(button.dataset.token)) });
    const mark = h("span", { class: "wm-mark" });
    const meter = bar(0);
    const [used, own] = [h("td", { class: "w-value", "data-role": "used" }), h("td", { class: "w-value", "data-role": "own" })];
    return { button, mark, fill: meter.firstChild, used, own, element: h("tr", {}, h("th", { scope: "row" }, button), h("td", {}, meter, mark), used, own) };
  }

  function fill({ button, mark, fill: filled, used: usedCell, own: ownCell, element }, id, used, own, came) {
    button.textContent = shownToken(reader.text(id) || reader.label(id));
    button.dataset.token = String(id);
    mark.textContent = id === came ? "↑ here" : "";
    filled.style.width = `${(100 * used).toFixed(1)}%`;
    usedCell.textContent = used === 0 ? "cut off" : percentText(used);
    ownCell.textContent = percentText(own);
    usedCell.dataset.value = String(used);
    ownCell.dataset.value = String(own);
    element.classList.toggle("wm-cut", used === 0);
  }

  return {
    element: h("div", {}, title, facts, table),
    /** `own` and `used` are the chances of all tokens; `came` is the id that stands there, if any. */
    show({ own, used, came, place }) {
      const ranked = rankedTokens(own);
      const ids = ranked.slice(0, CANDIDATES);
      if (came !== undefined && !ids.includes(came)) ids.push(came);
      while (rows.length < ids.length) body.append(rows[rows.push(row()) - 1].element);
      while (rows.length > ids.length) rows.pop().element.remove();
      ids.forEach((id, n) => fill(rows[n], id, used[id], own[id], came));
      const left = used.reduce((count, chance) => count + (chance > 0 ? 1 : 0), 0);
      const entropy = used.reduce((sum, chance) => sum - (chance > 0 ? chance * Math.log2(chance) : 0), 0);
      title.textContent = came === undefined ? `What may come next, as token ${place}` : `What could have stood at place ${place}`;
      facts.textContent = `It is drawn from ${left.toLocaleString("en-US")} of ${own.length.toLocaleString("en-US")} tokens; entropy ${Math.abs(entropy).toFixed(2)} bits. Choose one to put it there.`;
    },
  };
}
