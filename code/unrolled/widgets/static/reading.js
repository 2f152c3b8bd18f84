// Reading a text without freezing the page, and without reading its beginning again. No DOM here.

import { emptyMemory, nextMemory } from "./recurrence.js";

const SLICE = 24; // milliseconds of reading before the page may draw

/**
 * A reader that keeps the memory after each token, so that a change costs only what follows it.
 * @param {import("./recurrence.js").Recurrent} network
 */
export function textReader(network) {
  let read = [];
  let states = [];
  let turn = 0;
  return {
    /**
     * The memory after each token; null if another reading was asked for meanwhile.
     * @param {number[]} tokens
     * @param {(done: number) => void} [onProgress]
     * @returns {Promise<import("./recurrence.js").MemoryState[] | null>}
     */
    async read(tokens, onProgress = () => {}) {
      const mine = (turn += 1);
      const same = tokens.findIndex((token, t) => token !== read[t]);
      read = read.slice(0, same < 0 ? tokens.length : same);
      states = states.slice(0, read.length);
      let started = performance.now();
      while (states.length < tokens.length) {
        const token = tokens[states.length];
        states.push(nextMemory(network, states.at(-1) ?? emptyMemory(network), token));
        read.push(token);
        if (performance.now() - started < SLICE) continue;
        onProgress(states.length);
        await new Promise((resume) => setTimeout(resume, 0));
        if (mine !== turn) return null;
        started = performance.now();
      }
      return states.slice();
    },
  };
}
