"""The store of answers, in node: whatever happens to it, no text is lost."""


def test_an_answer_by_hand(check):
    check(
        """
    const storage = new Memory();
    const store = createStore(() => storage);
    assert.deepEqual(store.load('q'), { answer: null, trouble: null });

    let answer = edit(fresh('q', 2), ['a', ''], at(1));
    answer = commit(answer, at(2));
    answer = edit(answer, ['a', 'b'], at(3));
    answer = skip(commit(answer, at(4)), at(5));
    assert.equal(store.save(answer).trouble, null);

    assert.deepEqual(JSON.parse(storage.getItem('unrolled.answers/q')), {
      schema: 2, id: 'q', boxes: ['a', 'b'], edited: at(3),
      committed: { boxes: ['a', ''], at: at(2) }, skipped: at(5), kept: [],
      marks: {}, grades: [], draft: null, attempts: [],
    });
    assert.deepEqual(createStore(() => storage).load('q').answer, answer);
    assert.equal(isOpen(fresh('q')), false);
    assert.equal(commit(fresh('q'), at(1)).committed, null);      // nothing to commit
    assert.deepEqual(edit(answer, ['c'], at(6)).boxes, ['c', 'b']); // boxes beyond stay
    """
    )


def test_merging_loses_nothing_and_has_no_order(check):
    check(
        """
    for (let seed = 1; seed <= 500; seed += 1) {
      const draw = random(seed);
      const word = () => 'abcd '[Math.floor(draw() * 5)].trim();
      const some = () => {
        let answer = fresh('q', 2);
        for (let step = 0; step < 4; step += 1) {
          const time = at(Math.floor(draw() * 6));
          const turn = draw();
          if (turn < 0.4) answer = edit(answer, [word(), word()], time);
          else if (turn < 0.5) answer = commit(answer, time);
          else if (turn < 0.6) answer = skip(answer, time);
          else if (turn < 0.7) {
            answer = mark(answer, `idea ${word()}`, MARKS[Math.floor(draw() * 3)], time);
          }
          else if (turn < 0.8) answer = grade(answer, 1 + Math.floor(draw() * 4), time);
          else if (turn < 0.9 && !answer.draft) answer = recall(answer, [word(), word()], time);
          else answer = finishRecall(answer);
        }
        return answer;
      };
      const [one, other, third] = [some(), some(), some()];
      const both = merge(one, other);
      assert.deepEqual(both, merge(other, one));
      assert.deepEqual(merge(both, one), both);
      assert.deepEqual(merge(both, both), both);
      const left = texts(merge(both, third));
      for (const answer of [one, other, third]) {
        for (const text of texts(answer)) assert.ok(text === '|' || left.includes(text) || !text);
        if (isOpen(answer)) assert.ok(isOpen(both) || answer === third);
      }
      assert.deepEqual(new Set(left), new Set(texts(merge(one, merge(other, third)))));
      assert.ok(parse(JSON.stringify(both), 'q').answer);
    }
    """
    )


def test_two_tabs_in_any_order_lose_nothing(check):
    check(
        """
    for (let seed = 1; seed <= 300; seed += 1) {
      const draw = random(seed);
      const storage = new Memory();
      const tabs = [0, 1].map((n) => ({
        n, store: createStore(() => storage), answer: fresh('q'), unsaved: false }));
      createStore(() => storage).save(edit(fresh('neighbor'), ['mine'], at(0)));
      let committed = null;
      for (let step = 0; step < 30; step += 1) {
        const tab = tabs[Math.floor(draw() * 2)];
        const turn = draw();
        storage.full = draw() < 0.2;
        if (turn < 0.5) {
          tab.answer = edit(tab.answer, [`tab ${tab.n} step ${step}.`], at(step));
          tab.unsaved = true;
        } else if (turn < 0.8 || tab.unsaved) {
          if (draw() < 0.3) tab.answer = commit(tab.answer, at(step));
          const before = tab.answer;
          const found = JSON.parse(storage.getItem('unrolled.answers/q'));
          const result = tab.store.save(tab.answer);
          tab.answer = result.answer;
          tab.unsaved = result.trouble !== null;
          assert.equal(tab.unsaved, storage.full);
          if (!tab.unsaved) {
            const now = texts(tab.answer);
            assert.ok(now.includes(before.boxes[0]) || !before.boxes[0]);
            const theirs = result.merged ? texts(found) : [];
            for (const text of theirs) assert.ok(!text || now.includes(text));
          } else assert.deepEqual(tab.answer, before);           // still in the page
        } else {
          tab.answer = tab.store.load('q').answer ?? tab.answer;
        }
        const stored = storage.getItem('unrolled.answers/q');
        if (stored) {
          const first = parse(stored, 'q').answer.committed;
          if (committed) assert.ok(first && first.at <= committed.at);
          committed = first;
        }
      }
      assert.deepEqual(parse(storage.getItem('unrolled.answers/neighbor'), 'neighbor').answer.boxes,
        ['mine']);
    }
    """
    )


