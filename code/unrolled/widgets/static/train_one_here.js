import { announce, freshId, h, slider } from "./dom.js";
import { arrivingNorms } from "./bptt.js";
import { chartKey, chartSummary, lineChart } from "./line_chart.js";
import { shortNumber } from "./magnitudes.js";
import { bar } from "./ranking.js";
import { bestLoss, encodeSentences, newTraining, openStep, trainingStep, writeSentence } from "./toy_language.js";
import { subscripts } from "./subscripts.js";
import { seededRandom } from "./random.js";

const WORK = 12; // milliseconds of training in a frame; the rest is the page's
const REDRAW = 150; // milliseconds between two drawings
const RECORD = 5; // steps averaged into one point of the curves
const SAMPLES = 6;

function render({ model, el }) {
  el.classList.add("unrolled", "w-training");
  const [units, joint, steps] = ["units", "joint", "steps"].map((trait) => model.get(trait));
  const texts = model.get("sentences").map((sentence) => sentence.join(joint));
  const language = encodeSentences(model.get("sentences"), units);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const longest = Math.max(...language.map(({ targets }) => targets.length));
  let training, random, records, step, goal, frame;

  const numbers = h("p", { class: "training-numbers", "data-role": "numbers" });
  const toggle = h("button", { type: "button", class: "w-primary", "data-role": "toggle", onclick: () => (frame ? pause() : start()) });
  const resetButton = h("button", { type: "button", "data-role": "reset", onclick: reset }, "Reset");
  const windowRow = slider("Cut the tape behind every", { min: 1, max: longest, step: 1, value: model.get("window"), format: (k) => (k === 1 ? "1 step" : `${k} steps`) }, (k) => set("window", k));
  const rate = slider("Learning rate", { min: -4, max: Math.log10(0.3), step: "any", value: Math.log10(model.get("learning_rate")), format: (power) => shortNumber(10 ** power) }, (power) => set("learning_rate", Number((10 ** power).toPrecision(3))));
  windowRow.input.setAttribute("data-role", "window");
  rate.input.setAttribute("data-role", "learning-rate");
  const curves = h("div", { "data-role": "curves" });
  const sample = h("ul", { class: "training-sample", "data-role": "sample" });
  const share = h("p", { "data-role": "share" });
  const arrivals = h("tbody", { "data-role": "arrivals" });
  const watched = watchedStep(language, units, () => show());

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
    show();
  }

  function reset() {
    pause();
    training = newTraining(language, { vocabSize: units.length, hidden: model.get("hidden"), seed: model.get("seed") });
    random = seededRandom(model.get("seed") + 1); // what is written must not change what is learned
    records = { x: [], loss: [], gradientNorm: [], open: [] };
    [step, goal] = [0, steps];
    show();
    announce(el, "A fresh network, untrained.");
  }

  function start() {
    if (step >= goal) goal += steps;
    let drawn = performance.now();
    const turn = (now) => {
      work();
      if (step >= goal || !Number.isFinite(training.last.loss)) return pause();
      if (now - drawn > (calm ? 10 : 1) * REDRAW) {
        drawn = now;
        show();
      }
      frame = requestAnimationFrame(turn);
    };
    frame = requestAnimationFrame(turn);
    name();
    announce(el, "Training.");
  }

  function pause() {
    cancelAnimationFrame(frame);
    const ran = frame !== undefined;
    frame = undefined;
    if (!ran) return;
    show();
    announce(el, `${numbers.textContent} ${share.textContent}`);
  }

  /** A slice of the training, so short that the page stays awake. */
  function work() {
    const until = performance.now() + WORK;
    const options = { batchSize: model.get("batch_size"), clipNorm: model.get("clip_norm"), window: model.get("window"), learningRate: model.get("learning_rate") };
    do {
      training.last = trainingStep(training, options);
      step += 1;
      records.open.push(training.last);
      if (step === 1 || step % RECORD === 0) keep();
    } while (step < goal && Number.isFinite(training.last.loss) && performance.now() < until);
  }

  function keep() {
    records.x.push(step);
    for (const key of ["loss", "gradientNorm"]) {
      const mean = records.open.reduce((sum, record) => sum + record[key], 0) / records.open.length;
      records[key].push(Number.isFinite(mean) ? mean : null);
    }
    records.open = [];
  }

  function name() {
    toggle.textContent = frame ? "Pause" : step === 0 ? "Start" : step >= goal ? `Train ${steps} steps more` : "Go on";
    toggle.dataset.state = frame ? "running" : step >= goal ? "done" : step ? "paused" : "new";
  }

  function show() {
    windowRow.set(model.get("window"));
    rate.set(Math.log10(model.get("learning_rate")));
    name();
    numbers.textContent = numbersText(step, training.last);
    numbers.dataset.step = step;
    numbers.dataset.loss = training.last?.loss ?? "";
    curves.replaceChildren(...drawnCurves(records, bestLoss(language)));
    const written = Array.from({ length: SAMPLES }, () => writeSentence(training.network, longest + 2, random).map((token) => units[token]).join(joint));
    const valid = written.filter((sentence) => texts.includes(sentence)).length;
    sample.replaceChildren(...written.map((sentence) => sampleLine(sentence, texts.includes(sentence))));
    share.textContent = `${valid} of ${SAMPLES} sentences written are in the language.`;
    const at = watched.value();
    arrivals.replaceChildren(...arrivalRows(arrivingNorms(training.network, language[0], at, model.get("window")), units, language[0]));
  }

  el.append(
    h("details", {}, h("summary", {}, `The language: ${texts.length} sentences, all equally likely`), h("ul", { class: "training-sample" }, ...texts.map((text) => h("li", {}, text)))),
    h("div", { class: "w-row" }, toggle, resetButton), windowRow, rate, numbers, curves,
    h("p", { class: "training-title" }, "What the network writes"), share, sample,
    h("p", { class: "training-title" }, "What one loss says to each memory"), watched.element,
    h("table", {}, h("thead", {}, h("tr", {}, ...["k", "reads", "size of dL_t/dh_k"].map((title) => h("th", { scope: "col" }, ...subscripts(title))), h("td", {}))), arrivals),
  );
  reset();
  const traits = ["change:window", "change:learning_rate"];
  traits.forEach((trait) => model.on(trait, show));
  return () => {
    cancelAnimationFrame(frame);
    traits.forEach((trait) => model.off(trait, show));
  };
}

