import { announce, freshId, h, slider } from "./dom.js";
import { decodeGpt, followText, forgetAfter } from "./gpt.js";
import { runningToken, shownToken, tokenField } from "./gpt_text.js";
import { headGrid, headName } from "./head_grid.js";
import { HABITS, habitShare, headPixels, lookOf, meanDistance, rankedHeads } from "./head_habits.js";
import { bar } from "./ranking.js";
import { largest } from "./vectors.js";

const SLICE = 14; // milliseconds of reading before the page may react
const MOST_CHARACTERS = 1000;
const TYPING_REST = 150;
const MOST_LOOKS = 6;
const FOUND = 3;

const percent = (share) => (share < 0.0005 && share > 0 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);

async function render({ model, el }) {
  el.classList.add("unrolled", "w-looking");
  const gpt = decodeGpt(model.get("weights"), model.get("shape"));
  el.dataset.engine = gpt.engine;
  const { layers, heads } = gpt;
  const original = model.get("text");
  let tokens = []; // what has been read, the boundary first
  let turn = 0;
  let typing = 0;

  const field = tokenField(model, { label: "Your text", value: original, rows: 3, most: MOST_CHARACTERS, role: "own-text" }, (typed) => {
    clearTimeout(typing);
    typing = setTimeout(() => set({ text: typed }), TYPING_REST);
  });
  const { reader } = field;
  const most = Math.min(gpt.contextLength, model.get("most_tokens"));
  const cut = h("p", { class: "w-note w-muted", role: "status", "data-role": "cut" });
  const reset = h("button", { type: "button", "data-role": "reset", onclick: () => set({ text: original }) }, "The given text again");
  const search = habitSearch(() => find());
  const grid = headGrid(layers, heads, (head) => set({ head }));
  const title = h("p", { class: "w-title", "data-role": "head-title" });
  const habits = h("p", { "data-role": "habits" });
  const picture = largePicture((t) => set({ token: t }));
  const step = slider("Token that looks", { min: 0, max: 1, step: 1, value: 0, format: (t) => (tokens.length ? `${t}: ${shown(t)}` : "") }, (t) => set({ token: t }));
  step.input.setAttribute("data-role", "token");
  const text = h("div", { class: "lo-text", tabindex: 0, role: "group", "aria-label": "The text; the token that looks is framed", "data-role": "text", onclick: (event) => {
    const place = event.target.closest?.("[data-at]")?.dataset.at;
    if (place !== undefined) set({ token: Number(place) });
  } });
  text.classList.toggle("w-pieces", model.get("vocabulary").kind === "bytes"); // where one token ends
  const looks = h("div", { "data-role": "looks" });

  const shown = (t) => shownToken(reader.text(tokens[t]) || reader.label(tokens[t]));
  const chosenHead = () => Math.min(model.get("head"), layers * heads - 1);
  const chosenToken = () => (model.get("token") < 0 ? tokens.length - 1 : Math.min(model.get("token"), tokens.length - 1));

  function set(changes) {
    model.set(changes);
    model.save_changes();
  }

  async function read() {
    const mine = (turn += 1);
    if (field.area.value !== model.get("text")) field.area.value = model.get("text");
    const ids = field.read();
    const wanted = [0, ...ids].slice(0, most);
    cut.textContent = ids.length >= most ? `Here it reads the first ${most - 1} tokens.` : "";
    el.setAttribute("aria-busy", "true");
    let slice = performance.now();
    for (const _ of followText(gpt, wanted, { logits: () => false, looks: true })) {
      if (performance.now() - slice < SLICE) continue;
      await new Promise((resume) => setTimeout(resume, 0));
      if (mine !== turn) return;
      slice = performance.now();
    }
    tokens = wanted;
    el.setAttribute("aria-busy", "false");
    text.replaceChildren(...tokens.map((id, t) => h("span", { class: "lo-token", "data-at": t }, runningToken(reader.text(id) || reader.label(id)))));
    step.input.max = String(tokens.length - 1);
    find();
    paint();
    choose();
  }

  function find() {
    const [name, wanted] = search.habit();
    search.show(rankedHeads(gpt.looks, layers * heads, tokens, wanted).slice(0, FOUND), heads, name, chosenHead(), (head) => set({ head }));
  }

  function paint() {
    const color = accentOf(el);
    grid.paint(tokens.length, (head) => headPixels(gpt.looks, head, color), (head) => {
      const [name, share] = strongestHabit(head);
      return `looks most at ${name}: ${percent(share)}`;
    });
    picture.paint(tokens.length, headPixels(gpt.looks, chosenHead(), color));
  }

  function strongestHabit(head) {
    const shares = HABITS.slice(0, 3).map(([name, wanted]) => [name, habitShare(gpt.looks, head, tokens, wanted) ?? 0]);
    return shares.reduce((best, one) => (one[1] > best[1] ? one : best));
  }

  /** Another head or another token: all that follows from the two. */
  function choose() {
    const head = chosenHead();
    const t = chosenToken();
    const weights = lookOf(gpt.looks, head, t);
    grid.choose(head);
    search.choose(head);
    title.textContent = headName(head, heads);
    const known = HABITS.map(([name, wanted]) => [name, habitShare(gpt.looks, head, tokens, wanted)]).filter(([, share]) => share !== null);
    habits.textContent = known.length ? `Of its attention goes, on average: ${known.map(([name, share]) => `${percent(share)} to ${name}`).join("; ")}. Mean distance: ${meanDistance(gpt.looks, head).toFixed(1)} tokens back.` : "One token has nothing to look back at.";
    picture.paint(tokens.length, headPixels(gpt.looks, head, accentOf(el)));
    picture.mark(t, `${headName(head, heads)}: a picture of ${tokens.length} by ${tokens.length} weights. ${habits.textContent}`);
    step.set(t);
    [...text.children].forEach((span, j) => {
      const depth = j <= t ? Math.sqrt(weights[j]) : 0;
      span.classList.toggle("lo-at", j === t);
      span.classList.toggle("lo-after", j > t);
      span.style.setProperty("--lo-depth", `${(48 * depth).toFixed(0)}%`);
      span.style.setProperty("--lo-line", `${(4 * depth).toFixed(1)}px`);
    });
    const best = largest(Array.from(weights), MOST_LOOKS);
    looks.replaceChildren(
      h("p", { class: "w-title" }, `Where token ${t}, ${shown(t)}, looks`),
      h("ol", { class: "w-ranking" }, ...best.map((j) => h("li", { "data-look": j }, h("span", { class: "w-name" }, `${j}: ${shown(j)}${j === t ? " (itself)" : ""}`), bar(weights[j]), h("span", { class: "w-value", "data-value": weights[j] }, percent(weights[j]))))),
    );
    announce(el, `${headName(head, heads)}. Token ${t}, ${shown(t)}, looks most at ${best.slice(0, 2).map((j) => `${j}, ${shown(j)}, ${percent(weights[j])}`).join("; ")}.`);
  }

  el.append(
    field.element, cut, h("div", { class: "w-row" }, reset),
    h("p", { class: "w-title" }, `All ${layers * heads} heads`), search.element, grid.element,
    title, habits, h("div", { class: "lo-columns" }, picture.element, h("div", {}, step, text, looks)),
    h("p", { class: "w-muted" }, "In each picture a row is a token that looks, from the first at the top to the last, and a column a token that is looked at; the deeper the color, the greater the weight (depth goes with its square root). What would lie to the right of the diagonal is the future: empty. Token 0 is the boundary that starts every text. In the text, color and the line under a token show the weights of the chosen row; what comes later is gray. ", model.get("note")),
  );
  await read();
  const onTheme = new MutationObserver(() => paint());
  for (const root of [document.documentElement, document.body]) onTheme.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
  const listeners = [["change:text", read], ["change:head", choose], ["change:token", choose]];
  listeners.forEach(([event, react]) => model.on(event, react));
  return () => {
    clearTimeout(typing);
    turn += 1;
    onTheme.disconnect();
    forgetAfter(gpt, 0);
    listeners.forEach(([event, react]) => model.off(event, react));
  };
}

