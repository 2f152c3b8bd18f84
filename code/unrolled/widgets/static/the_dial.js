import { announce, freshId, h, slider } from "./dom.js";
import { copiedPieces, copiedShare, longestCopy, lowestAt } from "./copying.js";
import { dialFace } from "./dial_face.js";
import { chartKey, chartSummary, chartTable, lineChart } from "./line_chart.js";

const TRAITS = ["run", "place", "guesses", "marked_from"];
const LONGEST_MARK = 60;

function render({ model, el }) {
  el.classList.add("unrolled", "w-dial");
  const runs = model.get("runs");
  const steps = Math.max(...runs.map((run) => run.checkpoints.length)) - 1;
  const choice = runChoice(runs, (run) => set({ run, place: 0 }));
  const about = h("p", { class: "w-muted", "data-role": "about" });
  const face = h("div", { class: "dial-face", "aria-hidden": "true" });
  const dial = slider("Turn the dial", { min: 0, max: steps, step: 1, value: 0, format: (place) => stepName(checkpoints(), place) }, (place) => set({ place }));
  dial.input.setAttribute("data-role", "dial");
  const facts = h("dl", { class: "dial-facts", "data-role": "facts" });
  const sample = h("blockquote", { class: "dial-text", "data-role": "sample" });
  const marks = slider("Mark copied stretches from", { min: 8, max: LONGEST_MARK, step: 1, value: model.get("marked_from"), format: (n) => `${n} characters on` }, (n) => set({ marked_from: n }));
  marks.input.setAttribute("data-role", "marked-from");
  const share = h("p", { "data-role": "share" });
  const nearest = h("blockquote", { class: "dial-text", "data-role": "nearest" });
  const nearestTitle = h("p", { class: "dial-title", "data-role": "nearest-title" });
  const commit = h("button", { type: "button", class: "w-primary", "data-role": "commit", onclick: decide }, "Here held-out text surprises it least");
  const predict = h("p", {}, "Predict: at which checkpoint is a play that it never trained on least surprising to it? Turn the dial there, judging by what it writes, and commit. Then the curve appears.");
  const verdict = h("div", { "data-role": "verdict", tabindex: "-1" });
  const curve = h("div", { "data-role": "curve" });

  function checkpoints() {
    return runs[model.get("run")].checkpoints;
  }

  function set(changes) {
    for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
    model.save_changes();
    announce(el, said(model, checkpoints()));
  }

  function decide() {
    const { run, place, guesses } = state();
    set({ guesses: guesses.map((old, i) => (i === run ? place : old)) });
    announce(el, verdict.textContent);
    verdict.focus({ preventScroll: true });
  }

  function state() {
    return Object.fromEntries(TRAITS.map((trait) => [trait, model.get(trait)]));
  }

  function show() {
    const { run, place, guesses, marked_from: from } = state();
    const all = checkpoints();
    const now = all[place];
    const guess = guesses[run];
    choice.set(run);
    about.textContent = runs[run].about;
    dial.input.max = all.length - 1;
    dial.set(place);
    face.replaceChildren(dialFace(all.map(({ step }) => step), place, (chosen) => set({ place: chosen })));
    facts.replaceChildren(...factList(now, guess >= 0, model.get("by_chance"), model.get("by_chance_of")));
    sample.replaceChildren(h("span", { class: "w-muted" }, model.get("prompt")), ...copiedPieces(now.sample, now.lengths, from).map(piece));
    marks.set(from);
    share.textContent = `${percent(copiedShare(now.sample, now.lengths, from))} of what it wrote lies in marked stretches.`;
    nearestTitle.textContent = `The nearest lines in the training plays share ${longestCopy(now.lengths)} characters in a row:`;
    nearest.replaceChildren(now.nearest.before, h("mark", {}, now.nearest.copied), now.nearest.after);
    commit.hidden = predict.hidden = guess >= 0;
    verdict.replaceChildren(...verdictParts(all, guess));
    curve.replaceChildren(...(guess >= 0 ? curveParts(runs[run].name, all, place, guess) : []));
  }

  el.append(
    choice.element, about, face, dial,
    h("p", { class: "dial-title" }, "What the model writes at this point"), sample, marks, share,
    nearestTitle, nearest, facts,
    predict,
    h("div", { class: "w-row" }, commit), verdict, curve,
  );
  show();
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  return () => TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
}