/** Which loss of the first sentence is followed back: at first one that needs a memory. */
function watchedStep(language, units, onChange) {
  const id = freshId("watched");
  const { targets } = language[0];
  const options = targets.map((token, i) => h("option", { value: i + 1 }, `t = ${i + 1}: ${units[token]}`));
  const select = h("select", { id, "data-role": "watched", onchange: onChange }, ...options);
  select.value = String(openStep(language));
  const words = targets.slice(0, -1).map((token) => units[token]).join(" ");
  return { element: h("div", { class: "w-row" }, h("label", { for: id }, `In “${words}”, the loss of`), select), value: () => Number(select.value) };
}

function numbersText(step, last) {
  if (!last) return "Step 0: an untrained network.";
  if (!Number.isFinite(last.loss)) return `Step ${step}: the loss is no number any more. Reset, and take a lower learning rate.`;
  return `Step ${step}: loss ${last.loss.toFixed(3)} nats per token, gradient norm ${shortNumber(last.gradientNorm)}.`;
}

function drawnCurves({ x, loss, gradientNorm }, best) {
  if (x.length < 2) return [h("p", { class: "w-muted" }, "The curves begin with the training.")];
  const losses = [{ label: "loss", x, y: loss }, { label: "the lowest loss there is", x, y: x.map(() => best) }];
  const norms = [{ label: "gradient norm", x, y: gradientNorm }];
  return [
    lineChart(losses, { xLabel: "step", yLabel: "nats per token", label: `Loss. ${chartSummary(losses)}` }),
    chartKey(losses),
    lineChart(norms, { xLabel: "step", yLabel: "gradient norm", powers: true, label: `Gradient norm, on a scale of powers of ten. ${chartSummary(norms)}` }),
  ];
}

function sampleLine(sentence, valid) {
  return h("li", { "data-valid": String(valid) }, h("span", { class: valid ? "training-good" : "training-bad" }, valid ? "✓ " : "✗ "), sentence || "(nothing)", valid ? null : h("span", { class: "w-unseen" }, " (not in the language)"));
}

function arrivalRows(norms, units, { inputs }) {
  const top = Math.max(...norms);
  return norms.map((size, i) => h("tr", {}, h("th", { scope: "row" }, i + 1), h("td", {}, units[inputs[i]]), h("td", { "data-arrives": size }, size === 0 ? "0 (cut)" : shortNumber(size)), h("td", { class: "training-bar" }, bar(top ? size / top : 0))));
}

export default { render };
