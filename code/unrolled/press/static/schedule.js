/**
 * When a question comes back. Pure: a question's card follows from the log of its grades alone, so
 * that two browsers' logs merge without a conflict. The scheduler is FSRS, from the package ts-fsrs.
 */
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

/** The last grade of each day, in order: changing a mark twice is not reviewing twice. */
export function sittings(grades) {
  const byDay = new Map(grades.map((each) => [each.at.slice(0, 10), each]));
  return [...byDay.values()];
}

/** @param {typeof import("ts-fsrs")} library */
export function createSchedule({ fsrs, createEmptyCard }) {
  const scheduler = fsrs({ enable_fuzz: false, enable_short_term: false });

  function card(grades) {
    return sittings(grades).reduce(
      (before, { grade, at }) => scheduler.next(before, new Date(at), grade).card,
      createEmptyCard(new Date(grades[0]?.at ?? 0)),
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
