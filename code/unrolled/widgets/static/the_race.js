import { announce, freshId, h, slider } from "./dom.js";
import { shortNumber } from "./magnitudes.js";
import { clockRange, doneAt, judgeGuess, markAtTarget, marksPassed, momentAt, nextMark, secondsText, shareAt } from "./race_clock.js";
import { laneSign, raceChart } from "./race_chart.js";

const WHOLE = 12_000; // milliseconds that the clock takes from one end to the other
const TICKS = 400; // places of the clock's slider
const AXES = { seconds: "seconds", steps: "steps", operations: "operations" };

function render({ model, el }) {
  el.classList.add("unrolled", "w-race");
  const seconds = model.get("seconds");
  const lanes = model.get("lanes").map((lane, i) => ({ ...lane, seconds: seconds[i] }));
  const target = model.get("target");
  const wins = lanes.map((lane) => markAtTarget(lane, target));
  const range = clockRange(lanes);
  const [slow, quick] = lanes;
  const slowest = slow.seconds.at(-1);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let frame;
  let told = 0;

  const guessRange = [slowest / 200, slowest];
  const guessRow = slider(`${quick.name} needs`, { min: 1, max: 100, step: 1, value: 60, format: (n) => secondsText(momentAt(n / 100, guessRange)) }, () => {});
  guessRow.input.setAttribute("data-role", "guess");
  const commit = h("button", { type: "button", class: "w-primary", "data-role": "commit", onclick: place }, "That is my guess");
  const asking = h("div", { class: "race-asking" },
    h("p", {}, `${slow.name} reaches ${target.toFixed(3)} nats per character after ${secondsText(slow.seconds[wins[0]])} of training. How many seconds does its rival need?`),
    guessRow, h("div", { class: "w-row" }, commit));

  const clockRow = slider("Clock", { min: 0, max: TICKS, step: 1, value: 0, format: (n) => secondsText(momentAt(n / TICKS, range)) }, (n) => {
    pause();
    set({ clock: momentAt(n / TICKS, range) });
  });
  clockRow.input.setAttribute("data-role", "clock");
  const play = h("button", { type: "button", class: "w-primary", "data-role": "play", onclick: () => (frame ? pause() : run()) }, "Start");
  const step = h("button", { type: "button", "data-role": "next", onclick: jump }, "Next mark");
  const group = freshId("axis");
  const radios = Object.keys(AXES).map((axis) => h("input", { type: "radio", name: group, value: axis, "data-axis": axis, onchange: () => set({ axis }) }));
  const powers = h("input", { type: "checkbox", "data-role": "powers", onchange: () => set({ powers: powers.checked }) });
  const chart = h("div", { "data-role": "chart" });
  const verdict = h("p", { class: "race-verdict", "data-role": "verdict" });
  const cards = lanes.map((lane, i) => card(lane, i, model.get("prompt")));
  const racing = h("div", {},
    h("div", { class: "w-row" }, calm ? null : play, step), clockRow, verdict,
    h("fieldset", {}, h("legend", {}, "The horizontal axis counts"), h("div", { class: "race-axes" }, ...radios.map((radio) => h("label", {}, radio, AXES[radio.value])), h("label", {}, powers, "equal distances are equal factors"))),
    chart, h("div", { class: "race-cards" }, ...cards.map(({ element }) => element)),
    h("p", { class: "w-muted" }, "A model is scored, and writes, at its marks only; between two marks you see the last one. The clock runs faster and faster: it takes as long from 1 to 10 seconds as from 10 to 100."));

  function set(changes) {
    for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
    model.save_changes();
  }

  function place() {
    set({ guess: momentAt(Number(guessRow.input.value) / 100, guessRange) });
    announce(el, `Your guess: ${secondsText(model.get("guess"))}. The race can start.`);
    (calm ? step : play).focus({ preventScroll: true });
  }

  function run() {
    let share = shareAt(model.get("clock"), range);
    if (share >= 1) share = told = 0;
    let before = performance.now();
    const turn = (now) => {
      share = Math.min(1, share + (now - before) / WHOLE);
      before = now;
      set({ clock: momentAt(share, range) });
      if (share >= 1) return pause();
      frame = requestAnimationFrame(turn);
    };
    frame = requestAnimationFrame(turn);
    show();
  }

  function pause() {
    cancelAnimationFrame(frame);
    const ran = frame !== undefined;
    frame = undefined;
    if (ran) show();
  }

  function jump() {
    pause();
    const next = nextMark(lanes, model.get("clock"));
    set({ clock: next ?? 0 });
    const said = lanes.map((lane) => lane.name + ": " + lossText(lane, marksPassed(lane, model.get("clock")))).join(". ");
    announce(el, next === null ? "Back at the start." : `${secondsText(next)}. ${said}. ${verdict.textContent}`);
  }

  function show() {
    const [clock, guess, axis] = ["clock", "guess", "axis"].map((trait) => model.get(trait));
    asking.hidden = guess > 0;
    racing.hidden = !(guess > 0);
    clockRow.set(Math.round(shareAt(clock, range) * TICKS));
    clockRow.querySelector("output").textContent = secondsText(clock);
    play.textContent = frame ? "Pause" : clock <= 0 ? "Start" : clock >= range[1] ? "Once more" : "Go on";
    play.dataset.state = frame ? "running" : clock >= range[1] ? "done" : "resting";
    step.textContent = nextMark(lanes, clock) === null ? "Back to the start" : "Next mark";
    radios.forEach((radio) => (radio.checked = radio.value === axis));
    powers.checked = model.get("powers");
    const passed = lanes.map((lane) => marksPassed(lane, clock));
    const reached = lanes.map((_, i) => wins[i] < passed[i]);
    verdict.textContent = verdictText(reached, clock, guess);
    const count = reached.filter(Boolean).length;
    if (frame && count > told) announce(el, verdict.textContent);
    told = count;
    const said = lanes.map((lane, i) => `${lane.name}: ${lossText(lane, passed[i])}, ${whole(doneAt(lane, "steps", clock))} steps`).join("; ");
    const label = `Loss of both runs against ${AXES[axis]}, ${secondsText(clock)} after the start. ${said}. Target ${target.toFixed(3)}. ${verdict.textContent}`;
    chart.replaceChildren(raceChart(lanes.map((lane, i) => ({ ...lane, shown: passed[i] })), { axis, powers: powers.checked, target, reached: wins, clock, guess, label }));
    cards.forEach(({ update }, i) => update(clock, passed[i], reached[i]));
  }

  function verdictText(reached, clock, guess) {
    const real = quick.seconds[wins[1]];
    if (!reached[1]) return clock > 0 ? "Nobody is at the target yet." : `Your guess: ${secondsText(guess)}.`;
    const first = `${quick.name} was at the target after ${secondsText(real)}; your guess of ${secondsText(guess)} was ${judgeGuess(guess, real)}.`;
    if (!reached[0]) return first;
    const factor = (measure) => slow[measure][wins[0]] / quick[measure][wins[1]];
    const [inTime, inSteps, inWork, read] = ["seconds", "steps", "operations", "characters"].map((measure) => shortNumber(factor(measure)));
    return `${first} ${slow.name} needed ${inTime} times as long: ${inSteps} times the steps, ${read} times the characters, ${inWork} times the operations.`;
  }

  el.append(asking, racing);
  show();
  const traits = ["clock", "guess", "axis", "powers"].map((trait) => `change:${trait}`);
  traits.forEach((trait) => model.on(trait, show));
  return () => {
    cancelAnimationFrame(frame);
    traits.forEach((trait) => model.off(trait, show));
  };
}

