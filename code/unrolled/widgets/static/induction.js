import { causalMask, mixedValues, scaledScores, weightsOf } from "./attention.js";

/**
 * Every exercise over n tokens: all n tokens in some order, then one of them again, not the last.
 * The answer is the token that followed it the first time.
 * @param {number} n
 * @returns {{sequence: number[], answer: number}[]}
 */
export function inductionTasks(n) {
  return permutations(Array.from({ length: n }, (_, i) => i)).flatMap((order) =>
    order.slice(0, -1).map((token, place) => ({ sequence: [...order, token], answer: order[place + 1] })));
}

/** All orders of the items, in the order of a dictionary. */
function permutations(items) {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]));
}

/**
 * One head on one sequence. A token asks with its own query. Its key comes from the token itself
 * ("this") or from the one before it ("before"; the first token then has a key of zeros). Its
 * value says which token stands there, so that the output is a share for each token.
 * @param {{queries: number[][], keys: number[][], keyFrom: string}} head
 * @param {number[]} sequence
 * @returns {{weights: number[][], output: number[]}} all rows' weights (T, T); the last row's output
 */
export function runHead({ queries, keys, keyFrom }, sequence) {
  const asked = sequence.map((token, i) => (keyFrom === "this" ? keys[token] : i ? keys[sequence[i - 1]] : keys[0].map(() => 0)));
  const scores = scaledScores(sequence.map((token) => queries[token]), asked);
  const weights = weightsOf(scores, causalMask(sequence.length));
  const values = sequence.map((token) => queries.map((_, other) => (other === token ? 1 : 0)));
  return { weights, output: mixedValues(weights.slice(-1), values)[0] };
}

/** The share that the wanted token gets in each task. */
export function answerShares(head, tasks) {
  return tasks.map(({ sequence, answer }) => runHead(head, sequence).output[answer]);
}
