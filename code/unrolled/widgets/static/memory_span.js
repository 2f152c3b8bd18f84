import { announce, freshId, h, slider } from "./dom.js";
import { fadingWords, memoryDistance, totalVariation } from "./fading.js";
import { chartKey, lineChart } from "./line_chart.js";
import { shortNumber } from "./magnitudes.js";
import { textReader } from "./reading.js";
import { decodeRecurrent, nextProbabilities, recurrentBytes } from "./recurrence.js";
import { largest } from "./vectors.js";
import { encodeKnown, shownCharacter } from "./watching.js";

const FLOOR = 1e-8; // the charts draw less than this as this: far below it, only rounding is left
const PAUSE = 120; // milliseconds of rest before a dragged slider makes the models read

/** A share in percent that never rounds to nothing. */
function shareText(share) {
  if (share > 0 && share < 0.0001) return "< 0.01 %";
  const percent = 100 * share;
  return `${percent >= 10 ? percent.toFixed(0) : Number(percent.toPrecision(2))} %`;
}

/** The models of the page, each with a reader for the text and one for the changed text. */
function unpackModels(model) {
  const view = model.get("weights");
  let at = 0;
  return model.get("models").map(({ name, shape }) => {
    const size = recurrentBytes(shape);
    if (at + size > view.byteLength) throw new Error(`expected ${at + size} bytes of weights, got ${view.byteLength}`);
    const network = decodeRecurrent(new DataView(view.buffer, view.byteOffset + at, size), shape);
    at += size;
    return { name, network, plain: textReader(network), changed: textReader(network) };
  });
}

/** What changing one character does to one model, from that character on. */
async function compare({ name, network, plain, changed }, ids, place, replacement) {
  const swapped = ids.map((id, t) => (t === place ? replacement : id));
  const [a, b] = await Promise.all([plain.read([0, ...ids]), changed.read([0, ...swapped])]);
  if (!a || !b) return null; // the reader has moved on
  const after = a.slice(place + 1).map((state, t) => [state, b[place + 1 + t]]);
  const chances = after.map((pair) => pair.map((state) => nextProbabilities(network, state)));
  const distances = after.map(([one, other]) => memoryDistance(one, other));
  return { name, distances, chances, shifts: chances.map(([p, q]) => totalVariation(p, q)) };
}

/** A chart of one measure of all models, with a line at the character looked at. */
function fadingChart(title, key, results, cursor) {
  const series = results.map(({ name, [key]: values }) => ({ label: name, x: values.map((_, t) => t), y: values.map((value) => Math.max(value, FLOOR)) }));
  const said = results.map(({ name, [key]: values }) => `${name} from ${shortNumber(values[0])} to ${shortNumber(values.at(-1))}`).join("; ");
  const all = series.flatMap(({ y }) => y);
  const looked = [Math.min(...all), Math.max(...all)];
  while (series.length < 3) series.push({ label: "", x: [], y: [] }); // the fourth line's dashes mark the place
  series.push({ label: "", x: looked.map(() => cursor), y: looked });
  const label = `${title}, logarithmic scale, over ${results[0][key].length} characters: ${said}.`;
  return h("div", {}, h("p", { class: "w-title" }, title), lineChart(series, { xLabel: "characters after the change", yLabel: "", powers: true, label }));
}

