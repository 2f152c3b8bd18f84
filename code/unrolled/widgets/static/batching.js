// Texts of different lengths as one table: padding, truncation, mask, positions, labels.
// The same numbers as transformers' tokenizers and causal language models use.

/** The label that no loss counts. */
export const IGNORED = -100;

/**
 * The ids that stay, at most `length`.
 * @param {number[]} ids
 * @param {number} length
 * @param {"left" | "right"} side at which the rest is cut off
 */
export function truncate(ids, length, side) {
  if (ids.length <= length) return [...ids];
  return side === "left" ? ids.slice(ids.length - length) : ids.slice(0, length);
}

/**
 * Rows of ids as one table, as wide as the longest row that is left after truncation.
 * `positions` are those that `generate` gives: counted from the first real token, 0 at padding.
 * @param {number[][]} rows
 * @param {{ padId: number, side: "left" | "right", length: number, cut: "left" | "right" }} how
 * @returns {{ ids: number[][], mask: number[][], positions: number[][] }}
 */
export function padBatch(rows, { padId, side, length, cut }) {
  const kept = rows.map((ids) => truncate(ids, length, cut));
  const width = Math.max(0, ...kept.map((ids) => ids.length));
  const fill = (ids, value) => Array(width - ids.length).fill(value);
  const lay = (ids, real, padding) => (side === "left" ? [...fill(ids, padding), ...real] : [...real, ...fill(ids, padding)]);
  return {
    ids: kept.map((ids) => lay(ids, ids, padId)),
    mask: kept.map((ids) => lay(ids, ids.map(() => 1), 0)),
    positions: kept.map((ids) => lay(ids, ids.map((_, t) => t), 0)),
  };
}

/**
 * The labels of one row of the table.
 * @param {number[]} ids
 * @param {number[]} mask
 * @param {"good" | "padding" | "shifted"} kind the ids with -100 at padding; the ids as they are;
 *   or the good ones moved by one place, though the model moves them as well
 */
export function labelsOf(ids, mask, kind) {
  if (kind === "padding") return [...ids];
  const good = ids.map((id, t) => (mask[t] ? id : IGNORED));
  return kind === "shifted" ? [...good.slice(1), IGNORED].slice(0, ids.length) : good;
}

/** What the model's loss compares each place with: the label of the next place; none at the last. */
export function targetsOf(labels) {
  return [...labels.slice(1), IGNORED].slice(0, labels.length);
}

/** How many predictions of a row the loss counts. */
export function countScored(labels) {
  return targetsOf(labels).filter((target) => target !== IGNORED).length;
}
