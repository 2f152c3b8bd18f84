// What a unit reacts to: traits of a text's characters, and how well a unit follows them. No DOM here.

/** A line that names the speaker: capitals and a colon, as in "FIRST WITCH:". */
const SPEAKER = /^[A-Z][A-Z' ,.\-]*:$/;

/** What the search offers: a name and which characters of a text it is about. */
export const TRAITS = [
  ["line ends", (text) => Array.from(text, (character) => character === "\n")],
  ["speaker names", speakerNames],
  ["spaces", (text) => Array.from(text, (character) => character === " ")],
  ["vowels", (text) => Array.from(text, (character) => /[aeiou]/i.test(character))],
];

/** True within a line that names the speaker, its colon included. */
function speakerNames(text) {
  return text.split("\n").flatMap((line, i, lines) => {
    const named = Array(Array.from(line).length).fill(SPEAKER.test(line));
    return i + 1 < lines.length ? [...named, false] : named;
  });
}

/**
 * True where a character is one of `wanted`.
 * @param {string} text
 * @param {string} wanted
 * @returns {boolean[]}
 */
export function anyOf(text, wanted) {
  const set = new Set(wanted);
  return Array.from(text, (character) => set.has(character));
}

/**
 * Pearson's correlation of each unit with a trait; 0 where either never changes.
 * @param {Float64Array} activations (T, H), one row per character
 * @param {number} hidden H
 * @param {boolean[]} trait (T)
 * @returns {number[]} (H)
 */
export function unitCorrelations(activations, hidden, trait) {
  const T = trait.length;
  const mean = trait.filter(Boolean).length / T;
  return Array.from({ length: hidden }, (_, unit) => {
    let sum = 0;
    for (let t = 0; t < T; t += 1) sum += activations[t * hidden + unit];
    const center = sum / T;
    let together = 0;
    let own = 0;
    for (let t = 0; t < T; t += 1) {
      const off = activations[t * hidden + unit] - center;
      together += off * (trait[t] ? 1 - mean : -mean);
      own += off * off;
    }
    const spread = Math.sqrt(own * T * mean * (1 - mean));
    return spread > 1e-12 ? together / spread : 0;
  });
}

/**
 * The threshold at which a unit, used as a detector of a trait, is right most evenly: hits as a
 * share of all characters with the trait plus quiet ones as a share of the rest is largest.
 * @param {number[]} values (T)
 * @param {boolean[]} trait (T)
 * @returns {{threshold: number, above: boolean, hits: number, present: number, falseAlarms: number, absent: number}}
 *   `above` says that the unit signals the trait by values above the threshold, not below
 */
export function bestDetector(values, trait) {
  const order = values.map((_, t) => t).sort((a, b) => values[a] - values[b]);
  const present = trait.filter(Boolean).length;
  const absent = trait.length - present;
  let best = null;
  let below = { hits: 0, alarms: 0 };
  order.forEach((t, rank) => {
    below = { hits: below.hits + (trait[t] ? 1 : 0), alarms: below.alarms + (trait[t] ? 0 : 1) };
    const following = values[order[rank + 1]];
    if (following === values[t] || following === undefined) return; // no threshold fits between equals
    const gain = below.hits / present - below.alarms / absent;
    if (best && Math.abs(gain) <= Math.abs(best.gain)) return;
    best = { gain, threshold: (values[t] + following) / 2, ...below };
  });
  if (!best) return { threshold: values[0], above: true, hits: 0, present, falseAlarms: 0, absent };
  const above = best.gain < 0;
  return {
    threshold: best.threshold, above, present, absent,
    hits: above ? present - best.hits : best.hits,
    falseAlarms: above ? absent - best.alarms : best.alarms,
  };
}

/**
 * Split what a reader typed into what the model knows and what it doesn't.
 * @param {string} text
 * @param {string[]} alphabet token strings; a character's position is its id
 * @returns {{known: string, ids: number[], unknown: string[]}}
 */
export function encodeKnown(text, alphabet) {
  const ids = new Map(alphabet.map((character, id) => [character, id]));
  const plain = Array.from(text.replaceAll("\r\n", "\n").replace(/[\u2018\u2019]/g, "'"));
  const known = plain.filter((character) => ids.has(character));
  const unknown = [...new Set(plain.filter((character) => !ids.has(character)))];
  return { known: known.join(""), ids: known.map((character) => ids.get(character)), unknown };
}

/** A character as a word where it would be invisible. */
export function shownCharacter(character) {
  return { " ": "space", "\n": "line break" }[character] ?? `“${character}”`;
}
