import { announce, freshId, h } from "./dom.js";
import { chartKey, chartSummary, chartTable, lineChart } from "./line_chart.js";

function render({ model, el }) {
  el.classList.add("unrolled", "w-detective");
  const cases = model.get("cases");
  const diagnoses = model.get("diagnoses");
  const plot = h("div", { "data-role": "plot" });
  const heading = h("p", { class: "detective-title", "data-role": "title", tabindex: "-1" });
  const verdict = h("div", { "data-role": "verdict", class: "detective-verdict" });
  const score = h("p", { "data-role": "score" });
  const group = freshId("diagnosis");
  const radios = diagnoses.map((diagnosis) => h("input", { type: "radio", name: group, value: diagnosis, "data-diagnosis": diagnosis }));
  const commit = h("button", { type: "button", class: "w-primary", "data-role": "commit", onclick: decide }, "That is my diagnosis");
  const before = h("button", { type: "button", "data-role": "previous", onclick: () => go(-1) }, "Previous case");
  const after = h("button", { type: "button", "data-role": "next", onclick: () => go(1) }, "Next case");
  const restart = h("button", { type: "button", "data-role": "restart", onclick: startAgain }, "Start again");

  function update(changes) {
    for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
    model.save_changes();
  }

  function go(by) {
    update({ current: model.get("current") + by });
    heading.focus();
  }

  function startAgain() {
    update({ answers: cases.map(() => ""), current: 0 });
    announce(el, "All diagnoses are taken back.");
    heading.focus();
  }

  function decide() {
    const chosen = radios.find((radio) => radio.checked);
    if (!chosen) {
      const missing = "First choose one of the diagnoses.";
      verdict.replaceChildren(h("p", { class: "w-error" }, missing));
      announce(el, missing);
      return radios[0].focus();
    }
    const current = model.get("current");
    update({ answers: model.get("answers").map((old, i) => (i === current ? chosen.value : old)) });
    announce(el, `${verdict.textContent} ${score.textContent}`);
    (after.disabled ? restart : after).focus({ preventScroll: true });
  }

  function show() {
    const current = model.get("current");
    const answer = model.get("answers")[current];
    const shown = cases[current];
    heading.textContent = `Case ${current + 1} of ${cases.length}: ${shown.title}`;
    plot.replaceChildren(...evidence(shown));
    radios.forEach((radio) => {
      radio.checked = radio.value === answer;
      radio.disabled = answer !== "";
    });
    commit.hidden = answer !== "";
    before.disabled = current === 0;
    after.disabled = current === cases.length - 1;
    verdict.replaceChildren(...(answer ? solution(shown, answer) : []));
    score.textContent = scoreText(model.get("answers"), cases);
  }

  el.append(
    heading, plot,
    h("fieldset", {}, h("legend", {}, "What is wrong here?"), h("div", { class: "detective-choices" }, ...radios.map((radio) => h("label", {}, radio, radio.value)))),
    h("div", { class: "w-row" }, commit), verdict, score,
    h("div", { class: "w-row" }, before, after, restart),
  );
  show();
  const traits = ["change:current", "change:answers"];
  traits.forEach((trait) => model.on(trait, show));
  return () => traits.forEach((trait) => model.off(trait, show));
}

/** The plot, its key, and its numbers as a table: nothing here says what is wrong. */
function evidence({ title, series, x_label: xLabel, y_label: yLabel, powers }) {
  const label = `${title}: ${yLabel} against ${xLabel}${powers ? ", on a scale of powers of ten" : ""}. ${chartSummary(series)}`;
  return [
    lineChart(series, { xLabel, yLabel, powers, label }),
    series.length > 1 ? chartKey(series) : null,
    h("details", {}, h("summary", {}, "The plot as a table"), h("div", { class: "chart-scroll" }, chartTable(series, xLabel))),
  ].filter(Boolean);
}

function solution({ diagnosis, explanation }, answer) {
  const right = answer === diagnosis;
  const opening = right ? `Right: ${diagnosis}.` : `Not quite: you said ${answer}, it is ${diagnosis}.`;
  return [h("p", { class: right ? "detective-right" : "detective-wrong" }, opening), h("p", {}, explanation)];
}

function scoreText(answers, cases) {
  const done = answers.filter(Boolean).length;
  const right = answers.filter((answer, i) => answer === cases[i].diagnosis).length;
  return done ? `${right} of ${done} right, ${cases.length - done} to go.` : `${cases.length} cases to solve.`;
}

export default { render };