/** Which run the dial turns through; nothing to choose where there is one only. */
function runChoice(runs, onChange) {
  const group = freshId("dial-run");
  const inputs = runs.map((_, i) => h("input", { type: "radio", name: group, value: i, "data-role": `run-${i}`, onchange: () => onChange(i) }));
  const labels = inputs.map((input, i) => h("label", {}, input, runs[i].name));
  const element = h("fieldset", { hidden: runs.length < 2 }, h("legend", {}, "Trained on"), h("div", { class: "dial-runs" }, ...labels));
  return { element, set: (run) => inputs.forEach((input, i) => (input.checked = i === run)) };
}

function stepName(checkpoints, place) {
  const { step } = checkpoints[Math.min(place, checkpoints.length - 1)];
  return step === 0 ? "step 0: not trained yet" : `step ${step}`;
}

function piece({ text, copied }) {
  return copied ? h("mark", {}, text) : text;
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

function factList(now, revealed, byChance, byChanceOf) {
  const hidden = "after your guess";
  const rows = [
    ["held-out play, bits per character", revealed ? now.held_out.toFixed(3) : hidden, "held-out"],
    ["its own training text, bits per character", revealed ? now.own.toFixed(3) : hidden, "own"],
    ["longest copied stretch", `${longestCopy(now.lengths)} characters`, "longest"],
    [byChanceOf, `${byChance} characters`, "by-chance"],
  ];
  return rows.map(([name, value, role]) => h("div", {}, h("dt", {}, name), h("dd", { "data-role": role }, value)));
}

function verdictParts(checkpoints, guess) {
  if (guess < 0) return [];
  const held = checkpoints.map((checkpoint) => checkpoint.held_out);
  const best = lowestAt(held);
  const where = `held-out text is least surprising at step ${checkpoints[best].step} (${held[best].toFixed(3)} bits per character)`;
  const last = held.length - 1;
  const after = best === last ? "It was still falling when the run ended." : `At the end it is at ${held[last].toFixed(3)}, ${held[last] > held[0] ? "above" : "below"} where it began (${held[0].toFixed(3)}).`;
  const text = guess === best ? `Right: ${where}. ${after}` : `You said step ${checkpoints[guess].step} (${held[guess].toFixed(3)}); ${where}. ${after}`;
  return [h("p", { class: guess === best ? "dial-right" : "dial-off" }, text)];
}

/** The two curves, with lines where the dial stands and where the guess was; and their numbers as a table. */
function curveParts(name, checkpoints, place, guess) {
  const x = checkpoints.map(({ step }) => step);
  const series = [
    { label: "held-out play", x, y: checkpoints.map((checkpoint) => checkpoint.held_out) },
    { label: "its own training text", x, y: checkpoints.map((checkpoint) => checkpoint.own) },
  ];
  const top = Math.max(...series.flatMap(({ y }) => y));
  const upright = (label, at) => ({ label, x: [x[at], x[at]], y: [0, top] });
  const lines = [...series, upright("the dial", place), upright("your guess", guess)];
  const label = `${name}: bits per character against steps. ${chartSummary(series)} The dial is at step ${x[place]}, your guess at step ${x[guess]}.`;
  return [
    h("p", { class: "w-title" }, "Bits per character"), // beside the chart it would lie on the numbers
    lineChart(lines, { xLabel: "steps", yLabel: "", label }),
    chartKey(lines),
    h("details", {}, h("summary", {}, "The curves as a table"), h("div", { class: "chart-scroll", tabindex: "0", role: "group", "aria-label": "The curves as a table" }, chartTable(series, "steps"))),
  ];
}

/** What a screen reader hears when the dial is turned. */
function said(model, checkpoints) {
  const { step, sample, lengths } = checkpoints[model.get("place")];
  return `Step ${step}, longest copied stretch ${longestCopy(lengths)} characters. ${sample}`;
}

export default { render };
