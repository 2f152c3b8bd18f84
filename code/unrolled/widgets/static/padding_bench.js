import { countScored, IGNORED, labelsOf, padBatch, targetsOf } from "./batching.js";
import { decodeTokenizer, digitPieces, encodeText, tokenLabel } from "./bpe.js";
import { announce, freshId, h, slider } from "./dom.js";

const LONGEST_TEXT = 80;
const LONGEST_ROW = 24;
const SHORTEST_ROW = 2;
const KINDS = [["good", "the ids, −100 at padding"], ["padding", "the ids, padding too"], ["shifted", "moved by one by hand"]];
const SIDES = [["left", "on the left"], ["right", "on the right"]];
const ENDS = [["left", "the beginning"], ["right", "the end"]];

function render({ model, el }) {
  el.classList.add("unrolled", "w-padding");
  const tokenizer = decodeTokenizer(model.get("merges"), { ...model.get("tokenizer"), readsSpecial: true, pieces: digitPieces });
  const padId = model.get("pad_id");
  const preset = model.get("preset");

  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  const fields = model.get("texts").map((text, n) => {
    const id = freshId("sentence");
    const input = h("input", { type: "text", id, class: "pb-field", maxlength: LONGEST_TEXT, spellcheck: "false", autocomplete: "off", "data-role": `text-${n}`, oninput: () => set("texts", fields.map((field) => field.input.value)) });
    input.value = text;
    return { input, box: h("div", {}, h("label", { for: id }, `Sentence ${n + 1}`), input) };
  });
  const back = h("button", { type: "button", "data-role": "reset", onclick: () => set("texts", [...preset]) }, "The page's own sentences");
  const padding = choice("Padding", SIDES, "side", (value) => set("side", value));
  const cutting = choice("Cut off", ENDS, "cut", (value) => set("cut", value));
  const labelling = choice("Labels", KINDS, "labels", (value) => set("labels", value));
  const width = slider("At most", { min: SHORTEST_ROW, max: LONGEST_ROW, step: 1, value: model.get("length"), format: (n) => `${n} tokens a row` }, (n) => set("length", n));
  width.input.setAttribute("data-role", "length");
  const summary = h("p", { "data-role": "summary" });
  const rows = fields.map((_, n) => rowView(n, tokenizer));

  function draw() {
    const texts = model.get("texts");
    fields.forEach(({ input }, n) => {
      if (input.value !== texts[n]) input.value = texts[n];
    });
    const side = model.get("side");
    const kind = model.get("labels");
    padding.set(side);
    cutting.set(model.get("cut"));
    labelling.set(kind);
    width.set(model.get("length"));
    const all = texts.map((text) => encodeText(tokenizer, text));
    const batch = padBatch(all, { padId, side, length: model.get("length"), cut: model.get("cut") });
    const whole = batch.mask.map((mask) => mask.reduce((sum, bit) => sum + bit, 0));
    const untouched = texts.every((text, n) => text === preset[n] && whole[n] === all[n].length);
    let scored = 0;
    rows.forEach((row, n) => {
      const labels = labelsOf(batch.ids[n], batch.mask[n], kind);
      scored += countScored(labels);
      row.draw({ ids: batch.ids[n], mask: batch.mask[n], positions: batch.positions[n], labels, lost: all[n].length - whole[n], cut: model.get("cut"), kind, written: untouched ? model.get("outputs") : null, side });
    });
    const places = batch.ids.reduce((sum, ids) => sum + ids.length, 0);
    const pads = places - whole.reduce((sum, n) => sum + n, 0);
    const wrong = batch.mask.filter((mask) => mask.length && !mask.at(-1)).length;
    summary.textContent = `A table of ${texts.length} × ${batch.ids[0].length} places, ${pads} of them padding. ${scored} predictions are scored. Writing would go on from padding in ${wrong} of ${texts.length} rows.`;
    announce(el, summary.textContent);
  }

  el.append(
    ...fields.map((field) => field.box),
    h("div", { class: "w-row" }, back),
    padding.box, h("div", {}, width, cutting.box), labelling.box, summary, ...rows.map((row) => row.box),
    h("p", { class: "w-muted" }, "The framed last column is where generate goes on. · is a space. What you type stays in your browser."),
  );
  const watched = "change:texts change:side change:cut change:length change:labels";
  model.on(watched, draw);
  draw();
  return () => model.off(watched, draw);
}

