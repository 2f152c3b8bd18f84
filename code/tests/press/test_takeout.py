"""Answers that travel: whatever sequence of writing, exporting and importing, nothing is lost."""

from collections.abc import Callable

TRAVELS = """
const everything = (answer) => ({
  texts: texts(answer).filter((text) => text.replaceAll('|', '').trim()),
  grades: answer.grades.map(({ grade, at }) => `${grade} ${at}`),
  marked: Object.keys(answer.marks),
  open: isOpen(answer),
});

function holds(after, before, what) {
  const [now, then] = [everything(after), everything(before)];
  for (const text of then.texts) assert.ok(now.texts.includes(text), `${what}: lost ${text}`);
  for (const each of then.grades) assert.ok(now.grades.includes(each), `${what}: lost ${each}`);
  for (const idea of then.marked) assert.ok(now.marked.includes(idea), `${what}: lost ${idea}`);
  assert.ok(now.open || !then.open, `${what}: shut again`);
}

/** The record as schema 1 had it: what came later is not in it. */
function aged({ marks, grades, draft, attempts, ...answer }) {
  return { ...answer, schema: 1 };
}
"""


def test_any_sequence_of_edits_exports_imports_and_upgrades_loses_nothing(
    check: Callable[[str], object],
) -> None:
    check(
        TRAVELS
        + """
    let travels = 0, upgrades = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const draw = random(seed);
      const readers = [0, 1, 2].map((n) => {
        const storage = new Memory();
        return { n, storage, store: createStore(() => storage) };
      });
      const files = [];                        // exports lie around, and are brought in late
      for (let step = 1; step <= 40; step += 1) {
        const { n, store } = readers[Math.floor(draw() * 3)];
        const id = draw() < 0.5 ? 'q' : 'r';
        const now = at(Math.floor(draw() * 30));   // clocks of three machines don't agree
        const answer = store.load(id).answer ?? fresh(id);
        const turn = draw();
        if (turn < 0.3) store.save(edit(answer, [`${id} by ${n} at step ${step}`], now));
        else if (turn < 0.4) store.save(commit(answer, now));
        else if (turn < 0.45) store.save(skip(answer, now));
        else if (turn < 0.55) store.save(mark(answer, `idea ${step % 3}`, 'partly', now));
        else if (turn < 0.6) store.save(grade(answer, 1 + (step % 4), now));
        else if (turn < 0.65) store.save(recall(answer, [`${id} recalled ${step}`], now));
        else if (turn < 0.7) store.save(finishRecall(answer));
        else if (turn < 0.85) {
          const all = ['q', 'r'].map((each) => store.load(each).answer).filter(Boolean);
          const old = draw() < 0.3;
          const text = toJson(old ? all.map(aged) : all, now);
          files.push(text);
          const read = fromFile(text, now);
          assert.equal(read.answers.length, all.length);
          if (old) {
            upgrades += all.length;
            const none = { marks: {}, grades: [], draft: null, attempts: [] };
            read.answers.forEach((one, index) => assert.deepEqual(one, { ...all[index], ...none }));
          } else assert.deepEqual(read.answers, all);   // the round trip
        } else if (files.length) {
          const read = fromFile(files[Math.floor(draw() * files.length)], now);
          const before = read.answers.map((theirs) => [theirs, store.load(theirs.id).answer]);
          assert.deepEqual(importAll(store, read.answers), {
            taken: read.answers.length, failed: [], trouble: null });
          for (const [theirs, mine] of before) {
            const after = store.load(theirs.id).answer;
            holds(after, theirs, `seed ${seed}, theirs`);
            if (mine) holds(after, mine, `seed ${seed}, mine`);
            assert.deepEqual(merge(after, theirs), after);   // brought in twice is once
          }
          travels += 1;
        }
      }
    }
    assert.ok(travels > 500 && upgrades > 200, `${travels} ${upgrades}`);
    """
    )


def test_a_full_storage_takes_nothing_half(check: Callable[[str], object]) -> None:
    check(
        TRAVELS
        + """
    const storage = new Memory();
    const store = createStore(() => storage);
    store.save(edit(fresh('q'), ['mine'], at(1)));
    const theirs = edit(fresh('q'), ['theirs'], at(2));
    storage.full = true;
    assert.deepEqual(importAll(store, [theirs, edit(fresh('r'), ['new'], at(2))]), {
      taken: 0, failed: ['q', 'r'], trouble: 'full' });
    storage.full = false;
    assert.deepEqual(createStore(() => storage).load('q').answer.boxes, ['mine']);
    assert.equal(createStore(() => storage).load('r').answer, null);
    """
    )


def test_a_hand_made_export_and_what_is_none(check: Callable[[str], object]) -> None:
    check(
        """
    const answer = commit(edit(fresh('q'), ['שלום 🎭 <b>'], at(1)), at(2));
    const file = JSON.parse(toJson([answer], at(3)));
    assert.deepEqual(file, {
      format: 'unrolled.answers', schema: 2, exported: at(3), answers: [answer] });
    assert.match(fromFile('{"format": "unrolled.ans', at(3)).why, /not JSON, or it is cut off/);
    assert.match(fromFile('{"cells": []}', at(3)).why, /no answer cells/);
    assert.match(fromFile('[1]', at(3)).why, /neither an export of answers nor a notebook/);
    const later = JSON.stringify({ ...file, answers: [{ ...answer, schema: 3 }] });
    assert.match(fromFile(later, at(3)).why, /newer version of the book/);
    """
    )