def test_what_cannot_be_read_is_set_aside_byte_for_byte(check):
    check(
        """
    const good = JSON.stringify(edit(fresh('q'), ['x'], at(1)));
    const damaged = [good.slice(0, -9), 'null', '[]', '7', '', '{}', '{"schema":"1"}',
      '{"schema":0}', '{"schema":-3}', good.replace('"q"', '"other"'),
      good.replace('["x"]', '"x"'), good.replace('["x"]', '[]'), good.replace('["x"]', '[1]'),
      good.replace('"kept":[]', '"kept":[{}]'), good.replace('"committed":null', '"committed":{}')];
    const storage = new Memory();
    const store = createStore(() => storage);
    damaged.forEach((text, index) => {
      storage.setItem(`${PREFIX}q`, text);
      assert.deepEqual(store.load('q'), { answer: null, trouble: 'damaged' }, text);
      assert.equal(storage.getItem(`${ASIDE}q/${index + 1}`), text);
      assert.equal(storage.getItem(`${PREFIX}q`), null);
    });
    storage.setItem(`${PREFIX}q`, 'damaged between load and save');
    const result = store.save(edit(fresh('q'), ['new'], at(2)));
    assert.equal(result.trouble, 'damaged');
    assert.deepEqual(store.load('q').answer.boxes, ['new']);
    damaged.forEach((text, index) => assert.equal(storage.getItem(`${ASIDE}q/${index + 1}`), text));
    assert.ok(storage.has('damaged between load and save'));

    storage.setItem(`${PREFIX}q`, 'no room to set this aside');
    storage.full = true;
    assert.equal(store.load('q').trouble, 'full');
    assert.equal(store.save(edit(fresh('q'), ['newer'], at(3))).trouble, 'full');
    assert.equal(storage.getItem(`${PREFIX}q`), 'no room to set this aside');
    """
    )


def test_later_schemas_are_left_alone_and_earlier_ones_upgraded(check):
    check(
        """
    const storage = new Memory();
    const text = JSON.stringify({ ...fresh('q'), schema: 3, boxes: { rich: 'text' } });
    storage.setItem(`${PREFIX}q`, text);
    const store = createStore(() => storage);
    assert.equal(store.load('q').trouble, 'newer');
    const mine = edit(fresh('q'), ['mine'], at(1));
    assert.deepEqual(store.save(mine), { answer: mine, trouble: 'newer' });
    assert.equal(storage.getItem(`${PREFIX}q`), text);

    const steps = {
      2: (answer) => ({ ...answer, tags: [] }),
      3: (answer) => ({ ...answer, tags: ['later'], }),
    };
    const old = { ...edit(fresh('q'), ['x'], at(1)), unknown: 'kept too' };
    assert.deepEqual(parse(JSON.stringify(old), 'q', steps, 4).answer,
      { ...old, schema: 4, tags: ['later'] });
    assert.deepEqual(parse(JSON.stringify(old), 'q', {}, 3), { trouble: 'damaged' });

    const first = { schema: 1, id: 'q', boxes: ['x', 'y'], edited: at(1), skipped: null,
      committed: { boxes: ['x', ''], at: at(0) }, kept: [{ boxes: ['z'], at: at(2) }], more: 1 };
    assert.deepEqual(parse(JSON.stringify(first), 'q').answer,
      { ...first, schema: 2, marks: {}, grades: [], draft: null, attempts: [] });
    """
    )


def test_a_forbidden_storage_is_said(check):
    check(
        """
    const store = createStore(() => { throw new DOMException('no', 'SecurityError'); });
    const mine = edit(fresh('q'), ['mine'], at(1));
    assert.equal(store.load('q').trouble, 'forbidden');
    assert.deepEqual(store.save(mine), { answer: mine, trouble: 'forbidden' });

    const silent = new Memory();
    silent.setItem = () => {};                   // takes a text and doesn't keep it
    assert.equal(createStore(() => silent).save(mine).trouble, 'full');
    """
    )
