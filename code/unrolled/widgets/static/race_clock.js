// Where two training runs stand at a moment of one clock. No page in it.

/**
 * A run: what it had done at each of its marks, seconds among it.
 * @typedef {{name: string, seconds: number[], steps: number[], nats: number[], operations: number[], characters: number[]}} Lane
 */

/** The number of marks that lie at or before a moment. */
export function marksPassed(lane, moment) {
  return lane.seconds.filter((second) => second <= moment).length;
}

/**
 * What a run has done at a moment: between two marks in proportion to the time, after the last no more.
 * @param {Lane} lane
 * @param {"steps" | "operations" | "characters" | "seconds"} measure
 */
export function doneAt(lane, measure, moment) {
  const passed = marksPassed(lane, moment);
  if (passed === lane.seconds.length) return lane[measure].at(-1);
  const [before, since] = passed ? [lane[measure][passed - 1], lane.seconds[passed - 1]] : [0, 0];
  return before + ((moment - since) / (lane.seconds[passed] - since)) * (lane[measure][passed] - before);
}

/** Index of the first mark at the target or below; -1 if there is none. */
export function markAtTarget(lane, target) {
  return lane.nats.findIndex((nats) => nats <= target);
}

/** The next mark of any run after a moment, in seconds; null after the last. */
export function nextMark(lanes, moment) {
  const later = lanes.flatMap(({ seconds }) => seconds).filter((second) => second > moment);
  return later.length ? Math.min(...later) : null;
}

/** First and last moment of a clock on which equal distances are equal factors; before the first is 0. */
export function clockRange(lanes) {
  const all = lanes.flatMap(({ seconds }) => seconds);
  return [Math.min(...all) / 1.5, Math.max(...all)];
}

/** The moment at a share, 0 to 1, of the way along a clock: 0 at 0, then by equal factors. */
export function momentAt(share, [first, last]) {
  return share <= 0 ? 0 : Math.min(last, first * (last / first) ** share);
}

/** The share of the way at a moment: the inverse of `momentAt`. */
export function shareAt(moment, [first, last]) {
  return moment <= first ? 0 : Math.min(1, Math.log(moment / first) / Math.log(last / first));
}

/** What to say of a guess, both in seconds. */
export function judgeGuess(guess, real) {
  const factor = Math.max(guess, real) / Math.min(guess, real);
  if (factor < 1.25) return "right on the spot";
  const words = factor < 9.95 ? factor.toFixed(1) : factor.toFixed(0);
  return `${words} times too ${guess > real ? "slow" : "fast"}`;
}

/** Seconds as short text. */
export function secondsText(seconds) {
  return `${seconds < 9.95 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
}
