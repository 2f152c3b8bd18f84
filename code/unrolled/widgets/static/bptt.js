// Backpropagation through time by hand, on doubles: a scalar chain and a small network. No DOM here.

/**
 * The first step whose memory the gradient of loss `step` reaches, when the tape is cut behind
 * steps window, 2 window, ... as `detach` does in a training loop.
 * @param {number} step counted from 1
 * @param {number} window at least 1
 * @returns {number} counted from 1
 */
export function firstReached(step, window) {
  return Math.floor((step - 1) / window) * window + 1;
}

/**
 * A scalar RNN without output: h_t = f(weight h_{t-1} + x_t), h_0 = 0, f the identity or tanh.
 * @param {{weight: number, inputs: number[], squash: boolean}} chain
 * @returns {{h: number[], slopes: number[]}} h[t] for t = 0..T; slopes[t] = f' at step t (slopes[0] unused)
 */
export function chainForward({ weight, inputs, squash }) {
  const h = [0];
  const slopes = [1];
  for (const x of inputs) {
    const before = weight * h[h.length - 1] + x;
    const now = squash ? Math.tanh(before) : before;
    h.push(now);
    slopes.push(squash ? 1 - now * now : 1);
  }
  return { h, slopes };
}

/**
 * dL_t/dh_k of one loss L_t = h_t, for every k from 1 to t: the product of the steps between,
 * and 0 where the tape is cut.
 * @param {{weight: number, slopes: number[]}} chain
 * @param {number} step t
 * @param {number} reached the first k that the gradient gets to
 * @returns {number[]} terms[k]; terms[0] is dL_t/dh_0
 */
export function chainTerms({ weight, slopes }, step, reached) {
  const terms = Array(step + 1).fill(0);
  terms[step] = 1;
  for (let k = step - 1; k >= (reached === 1 ? 0 : reached); k -= 1) {
    terms[k] = terms[k + 1] * slopes[k + 1] * weight;
  }
  return terms;
}

/**
 * What each step adds to dL_t/dweight: dL_t/dh_k times f'_k h_{k-1}.
 * @returns {number[]} shares[k] for k = 1..t (shares[0] is 0)
 */
export function weightShares({ h, slopes }, terms) {
  return terms.map((term, k) => (k === 0 ? 0 : term * slopes[k] * h[k - 1]));
}

/** Add numbers up. */
export function total(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/**
 * The network of `train one here`: h_t = tanh(W_x[:, x_t] + W_s h_{t-1} + b), softmax(W_y h_t + c).
 * All its numbers lie in one array, in this order: W_x (C, V), W_s (C, C), b (C), W_y (V, C), c (V),
 * where C is the number of hidden units.
 * @typedef {{vocabSize: number, hidden: number, numbers: Float64Array}} Network
 */

/** The parts of a network's array (or of its gradient's), as views. */
export function networkParts({ vocabSize: V, hidden: C }, numbers) {
  const sizes = { wx: C * V, ws: C * C, b: C, wy: V * C, c: V };
  let at = 0;
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, numbers.subarray(at, (at += size))]));
}

/**
 * Run the network over one sentence of tokens.
 * @param {Network} network
 * @param {number[]} inputs
 * @returns {{h: Float64Array[], probabilities: Float64Array[]}} h[0] = 0, h[t] (C); probabilities[t] (V), t from 1
 */
export function networkForward(network, inputs) {
  const { vocabSize: V, hidden: C, numbers } = network;
  const { wx, ws, b, wy, c } = networkParts(network, numbers);
  const h = [new Float64Array(C)];
  const probabilities = [null];
  for (const token of inputs) {
    const before = h[h.length - 1];
    const now = new Float64Array(C);
    for (let i = 0; i < C; i += 1) {
      let sum = wx[i * V + token] + b[i];
      for (let j = 0; j < C; j += 1) sum += ws[i * C + j] * before[j];
      now[i] = Math.tanh(sum);
    }
    h.push(now);
    const logits = Float64Array.from(c);
    for (let v = 0; v < V; v += 1) for (let i = 0; i < C; i += 1) logits[v] += wy[v * C + i] * now[i];
    probabilities.push(softmax(logits));
  }
  return { h, probabilities };
}

