import { announce, freshId, h, slider, svg } from "./dom.js";
import { betDistribution, characterName, chartPoints, runningAverages, surpriseBits } from "./guessing.js";

const CHART = { width: 300, height: 110, top: 8 };
const PLAYERS = [
  ["you", "You", "lm-you"],
  ["ngram", "The n-gram", "lm-ngram"],
  ["unigram", "Letter frequencies alone", "lm-unigram"],
];

/** Bits with two digits, or a dash where there are none yet. */
function bitsText(value) {
  return value === undefined ? "–" : value.toFixed(2);
}

/** The chart of the running averages, one line a player. */
function drawChart(averages, steps) {
  const { width, height, top } = CHART;
  const last = averages.map(([, name, , values]) => `${name} ${bitsText(values.at(-1))}`);
  const label = `Bits per character so far, out of ${steps} characters: ${last.join(", ")}.`;
  const rules = [0, 2, 4, 6, 8].map((bits) => {
    const y = height - (bits / top) * height;
    return [
      svg("line", { x1: 0, x2: width, y1: y, y2: y, class: "lm-rule" }),
      svg("text", { x: -4, y: y + 4, "text-anchor": "end", class: "lm-tick" }, bits),
    ];
  });
  const lines = averages.map(([, , style, values]) =>
    svg("polyline", { points: chartPoints(values, { ...CHART, steps }), class: `lm-line ${style}` }),
  );
  return svg("svg", { viewBox: `-18 -8 ${width + 26} ${height + 16}`, role: "img", "aria-label": label, class: "lm-chart" }, ...rules, ...lines);
}

/** What the n-gram expected, as rows of a table. */
function expectationRows(top, truth) {
  return top.map(([character, probability]) =>
    h(
      "tr",
      {},
      h("td", {}, characterName(character) + (character === truth ? " ← it came" : "")),
      h("td", {}, `${(100 * probability).toFixed(1)} %`),
    ),
  );
}

export default {
  render({ model, el }) {
    el.classList.add("unrolled", "lm-game");
    const alphabet = model.get("alphabet");
    const unigram = model.get("unigram");
    const stretches = model.get("stretches");
    let stretch;
    let guesses; // one entry a character done: { right, bits: { you, ngram, unigram } }
    let confidence = 0.6;

    const selectId = freshId("lm-stretch");
    const guessId = freshId("lm-guess");
    const select = h(
      "select",
      { id: selectId, "data-role": "stretch", onchange: () => begin(Number(select.value)) },
      ...stretches.map((s, i) => h("option", { value: i }, s.title)),
    );
    const text = h("div", { class: "lm-text", "data-role": "text", tabindex: 0, role: "group", "aria-label": "The passage so far" });
    const sure = slider("How sure are you?", { min: 0, max: 99, step: 1, value: 60, format: (x) => `${x} %` }, (x) => (confidence = x / 100));
    sure.input.setAttribute("data-role", "confidence");
    const input = h("input", {
      id: guessId, type: "text", maxlength: 2, size: 3, autocomplete: "off", autocapitalize: "off",
      autocorrect: "off", spellcheck: "false", enterkeyhint: "enter", "data-role": "guess",
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        play("\n");
      },
      oninput: (event) => {
        if (event.isComposing && input.value.length === 0) return;
        const typed = Array.from(input.value).at(-1);
        input.value = "";
        if (typed !== undefined) play(typed);
      },
    });
    const button = (role, label, action) => h("button", { type: "button", "data-role": role, onclick: action }, label);
    const keys = [
      button("space", "Space", () => play(" ")),
      button("newline", "Line break", () => play("\n")),
      button("pass", "No idea", () => play(null)),
    ];
    const verdict = h("p", { "data-role": "verdict", class: "lm-verdict" });
    const expected = h("tbody", { "data-role": "expected" });
    const show = h("details", {}, h("summary", {}, "Show me what the n-gram expected"),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Character"), h("th", { scope: "col" }, "Probability"))), expected));
    const cells = Object.fromEntries(PLAYERS.map(([key]) => [key, h("td", { "data-role": `bits-${key}` })]));
    const scores = h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Who"), h("th", { scope: "col" }, "Bits per character"))),
      h("tbody", {}, ...PLAYERS.map(([key, name, style]) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: `lm-key ${style}` }), name), cells[key]))));
    const chart = h("div", { "data-role": "chart" });

    function begin(index) {
      stretch = stretches[index];
      guesses = [];
      verdict.textContent = `Guess the ${stretch.target.length} characters that come next, one at a time.`;
      update();
    }

    function play(typed) {
      if (guesses.length >= stretch.target.length) return;
      const guess = typed === null ? -1 : alphabet.indexOf(typed);
      if (typed !== null && guess < 0) {
        say(`${typed} is not among the characters of the plays. Guess another one.`);
        return;
      }
      const at = guesses.length;
      const truth = stretch.target[at];
      const place = alphabet.indexOf(truth);
      const given = betDistribution(unigram, guess, confidence)[place];
      const bits = { you: surpriseBits(given), ngram: stretch.bits[at], unigram: surpriseBits(unigram[place]) };
      guesses.push({ right: guess === place, bits });
      const opening = typed === null ? "No guess." : guess === place ? "Right." : `Not ${characterName(typed)}.`;
      const ending = guesses.length === stretch.target.length ? " That was the last one." : "";
      say(`${opening} It was ${characterName(truth)}: you gave it ${(100 * given).toFixed(1)} %, which costs ${bits.you.toFixed(2)} bits; the n-gram paid ${bits.ngram.toFixed(2)}.${ending}`);
      update();
    }

    function say(sentence) {
      verdict.textContent = sentence;
      announce(el, sentence);
    }

    function update() {
      const done = guesses.length;
      const over = done === stretch.target.length;
      const marks = guesses.map(({ right }, i) => {
        const character = stretch.target[i];
        const visible = character === "\n" ? "⏎\n" : character;
        return h("span", { class: right ? "lm-right" : "lm-wrong" }, visible);
      });
      text.replaceChildren(stretch.context, ...marks, h("span", { class: "lm-next", "aria-hidden": "true" }, over ? "" : "▯"));
      text.scrollTop = text.scrollHeight;
      const averages = PLAYERS.map(([key, name, style]) => [key, name, style, runningAverages(guesses.map((g) => g.bits[key]))]);
      for (const [key, , , values] of averages) cells[key].textContent = bitsText(values.at(-1));
      chart.replaceChildren(drawChart(averages, stretch.target.length));
      expected.replaceChildren(...(done ? expectationRows(stretch.top[done - 1], stretch.target[done - 1]) : []));
      show.hidden = done === 0;
      for (const control of [input, ...keys]) control.disabled = over;
    }

    el.append(
      h("div", { class: "w-row" }, h("label", { for: selectId }, "Passage"), select, button("restart", "Start again", () => begin(Number(select.value)))),
      text,
      sure,
      h("div", { class: "w-row" }, h("label", { for: guessId }, "Next character"), input, ...keys),
      h("p", { class: "w-muted" }, "Your bet: that much of your belief on the character you type, the rest spread over all characters as often as they occur in the plays. Set the slider first; typing plays. Capitals count."),
      verdict,
      show,
      scores,
      h("p", { class: "w-muted" }, "Bits per character so far; lower is better:"),
      chart,
    );
    begin(0);
  },
};