/** A named group of buttons of which one is pressed. */
function choice(label, options, role, pick) {
  const buttons = options.map(([value, text]) => h("button", { type: "button", "data-role": `${role}-${value}`, onclick: () => pick(value) }, text));
  const id = freshId("choice");
  const box = h("div", { class: "w-row", role: "group", "aria-labelledby": id }, h("span", { id }, label), ...buttons);
  return { box, set: (value) => options.forEach(([one], n) => buttons[n].setAttribute("aria-pressed", String(one === value))) };
}

/** One sentence: its row of the table, and what follows from it. */
function rowView(n, tokenizer) {
  const scroll = h("div", { class: "w-scroll", tabindex: 0, role: "region", "aria-label": `Row ${n + 1} of the table` });
  const verdict = h("p", { class: "pb-verdict", "data-role": `verdict-${n}` });
  const written = h("p", { "data-role": `written-${n}` });
  const box = h("section", { class: "pb-row", "aria-label": `Sentence ${n + 1}` }, scroll, verdict, written);
  const name = (id) => (id === IGNORED ? "–" : tokenLabel(tokenizer, id));

  function draw({ ids, mask, positions, labels, lost, cut, kind, written: outputs, side }) {
    const targets = targetsOf(labels);
    const last = ids.length - 1;
    const line = (title, values, role) =>
      h("tr", { "data-line": role }, h("th", { scope: "row" }, title), ...values.map((value, t) => h("td", { class: [mask[t] ? "" : "pb-pad", t === last ? "pb-last" : ""].join(" ").trim() || null }, value)));
    scroll.replaceChildren(h("table", { class: "pb-table" }, h("tbody", {},
      line("token", ids.map((id, t) => (mask[t] ? tokenLabel(tokenizer, id) : "pad")), "tokens"),
      line("id", ids, "ids"), line("mask", mask, "mask"), line("position", positions, "positions"), line("label", labels, "labels"),
      line("is to predict", targets.map(name), "targets"),
    )));
    verdict.textContent = `${story(ids, mask, tokenizer)}${lost ? ` ${lost} ${lost === 1 ? "token is" : "tokens are"} cut off at the ${cut === "left" ? "beginning" : "end"}.` : ""} ${scoring(countScored(labels), kind)}`;
    verdict.classList.toggle("w-error", Boolean(ids.length) && !mask[last]);
    written.replaceChildren(...(outputs ? [`The LLM wrote, padded on the ${side}: `, h("span", { class: "pb-written" }, shown(outputs[side][n])), "; alone: ", h("span", { class: "pb-written" }, shown(outputs.alone[n])), " (computed when this page was built)."] : ["What the LLM writes is known here for the page's own sentences, uncut."]));
  }
  return { box, draw };
}

function story(ids, mask, tokenizer) {
  if (!ids.length) return "The table is empty.";
  if (mask.at(-1)) return `Writing goes on from “${tokenLabel(tokenizer, ids.at(-1))}”, the last token of the sentence.`;
  return mask.includes(1) ? "Writing goes on from padding, not from the sentence." : "Nothing but padding: there is no sentence.";
}

function scoring(count, kind) {
  const scored = `${count} ${count === 1 ? "prediction is" : "predictions are"} scored`;
  if (kind === "padding") return `${scored}, padding among them.`;
  return kind === "shifted" ? `${scored}, each of the token after the next.` : `${scored}.`;
}

const shown = (text) => `“${text.replace(/\n/g, "⏎")}”`;

export default { render };