/** Softmax, with the largest logit taken off first. */
export function softmax(logits) {
  const top = logits.reduce((a, x) => Math.max(a, x), -Infinity);
  const powers = logits.map((x) => Math.exp(x - top));
  const sum = total(powers);
  return powers.map((x) => x / sum);
}

/**
 * The loss of a batch in nats per token and its gradient, by hand: each sentence forward, then
 * backward from its last step; the gradient that would pass from step k + 1 to step k is dropped
 * behind every `window` steps.
 * @param {Network} network
 * @param {{inputs: number[], targets: number[]}[]} batch
 * @param {number} window
 * @returns {{loss: number, gradient: Float64Array}} the gradient laid out as the network
 */
export function lossAndGradient(network, batch, window) {
  const gradient = new Float64Array(network.numbers.length);
  const count = total(batch.map(({ targets }) => targets.length));
  let loss = 0;
  for (const { inputs, targets } of batch) {
    const run = networkForward(network, inputs);
    targets.forEach((target, i) => (loss -= Math.log(run.probabilities[i + 1][target]) / count));
    sentenceBackward(network, run, { inputs, targets }, { window, scale: 1 / count, gradient });
  }
  return { loss, gradient };
}

/** Add one sentence's gradient, times `scale`, to `gradient`. */
function sentenceBackward(network, { h, probabilities }, { inputs, targets }, { window, scale, gradient }) {
  const { vocabSize: V, hidden: C } = network;
  const d = networkParts(network, gradient);
  const { wy } = networkParts(network, network.numbers);
  let back = new Float64Array(C); // what comes from step t + 1
  for (let t = inputs.length; t >= 1; t -= 1) {
    const dh = back;
    for (let v = 0; v < V; v += 1) {
      const error = scale * (probabilities[t][v] - (v === targets[t - 1] ? 1 : 0));
      d.c[v] += error;
      for (let i = 0; i < C; i += 1) {
        d.wy[v * C + i] += error * h[t][i];
        dh[i] += error * wy[v * C + i];
      }
    }
    const da = dh.map((x, i) => x * (1 - h[t][i] * h[t][i]));
    for (let i = 0; i < C; i += 1) {
      d.b[i] += da[i];
      d.wx[i * V + inputs[t - 1]] += da[i];
      for (let j = 0; j < C; j += 1) d.ws[i * C + j] += da[i] * h[t - 1][j];
    }
    back = (t - 1) % window === 0 ? new Float64Array(C) : throughMemory(network, da);
  }
}

/** W_s transposed times `da`: the gradient one step further back. */
function throughMemory(network, da) {
  const { hidden: C } = network;
  const { ws } = networkParts(network, network.numbers);
  const back = new Float64Array(C);
  for (let i = 0; i < C; i += 1) for (let j = 0; j < C; j += 1) back[j] += ws[i * C + j] * da[i];
  return back;
}

/**
 * How much of one loss arrives at each memory: the norms of dL_t/dh_k, exactly 0 where cut.
 * @param {Network} network
 * @param {{inputs: number[], targets: number[]}} sentence
 * @param {number} step t
 * @param {number} window
 * @returns {number[]} norms[k - 1] for k = 1..t
 */
export function arrivingNorms(network, { inputs, targets }, step, window) {
  const { vocabSize: V, hidden: C } = network;
  const { wy } = networkParts(network, network.numbers);
  const { h, probabilities } = networkForward(network, inputs.slice(0, step));
  const norms = Array(step).fill(0);
  let dh = new Float64Array(C);
  for (let v = 0; v < V; v += 1) {
    const error = probabilities[step][v] - (v === targets[step - 1] ? 1 : 0);
    for (let i = 0; i < C; i += 1) dh[i] += error * wy[v * C + i];
  }
  for (let k = step; k >= firstReached(step, window); k -= 1) {
    norms[k - 1] = norm(dh);
    dh = throughMemory(network, dh.map((x, i) => x * (1 - h[k][i] * h[k][i])));
  }
  return norms;
}

/** Length of a vector. */
export function norm(vector) {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}
