/** When to save what is being typed: soon after the last key, and each second while typing goes on. */
const PAUSE = 400; // milliseconds after the last key
const LONGEST = 900; // milliseconds after the first key that is not saved yet

/**
 * @param {(isTyping: boolean) => void} save  told whether the reader is in the midst of typing
 * @returns {{touch: () => void, stop: () => void}} `touch` on each key, `stop` once all is saved
 */
export function createSaver(save) {
  let [pause, longest] = [0, 0];
  const stop = () => {
    clearTimeout(pause);
    clearTimeout(longest);
    pause = longest = 0;
  };
  const touch = () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      stop();
      save(false);
    }, PAUSE);
    longest ||= setTimeout(() => {
      longest = 0;
      save(true);
    }, LONGEST);
  };
  return { touch, stop };
}
