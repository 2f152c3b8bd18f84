import { lossAndGradient, networkForward, norm } from "./bptt.js";
import { seededRandom } from "./random.js";

// A toy language and the training of a network on it: seeded, so that every run is the same run.

/**
 * Sentences as tokens. Token 0 is the boundary: the first input and the last target.
 * @param {string[][]} sentences the units (words or characters) of each
 * @param {string[]} units the vocabulary, units[0] the boundary
 * @returns {{inputs: number[], targets: number[]}[]}
 */
export function encodeSentences(sentences, units) {
  const places = new Map(units.map((unit, i) => [unit, i]));
  return sentences.map((sentence) => {
    const tokens = sentence.map((unit) => places.get(unit));
    return { inputs: [0, ...tokens], targets: [...tokens, 0] };
  });
}

/**
 * A network with all numbers uniform in (-1, 1) / sqrt(hidden), as PyTorch starts its own.
 * @param {number} vocabSize
 * @param {number} hidden
 * @param {() => number} random uniform in (0, 1)
 * @returns {import("./bptt.js").Network}
 */
export function newNetwork(vocabSize, hidden, random) {
  const size = hidden * (vocabSize + hidden + 1) + vocabSize * (hidden + 1);
  const numbers = Float64Array.from({ length: size }, () => (2 * random() - 1) / Math.sqrt(hidden));
  return { vocabSize, hidden, numbers };
}

/** `count` sentences, each as likely as any other. */
export function drawBatch(language, count, random) {
  return Array.from({ length: count }, () => language[Math.floor(random() * language.length)]);
}

/**
 * Scale a gradient down to `limit` if its norm is above, in place.
 * @returns {number} the norm that it had
 */
export function clipGradient(gradient, limit) {
  const size = norm(gradient);
  const scale = limit / (size + 1e-6);
  if (scale < 1) gradient.forEach((x, i) => (gradient[i] = x * scale));
  return size;
}

/** What Adam (Kingma and Ba, 2015) remembers. */
export function newAdam(size) {
  return { step: 0, mean: new Float64Array(size), square: new Float64Array(size) };
}

/** One step of Adam on `numbers`, in place. */
export function adamStep(adam, numbers, gradient, learningRate) {
  adam.step += 1;
  const fromMean = 1 - 0.9 ** adam.step;
  const fromSquare = 1 - 0.999 ** adam.step;
  gradient.forEach((g, i) => {
    adam.mean[i] = 0.9 * adam.mean[i] + 0.1 * g;
    adam.square[i] = 0.999 * adam.square[i] + 0.001 * g * g;
    numbers[i] -= (learningRate * (adam.mean[i] / fromMean)) / (Math.sqrt(adam.square[i] / fromSquare) + 1e-8);
  });
}

/**
 * Let the network write: one token at a time, each drawn from its distribution, up to the boundary.
 * @returns {number[]} without boundary, at most `longest` tokens
 */
export function writeSentence(network, longest, random) {
  const inputs = [0];
  while (inputs.length <= longest) {
    const chances = networkForward(network, inputs).probabilities.at(-1);
    let left = random();
    let token = chances.findIndex((chance) => (left -= chance) < 0);
    if (token < 0) token = chances.length - 1; // rounding
    if (token === 0) break;
    inputs.push(token);
  }
  return inputs.slice(1);
}

/**
 * The lowest loss there is, in nats per token: the sentences are equally likely, so a whole one
 * costs ln(number of sentences), whatever the order of its surprises.
 */
export function bestLoss(language) {
  const tokens = language.reduce((sum, { targets }) => sum + targets.length, 0) / language.length;
  return Math.log(language.length) / tokens;
}

/**
 * The last step whose token the one before it leaves open: there a memory is needed.
 * @param {{inputs: number[], targets: number[]}[]} language
 * @returns {number} of the first sentence, counted from 1
 */
export function openStep(language) {
  const followers = new Map();
  for (const { inputs, targets } of language) {
    inputs.forEach((token, i) => followers.set(token, (followers.get(token) ?? new Set()).add(targets[i])));
  }
  return 1 + Math.max(0, language[0].inputs.findLastIndex((token) => followers.get(token).size > 1));
}

/** A network at step 0 of its training; everything random follows from `seed`. */
export function newTraining(language, { vocabSize, hidden, seed }) {
  const random = seededRandom(seed);
  const network = newNetwork(vocabSize, hidden, random);
  return { language, network, random, adam: newAdam(network.numbers.length) };
}

/**
 * One step: draw a batch, go forward and back through time, clip, step.
 * @returns {{loss: number, gradientNorm: number}} nats per token before the step; the norm before clipping
 */
export function trainingStep({ language, network, random, adam }, { batchSize, window, clipNorm, learningRate }) {
  const { loss, gradient } = lossAndGradient(network, drawBatch(language, batchSize, random), window);
  const gradientNorm = clipGradient(gradient, clipNorm);
  adamStep(adam, network.numbers, gradient, learningRate);
  return { loss, gradientNorm };
}
