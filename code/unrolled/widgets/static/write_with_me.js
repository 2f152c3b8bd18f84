import { announce, freshId, h } from "./dom.js";
import { decodeGpt, followText, forgetAfter } from "./gpt.js";
import { runningToken, shownToken, tokenField } from "./gpt_text.js";
import { chancesToDraw, drawToken, modelChances, uniformAt } from "./next_token.js";
import { chanceList } from "./chance_list.js";
import { choosingControls } from "./choosing_controls.js";

const SLICE = 14; // milliseconds of work before the page may react
const REDRAW = 100; // milliseconds between two drawings while the model writes
const MOST_PROMPT = 2000;
const MOST_TOKENS = 4000;
const KEPT = 1000; // places whose logits are kept; what the model said before can be worked out again
const TYPING_REST = 200;
const PACES = [["as fast as it can", 0], ["10 tokens a second", 100], ["2 tokens a second", 500]];

const rest = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

async function render({ model, el }) {
  el.classList.add("unrolled", "w-writing");
  const gpt = decodeGpt(model.get("weights"), model.get("shape"));
  el.dataset.engine = gpt.engine;
  let text = [0]; // what has been read and written; id 0, the boundary, starts every text
  let promptEnd = 1; // where the prompt ends and writing begins
  let picked = new Set(); // places of tokens that the reader chose
  const logits = []; // logits[t]: what the model said after the token at place t
  let at = 1; // the place looked at; text.length is the one to be written next
  let turn = 0; // a new one stops the work under way
  let running = false;

  const prompt = tokenField(model, { label: "Prompt", value: model.get("prompt"), rows: 3, most: MOST_PROMPT, role: "prompt" }, (typed) => {
    stop();
    clearTimeout(typing);
    typing = setTimeout(() => set({ prompt: typed }), TYPING_REST);
  });
  const { reader } = prompt;
  let typing = 0;
  const controls = choosingControls(model, reader.size, set);
  const write = h("button", { type: "button", class: "w-primary", "data-role": "write", onclick: () => (running ? stop() : advance(text.length + model.get("count"))) }, "Write");
  const one = h("button", { type: "button", "data-role": "one", onclick: () => advance(text.length + 1) }, "One token");
  const back = h("button", { type: "button", "data-role": "back", onclick: begin }, "Back to the prompt");
  const paceId = freshId("pace");
  const pace = h("select", { id: paceId, "data-role": "pace" }, ...PACES.map(([name, value]) => h("option", { value }, name)));
  const speed = h("p", { class: "w-muted", "data-role": "speed" });
  const page = h("div", { class: "wm-text", tabindex: 0, role: "group", "aria-label": "The text so far", "data-role": "text", onclick: (event) => {
    const place = event.target.closest?.("[data-at]")?.dataset.at;
    if (place !== undefined) look(Number(place));
  } });
  page.classList.toggle("w-pieces", model.get("vocabulary").kind === "bytes"); // where one token ends
  const steps = placeSlider((place) => look(place));
  const goOn = h("input", { type: "checkbox", checked: true, "data-role": "go-on" });
  const list = chanceList(reader, (id) => pick(id), () => stop());

  function set(changes) {
    model.set(changes);
    model.save_changes();
  }

  /** The prompt alone, read anew. */
  async function begin() {
    stop();
    const before = text;
    text = [0, ...prompt.read()];
    const changed = text.findIndex((token, t) => token !== before[t]);
    logits.length = Math.min(logits.length, changed < 0 ? text.length : changed);
    promptEnd = text.length;
    picked = new Set();
    page.replaceChildren();
    speed.textContent = "";
    delete speed.dataset.value;
    await advance(text.length);
  }

  function stop() {
    turn += 1;
    running = false;
    show();
  }

  /** Read what is unread, then write until the text has `goal` tokens. */
  async function advance(goal) {
    const mine = (turn += 1);
    const first = text.length;
    const started = performance.now();
    let slice = started;
    let drawn = started;
    running = goal > first;
    at = text.length;
    name();
    while (true) {
      for (const t of followText(gpt, text, { logits: (place) => !logits[place] })) {
        logits[t] ??= gpt.logits.slice();
        if (performance.now() - slice < SLICE) continue;
        if (performance.now() - drawn > REDRAW) {
          show();
          drawn = performance.now();
        }
        await rest(0);
        if (mine !== turn) return;
        slice = performance.now();
      }
      if (!logits[text.length - 1]) await recall(text.length);
      if (mine !== turn) return;
      if (text.length >= Math.min(goal, MOST_TOKENS)) break;
      const wait = goal > first + 1 ? Number(pace.value) : 0;
      if (wait) {
        show();
        await rest(wait);
        if (mine !== turn) return;
        slice = performance.now();
      }
      text.push(drawToken(chancesToDraw(logits[text.length - 1], controls.choosing()), uniformAt(model.get("seed"), text.length)));
      if (text.length > KEPT) delete logits[text.length - 1 - KEPT];
      at = text.length;
    }
    running = false;
    tell(text.length - first, performance.now() - started);
    show();
  }

  function tell(count, milliseconds) {
    if (!count) return;
    const rate = (1000 * count) / milliseconds;
    const full = text.length >= MOST_TOKENS ? ` The text has ${MOST_TOKENS.toLocaleString("en-US")} tokens now, the most it may have here.` : "";
    const fast = count > 1 && pace.value === "0" ? ` in ${(milliseconds / 1000).toFixed(2)} s: ${rate.toFixed(0)} tokens a second on this device` : "";
    speed.textContent = `Wrote ${count} ${count === 1 ? "token" : "tokens"}${fast}.${full}`;
    speed.dataset.value = rate.toFixed(1);
    const words = text.slice(-Math.min(count, 200)).map((id) => reader.text(id)).join("");
    announce(el, `Wrote: ${words}`);
  }

  /** Put another token at the place looked at; what stood from there on is gone. */
  function pick(id) {
    stop();
    text = [...text.slice(0, at), id];
    logits.length = at;
    promptEnd = Math.min(promptEnd, at);
    picked = new Set([...picked].filter((place) => place < at)).add(at);
    while (page.children.length > at - 1) page.lastChild.remove();
    advance(text.length + (goOn.checked ? model.get("count") : 0));
  }

  async function look(place) {
    stop();
    at = Math.max(1, Math.min(text.length, place));
    if (!logits[at - 1]) await recall(at);
    show();
  }

  /** What the model says at a place that its window had left behind. */
  async function recall(place) {
    const mine = turn;
    forgetAfter(gpt, 0); // whatever the cache holds, the last place is read, and its logits are made
    for (const t of followText(gpt, text.slice(0, place), { logits: (t) => t === place - 1 })) {
      if (t === place - 1) logits[t] = gpt.logits.slice();
      if (t % 8 === 0) await rest(0);
      if (mine !== turn) return;
    }
  }

  function name() {
    write.textContent = running ? "Stop" : `Write ${model.get("count").toLocaleString("en-US")} tokens`;
    write.dataset.state = running ? "running" : "idle";
    el.setAttribute("aria-busy", String(running));
  }

  function show() {
    name();
    page.querySelector(".wm-at")?.classList.remove("wm-at");
    page.querySelector(".wm-next")?.remove();
    for (let t = page.children.length + 1; t < text.length; t += 1) {
      const kind = picked.has(t) ? "wm-token wm-picked" : t < promptEnd ? "wm-token wm-given" : "wm-token";
      page.append(h("span", { class: kind, "data-at": t }, runningToken(reader.text(text[t]) || reader.label(text[t]))));
    }
    page.append(h("span", { class: "wm-next", "data-at": text.length, title: "the next token" }, "▯"));
    const here = page.children[at - 1];
    here.classList.add("wm-at");
    reveal(page, here);
    steps.show(at, text.length, at < text.length ? shownToken(reader.text(text[at]) || reader.label(text[at])) : "to be written");
    const scores = logits[at - 1];
    if (scores) list.show({ own: modelChances(scores), used: chancesToDraw(scores, controls.choosing()), came: text[at], place: at });
  }

  el.append(
    prompt.element, controls.element,
    h("div", { class: "w-row" }, write, one, back, h("span", { class: "wm-pair" }, h("label", { for: paceId }, "Pace"), pace)),
    speed,
    h("div", { class: "wm-columns" },
      h("div", {}, page, steps.element, h("label", { class: "w-check" }, goOn, h("span", {}, "When I choose another token, write on from there"))),
      list.element),
    h("p", { class: "w-muted" }, `The prompt is gray, what the model drew is not, and what you chose is underlined. The model sees at most ${gpt.contextLength} tokens back; when its window is full, it reads the later half again and goes on. Nothing leaves your browser: the model runs here. `, model.get("note")),
  );
  const onPrompt = () => {
    if (prompt.area.value !== model.get("prompt")) prompt.area.value = model.get("prompt");
    begin();
  };
  const settings = ["temperature", "top_k", "top_p", "greedy", "seed", "count"].map((trait) => `change:${trait}`);
  const onSetting = () => {
    controls.show();
    if (!running) show();
  };
  controls.show();
  await begin();
  model.on("change:prompt", onPrompt);
  settings.forEach((event) => model.on(event, onSetting));
  return () => {
    clearTimeout(typing);
    turn += 1;
    forgetAfter(gpt, 0);
    model.off("change:prompt", onPrompt);
    settings.forEach((event) => model.off(event, onSetting));
  };
}

/** Scroll what is in the box, and nothing else, until `inside` shows. */
function reveal(box, inside) {
  const above = inside.offsetTop - box.scrollTop;
  if (above < 0 || above + inside.offsetHeight > box.clientHeight) box.scrollTop = inside.offsetTop - box.clientHeight + 2 * inside.offsetHeight;
}

/** Walk through the text token by token. */
function placeSlider(onPlace) {
  const id = freshId("place");
  const input = h("input", { id, type: "range", min: 1, max: 1, step: 1, value: 1, "data-role": "place", oninput: () => onPlace(Number(input.value)) });
  const output = h("output", { for: id, class: "w-value" });
  return {
    element: h("div", { class: "w-slider wm-places" }, h("label", { for: id }, "Look at token"), input, output),
    show(at, last, said) {
      input.max = String(last);
      input.value = String(at);
      output.textContent = `${at}: ${said}`;
      input.setAttribute("aria-valuetext", output.textContent);
    },
  };
}

export default { render };