async function render({ model, el }) {
  el.classList.add("unrolled", "w-span");
  const models = unpackModels(model);
  const alphabet = model.get("alphabet");
  const characters = Array.from(model.get("text"));
  const { ids } = encodeKnown(model.get("text"), alphabet);
  const latest = Math.min(Math.floor(characters.length / 2), characters.length - 2);
  let results = [];
  let cursor = 0;

  const place = slider("Change character", { min: 1, max: latest, step: 1, value: model.get("position") + 1, format: (n) => `${n}: ${shownCharacter(characters[n - 1])}` }, (n) => set("position", n - 1));
  place.input.setAttribute("data-role", "position");
  const selectId = freshId("becomes");
  const select = h("select", { id: selectId, "data-role": "replacement", onchange: () => set("replacement", select.value) }, ...alphabet.slice(1).map((character) => h("option", { value: character }, shownCharacter(character))));
  const text = h("div", { class: "ns-text", tabindex: 0, role: "group", "aria-label": "The text, with the changed character", "data-role": "text" });
  const verdict = h("div", { "data-role": "verdict" });
  const legend = chartKey(models.map(({ name }) => ({ label: name })));
  const charts = h("div", { class: "ns-charts" });
  const look = slider("Characters later", { min: 0, max: 1, step: 1, value: 0 }, (t) => {
    cursor = t;
    draw();
  });
  look.input.setAttribute("data-role", "later");
  const table = h("div", { class: "w-scroll", tabindex: 0, role: "region", "aria-label": "The difference at the chosen character", "data-role": "table" });

  function set(trait, value) {
    model.set(trait, value);
    model.save_changes();
  }

  let timer = 0;
  let turn = 0;
  async function update() {
    const mine = (turn += 1);
    const position = model.get("position");
    place.set(position + 1);
    select.value = model.get("replacement");
    el.setAttribute("aria-busy", "true");
    const found = [];
    for (const one of models) {
      found.push(await compare(one, ids, position, alphabet.indexOf(select.value)));
      if (mine !== turn || !found.at(-1)) return;
    }
    results = found;
    el.setAttribute("aria-busy", "false");
    look.input.max = String(characters.length - 1 - position);
    cursor = Math.min(cursor, characters.length - 1 - position);
    look.set(cursor);
    tell();
    draw();
  }

  function tell() {
    const same = results[0].distances.every((distance) => distance === 0);
    const sentences = same ? ["This is the character that stands there already: nothing changes."] : results.map(({ name, distances }) => fadingWords(name, distances));
    verdict.replaceChildren(...sentences.map((sentence) => h("p", {}, sentence)));
    announce(el, sentences.join(" "));
  }

  function draw() {
    const position = model.get("position");
    const at = position + cursor;
    const replaced = h("mark", { class: "ns-changed" }, h("del", {}, visible(characters[position])), h("ins", {}, visible(model.get("replacement"))));
    const rest = characters.slice(position + 1).map((character, t) => (position + 1 + t === at ? h("span", { class: "ns-cursor" }, visible(character)) : visible(character)));
    text.replaceChildren(characters.slice(0, position).join(""), replaced, ...rest);
    charts.replaceChildren(
      fadingChart("Length of the difference in memory", "distances", results, cursor),
      fadingChart("Change in the next-character distribution", "shifts", results, cursor),
    );
    table.replaceChildren(readingTable(results, cursor, alphabet));
  }

  el.append(
    place, h("div", { class: "w-row" }, h("label", { for: selectId }, "It becomes"), select),
    text, verdict, legend, charts, look, table,
    h("p", { class: "w-muted" }, "The memory is all that a model carries to the next character: h, and for an LSTM also its cell c. The change in the distribution is the share of probability that moved to other characters. Less than 10⁻⁸ is drawn as 10⁻⁸. ", model.get("note")),
  );
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(update, PAUSE);
  };
  const traits = ["change:position", "change:replacement"];
  traits.forEach((trait) => model.on(trait, later));
  await update();
  return () => {
    clearTimeout(timer);
    turn += 1;
    traits.forEach((trait) => model.off(trait, later));
  };
}

function visible(character) {
  return character === "\n" ? "⏎\n" : character;
}

/** The exact numbers some characters after the change. */
function readingTable(results, cursor, alphabet) {
  const head = ["Model", "Difference in memory", "of the first", "Probability moved", "Expects", "Instead of"].map((name) => h("th", { scope: "col" }, name));
  const favorite = (chances) => {
    const [best] = largest(chances, 1);
    return `${shownCharacter(alphabet[best])} ${(100 * chances[best]).toFixed(1)} %`;
  };
  const rows = results.map(({ name, distances, shifts, chances }) => h(
    "tr", { "data-model-name": name }, h("th", { scope: "row" }, name),
    h("td", { class: "w-value", "data-role": "distance", "data-value": distances[cursor] }, shortNumber(distances[cursor])),
    h("td", { class: "w-value" }, distances[0] ? shareText(distances[cursor] / distances[0]) : "–"),
    h("td", { class: "w-value", "data-role": "shift", "data-value": shifts[cursor] }, shareText(shifts[cursor])),
    h("td", {}, favorite(chances[cursor][1])), h("td", {}, favorite(chances[cursor][0])),
  ));
  return h("table", { class: "ns-table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
}

export default { render };