/** The accent color of the theme, as red, green, blue. */
function accentOf(el) {
  const hex = getComputedStyle(el).getPropertyValue("--w-accent").trim();
  return [1, 3, 5].map((k) => Number.parseInt(hex.slice(k, k + 2), 16));
}

/** One head, large; a click chooses the token of that row. */
function largePicture(onToken) {
  const canvas = h("canvas", { width: 1, height: 1, role: "img", "data-role": "picture" });
  const line = h("div", { class: "lo-row", "aria-hidden": "true" });
  let count = 1;
  const stage = h("div", { class: "lo-stage", onclick: (event) => {
    const { top, height } = canvas.getBoundingClientRect();
    onToken(Math.max(0, Math.min(count - 1, Math.floor((count * (event.clientY - top)) / height))));
  } }, canvas, line);
  return {
    element: h("div", { class: "lo-large" }, h("p", { class: "w-muted lo-axis" }, "looked at: first → last"), stage),
    paint(T, pixels) {
      count = T;
      paintPixels(canvas, T, pixels);
    },
    mark(t, label) {
      line.style.top = `${(100 * t) / count}%`;
      line.style.height = `${100 / count}%`;
      canvas.setAttribute("aria-label", label);
    },
  };
}

/** Which heads follow a habit best. */
function habitSearch(onChange) {
  const id = freshId("habit");
  const select = h("select", { id, "data-role": "habit", onchange: onChange }, ...HABITS.map(([name], n) => h("option", { value: n }, name)));
  const found = h("div", { class: "w-row", role: "group", "aria-label": "The heads that do so most", "data-role": "found" });
  const buttons = () => [...found.querySelectorAll("button")];
  return {
    element: h("div", {}, h("div", { class: "w-row" }, h("label", { for: id }, "Find heads that look at"), select), found),
    habit: () => HABITS[Number(select.value)],
    show(ranked, heads, name, chosen, onHead) {
      found.replaceChildren(...(ranked.length ? ranked.map(({ head, share }) => h("button", { type: "button", "data-found": head, "data-share": share, "aria-pressed": String(head === chosen), onclick: () => onHead(head) }, `${headName(head, heads)}: ${percent(share)}`)) : [h("span", { class: "w-muted" }, `In this text no token could look at ${name}.`)]));
    },
    choose(head) {
      buttons().forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.found) === head)));
    },
  };
}

/** Put pixels on a canvas of T x T. */
function paintPixels(canvas, T, pixels) {
  if (canvas.width !== T) canvas.width = canvas.height = T;
  canvas.getContext("2d").putImageData(new ImageData(pixels, T, T), 0, 0);
}

export default { render };
