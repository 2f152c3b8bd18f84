/**
 * When a question comes back. Pure: a question's card follows from the log of its grades alone, so
 * that two browsers' logs merge without a conflict.
 *
 * The scheduler is FSRS-6, from the package ts-fsrs, with the package's default parameters (fitted
 * to many learners' logs, none of them of this book). A question comes back when the chance of
 * remembering it has sunk to RETENTION; what was forgotten comes back the next day at the earliest,
 * since steps of minutes don't fit a page that is opened now and then. There is no fuzz: the same
 * log gives the same date. Days are UTC days.
 */
export const RETENTION = 0.9;
const DAY = 86_400_000; // milliseconds
const WORTH = { mine: 1, partly: 0.5, missing: 0 };
export const GRADES = { again: 1, hard: 2, good: 3, easy: 4 };

/**
 * The grade that the reader's own marks amount to, or null until every idea is marked.
 * @param {object} marks  an answer's marks  @param {string[]} ideas  the sentences of the ideas
 */
export function gradeOf(marks, ideas) {
  const worth = ideas.map((says) => WORTH[marks[says]?.mark]);
  if (!worth.length || worth.includes(undefined)) return null;
  const share = worth.reduce((sum, each) => sum + each, 0) / worth.length;
  if (share === 1) return GRADES.good;
  return share >= 0.5 ? GRADES.hard : GRADES.again;
}

/** The last grade of each day, in order of time: changing a mark twice is not reviewing twice. */
export function sittings(grades) {
  const inOrder = [...grades].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const byDay = new Map(inOrder.map((each) => [dayOf(each.at), each]));
  return [...byDay.values()];
}

/** The UTC day of an ISO time, such as "2026-11-25". */
export function dayOf(at) {
  return new Date(at).toISOString().slice(0, 10);
}

/** @param {typeof import("ts-fsrs")} library */
export function createSchedule({ fsrs, createEmptyCard }) {
  const scheduler = fsrs({ request_retention: RETENTION, enable_fuzz: false, enable_short_term: false });

  function card(grades) {
    const days = sittings(grades);
    return days.reduce(
      (before, { grade, at }) => scheduler.next(before, new Date(at), grade).card,
      createEmptyCard(new Date(days[0].at)),
    );
  }

  /** When the answer is due, or null while it was neither committed nor skipped. */
  function due(answer) {
    if (answer.grades.length) return card(answer.grades).due;
    const opened = answer.committed?.at ?? answer.skipped;
    return opened ? new Date(Date.parse(opened) + DAY) : null;
  }

  /** When it would come back after each grade, given now. @returns {Record<string, Date>} */
  function after(answer, now) {
    const then = (grade) => card([...answer.grades, { grade, at: now.toISOString() }]).due;
    return Object.fromEntries(Object.entries(GRADES).map(([name, grade]) => [name, then(grade)]));
  }

  return { due, after };
}
