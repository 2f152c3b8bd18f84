import { announce, freshId, h, svg } from "./dom.js";
import { answerShares, inductionTasks, runHead } from "./induction.js";

const TRAITS = ["query_vectors", "key_vectors", "key_from", "showing", "task"];
const LARGEST = 9;
const AXES = ["x", "y"];
const SOURCES = { this: "the token itself", before: "the token before it" };

function render({ model, el }) {
  el.classList.add("unrolled", "w-head");
  const tokens = model.get("tokens");
  const tasks = inductionTasks(tokens.length);
  const fields = { queries: numberFields("query_vectors", "query"), keys: numberFields("key_vectors", "key") };
  const sources = sourceChoice((source) => set({ key_from: source }));
  const plane = h("div", { class: "oh-plane" });
  const verdict = h("p", { class: "oh-verdict", "data-role": "verdict" });
  const asked = h("p", { "data-role": "asked" });
  const heat = h("div", { class: "wt-scroll", tabindex: 0, role: "group", "aria-label": "The weights of every token" });
  const output = h("ul", { class: "oh-output", "aria-label": "The output of the last token: a share for each token" });
  const showing = h("p", { class: "w-muted", "data-role": "showing" });
  const button = (role, label, act) => h("button", { type: "button", "data-role": role, onclick: act }, label);
  const turn = (by) => () => set({ task: (model.get("task") + by + tasks.length) % tasks.length });
  const found = button("found", "Show the head that training found", () => set({ showing: model.get("showing") === "found" ? "mine" : "found" }));

  function numberFields(trait, word) {
    return tokens.map((token, n) => AXES.map((axis, a) => h("input", {
      type: "number", min: -LARGEST, max: LARGEST, step: 1, inputmode: "numeric", "data-role": `${word}-${token}-${axis}`,
      "aria-label": `${axis} of the ${word} of ${token}`, oninput: (event) => type(trait, n, a, event.target),
    })));
  }

  function type(trait, n, a, input) {
    const number = Number(input.value);
    const good = input.value !== "" && Number.isFinite(number) && Math.abs(number) <= LARGEST;
    input.setAttribute("aria-invalid", String(!good));
    if (good) set({ [trait]: model.get(trait).map((pair, i) => (i === n ? pair.map((x, j) => (j === a ? number : x)) : pair)), showing: "mine" });
  }

  function set(changes) {
    model.set(changes);
    model.save_changes();
    show();
    announce(el, verdict.textContent);
  }

  function currentHead() {
    if (model.get("showing") === "found") return { queries: model.get("found_queries"), keys: model.get("found_keys"), keyFrom: "before" };
    return { queries: model.get("query_vectors"), keys: model.get("key_vectors"), keyFrom: model.get("key_from") };
  }

  function show() {
    const head = currentHead();
    const trained = model.get("showing") === "found";
    const { sequence, answer } = tasks[model.get("task")];
    for (const [kind, rows] of Object.entries(fields)) {
      rows.forEach((pair, n) => pair.forEach((input, a) => {
        const value = head[kind][n][a];
        input.readOnly = trained;
        input.step = trained ? "any" : 1;
        if (input !== document.activeElement || Number(input.value) !== value) input.value = String(value);
      }));
    }
    sources.set(head.keyFrom, trained);
    plane.replaceChildren(arrows(head));
    const { weights, output: shares } = runHead(head, sequence);
    asked.replaceChildren("Sequence ", h("strong", {}, model.get("task") + 1), ` of ${tasks.length}: `, h("span", { class: "oh-sequence", "data-role": "sequence" }, sequence.map((n) => tokens[n]).join(" ")), `. After the first ${tokens[sequence.at(-1)]} came `, h("strong", { "data-role": "answer" }, tokens[answer]), ".");
    heat.replaceChildren(heatTable(sequence, weights));
    output.replaceChildren(...shares.map((share, n) => h(
      "li", { "data-token": tokens[n], "data-share": share }, h("span", {}, tokens[n] + (n === answer ? " ← wanted" : "")), meter(share), h("span", {}, share.toFixed(3)),
    )));
    judge(head, trained);
  }

  function judge(head, trained) {
    const right = answerShares(head, tasks);
    const solved = right.filter((share) => share > 0.5).length;
    const worst = right.indexOf(Math.min(...right));
    const whose = trained ? "The head that training found" : "Your head";
    verdict.dataset.solved = String(solved === tasks.length);
    verdict.dataset.count = solved;
    verdict.textContent = solved === tasks.length
      ? `✓ ${whose} solves all ${tasks.length} sequences. The least it ever gives to the wanted token is ${right[worst].toFixed(3)}.`
      : `${whose} solves ${solved} of ${tasks.length} sequences (the wanted token must get more than half). Worst: ${tasks[worst].sequence.map((n) => tokens[n]).join(" ")}, where ${tokens[tasks[worst].answer]} gets ${right[worst].toFixed(3)}.`;
    found.textContent = trained ? "Back to my head" : "Show the head that training found";
    found.setAttribute("aria-pressed", String(trained));
    showing.textContent = trained ? "You see learned numbers. Nobody told it to use opposite directions: look where the arrows point." : "";
  }

  function heatTable(sequence, weights) {
    const names = sequence.map((n) => tokens[n]);
    const line = (row, i) => h(
      "tr", { class: i === names.length - 1 ? "wt-asking" : null }, h("th", { scope: "row" }, names[i]),
      ...row.map((weight, j) => shareCell(weight, i, j)),
    );
    return h(
      "table", { class: "wt-table", "aria-label": "The weights of every token" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "looks at →"), ...names.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...weights.map(line)),
    );
  }

  function shareCell(weight, i, j) {
    const cell = h("td", { class: `wt-share${j > i ? " wt-ahead" : ""}`, "data-weight": `${i} ${j}` }, j > i ? "✕" : weight.toFixed(2));
    cell.style.setProperty("--share", weight);
    return cell;
  }

  function meter(share) {
    const fill = h("span", {});
    fill.style.width = `${100 * share}%`;
    return h("span", { class: "oh-bar", "aria-hidden": "true" }, fill);
  }

  /** Queries and keys as arrows from the origin. */
  function arrows({ queries, keys }) {
    const reach = Math.max(2, ...[...queries, ...keys].flat().map(Math.abs)) * 1.25;
    const place = ([x, y]) => [130 + (x / reach) * 125, 130 - (y / reach) * 125];
    const parts = [svg("line", { x1: 5, x2: 255, y1: 130, y2: 130, class: "oh-axis" }), svg("line", { x1: 130, x2: 130, y1: 5, y2: 255, class: "oh-axis" })];
    const labels = [];
    [["query", queries, 1], ["key", keys, -1]].forEach(([kind, vectors, side]) => vectors.forEach((vector, n) => {
      const [x, y] = place(vector);
      const length = Math.hypot(...vector);
      const [right, up] = length ? vector.map((part) => part / length) : [0, 1];
      const label = [x + 12 * right + side * 10 * up, y - 12 * up + side * 10 * right + 5]; // beyond the tip, query and key on either side
      parts.push(svg("line", { x1: 130, y1: 130, x2: x, y2: y, class: `oh-${kind}` }), svg("circle", { cx: x, cy: y, r: 3.5, class: `oh-${kind} oh-tip` }));
      labels.push(svg("text", { x: label[0], y: label[1], class: `oh-${kind}-name` }, `${kind[0]}${tokens[n]}`));
    }));
    const told = (name, vectors) => `${name}: ${vectors.map((pair, n) => `${tokens[n]} (${pair.join(", ")})`).join(", ")}.`;
    return svg("svg", { viewBox: "0 0 260 260", role: "img", "aria-label": `Arrows in a plane. ${told("Queries", queries)} ${told("Keys", keys)}` }, ...parts, ...labels);
  }

  const column = (title) => h("th", { scope: "colgroup", colspan: 2 }, title);
  el.append(
    h("p", {}, "Each sequence ends with a token that stood there before. Wanted: the token that ", h("em", {}, "followed"), " it the first time. The last token's query meets all keys; the output is the weighted sum of the values, a share for each token."),
    sources.element,
    h("div", { class: "oh-columns" },
      h("table", { class: "oh-numbers", "aria-label": "Queries and keys" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "token"), column("query q (x, y)"), column("key k (x, y)"))),
        h("tbody", {}, ...tokens.map((token, n) => h("tr", {}, h("th", { scope: "row" }, token), ...[...fields.queries[n], ...fields.keys[n]].map((input) => h("td", {}, input)))))),
      plane),
    h("p", { class: "w-muted" }, "Queries q: solid arrows. Keys k: dashed arrows."),
    verdict,
    h("div", { class: "w-row" }, button("previous", "← Previous", turn(-1)), button("next", "Next sequence →", turn(1)), found), showing,
    asked, h("p", { class: "w-muted" }, "Each row is one token that looks back. The last row gives the answer."), heat, output,
  );
  show();
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  return () => TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
}

/** What a key is made from. */
function sourceChoice(onChange) {
  const group = freshId("source");
  const inputs = Object.keys(SOURCES).map((value) => h("input", { type: "radio", name: group, value, "data-role": `key-from-${value}`, onchange: () => onChange(value) }));
  const element = h("fieldset", {}, h("legend", {}, "The key of a place comes from"), ...inputs.map((input) => h("label", { class: "oh-choice" }, input, SOURCES[input.value])));
  return {
    element,
    set(source, fixed) {
      inputs.forEach((input) => {
        input.checked = input.value === source;
        input.disabled = fixed;
      });
    },
  };
}

export default { render };