function whole(number) {
  return Math.floor(number).toLocaleString("en-US");
}

function lossText(lane, passed) {
  if (!passed) return "not scored yet";
  const nats = lane.nats[passed - 1];
  return `${nats.toFixed(3)} nats (${(nats / Math.LN2).toFixed(2)} bits) per character`;
}

/** One lane's numbers and what its model wrote last. */
function card(lane, i, prompt) {
  const loss = h("p", { class: "race-loss", "data-role": `loss-${i}` });
  const work = h("p", { class: "w-muted", "data-role": `work-${i}` });
  const text = h("div", { class: "race-text", tabindex: 0, role: "group", "aria-label": `What ${lane.name} writes`, "data-role": `text-${i}` });
  const flag = h("span", { class: "race-flag" });
  const element = h("div", { class: "race-card" }, h("p", { class: "race-name" }, laneSign(i), ` ${lane.name} `, flag), h("p", { class: "w-muted" }, `${whole(lane.parameters)} parameters`), loss, work, text);
  function update(clock, passed, reached) {
    flag.textContent = reached ? "at the target" : "";
    loss.textContent = lossText(lane, passed);
    loss.dataset.nats = passed ? lane.nats[passed - 1] : "";
    const [steps, characters, operations] = ["steps", "characters", "operations"].map((measure) => doneAt(lane, measure, clock));
    work.textContent = `${whole(steps)} of ${whole(lane.steps.at(-1))} steps, ${whole(characters)} characters read, ${shortNumber(operations)} operations`;
    const written = passed ? lane.texts[passed - 1] : "";
    if (text.dataset.shown === String(passed)) return;
    text.dataset.shown = passed;
    text.replaceChildren(h("span", { class: "w-muted" }, prompt), written || "…");
  }
  return { element, update };
}

export default { render };
