// Mounts the page's interactives without a kernel: reads the state that the press
// left in the page and runs each anywidget module (its AFM interface) on it.

/** One widget's state, with the part of Backbone's model that anywidgets use. */
class Model {
  constructor(state, siblings) {
    this.state = state;
    this.listeners = new Map();
    this.widget_manager = { get_model: async (id) => siblings.get(id.replace("IPY_MODEL_", "")) };
  }
  get(name) {
    return this.state[name];
  }
  set(name, value) {
    const changes = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.keys(changes).filter((key) => this.state[key] !== changes[key]);
    Object.assign(this.state, changes);
    for (const key of changed) this.fire(`change:${key}`, this.state[key]);
    if (changed.length) this.fire("change");
  }
  fire(event, value) {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(this, value);
  }
  on(events, callback) {
    for (const event of events.split(" ")) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(callback);
    }
  }
  off(events, callback) {
    if (!events) this.listeners.clear();
    else for (const event of events.split(" ")) callback ? this.listeners.get(event)?.delete(callback) : this.listeners.delete(event);
  }
  save_changes() {}
  send() {}
}

const fetched = new Map(); // a file that several interactives need is fetched once

function bytesAt(url) {
  if (!fetched.has(url)) {
    const bytes = fetch(url).then((answer) => {
      if (!answer.ok) throw new Error(`${url.split("/").pop()} could not be fetched (${answer.status})`);
      return answer.arrayBuffer();
    });
    bytes.catch(() => fetched.delete(url)); // to be tried again
    fetched.set(url, bytes);
  }
  return fetched.get(url);
}

async function fill(state, { path, url, data }) {
  const bytes = url ? await bytesAt(url) : Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer;
  const last = path[path.length - 1];
  let place = state;
  for (const step of path.slice(0, -1)) place = place[step];
  place[last] = new DataView(bytes);
}

async function stylesheet(href) {
  if (document.querySelector(`link[href="${CSS.escape(href)}"]`)) return;
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  await new Promise((done) => {
    link.onload = link.onerror = done;
    document.head.append(link);
  });
}

const { models: descriptions, links } = JSON.parse(document.querySelector("script[data-interactives]").textContent);
const models = new Map(Object.entries(descriptions).map(([id, { state }]) => [id, null]));
for (const [id, { state }] of Object.entries(descriptions)) models.set(id, new Model(state, models));

for (const { kind, source, target } of links) {
  const [from, to] = [source, target].map(([id, name]) => [models.get(id.replace("IPY_MODEL_", "")), name]);
  from[0].on(`change:${from[1]}`, (_, value) => to[0].set(to[1], value));
  if (kind === "both") to[0].on(`change:${to[1]}`, (_, value) => from[0].set(from[1], value));
}

const prepared = new Map();

/** Fetch a model's module, style and buffers, once however often it is shown. */
function prepare(id) {
  if (!prepared.has(id)) {
    const { module, style, buffers } = descriptions[id];
    const address = (url) => new URL(url, document.baseURI).href;
    prepared.set(id, (async () => {
      const [code] = await Promise.all([
        import(address(module)),
        style ? stylesheet(style) : null,
        ...buffers.map((buffer) => fill(models.get(id).state, buffer)),
      ]);
      const widget = typeof code.default === "function" ? await code.default() : code.default;
      await widget.initialize?.({ model: models.get(id), signal: new AbortController().signal });
      return widget;
    })());
    prepared.get(id).catch(() => prepared.delete(id));
  }
  return prepared.get(id);
}

async function mount(figure) {
  const status = figure.querySelector(".interactive-status");
  const stage = figure.querySelector(".interactive-stage");
  const start = figure.querySelector("[data-start]");
  const still = [...stage.childNodes];
  if (start) start.disabled = true;
  status.textContent = start ? "Loading …" : "";
  const el = document.createElement("div");
  try {
    const widget = await prepare(figure.dataset.model);
    stage.replaceChildren(el);
    await widget.render({ model: models.get(figure.dataset.model), el, signal: new AbortController().signal });
    start?.remove();
    status.textContent = "";
    figure.dataset.ready = "";
    if (start) stage.querySelector("button, input, select, textarea, [tabindex]")?.focus({ preventScroll: true });
  } catch (error) {
    stage.replaceChildren(...still);
    if (start) start.disabled = false;
    status.textContent = `This interactive could not start: ${error.message}. The rest of the page works${start ? "; you can try again" : ""}.`;
    figure.dataset.failed = "";
  }
}

for (const figure of document.querySelectorAll("figure[data-model]")) {
  const start = figure.querySelector("[data-start]");
  if (start) {
    start.hidden = false;
    start.addEventListener("click", () => mount(figure));
  } else mount(figure);
}
