"""Progress in the exercises as records, in node: in whatever order files come, none is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STATIC = Path(__file__).parents[2] / "unrolled" / "press" / "static"
FILES = [STATIC / "takeout.js", STATIC / "exercises.js"]
PRELUDE = """
class Memory {                                  // a localStorage that can be full
  constructor() { this.items = {}; this.full = false; }
  getItem(key) { return this.items[key] ?? null; }
  setItem(key, value) {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.items[key] = value;
  }
  removeItem(key) { delete this.items[key]; }
}
const memory = new Memory();
const progress = createProgress(() => memory);
"""
NAMES = st.sampled_from(["rnn/last-memory", "rnn/gru", "bptt/clip", "other/later-task"])
ENTRIES = st.fixed_dictionaries(
    {
        "passed": st.booleans(),
        "at": st.integers(0, 5).map(lambda n: f"2026-11-2{n}T10:30:00+00:00"),
    }
)
RECORDS = st.lists(st.dictionaries(NAMES, ENTRIES), min_size=3, max_size=3)


@pytest.fixture
def run(run_js: Callable[..., object]) -> Callable[..., object]:
    """Run a script with `memory`, a storage, and `progress` over it."""
    return lambda script, data=None: run_js(FILES, PRELUDE + script, data)


def test_two_files_by_hand(run) -> None:
    early, late = "2026-11-24T10:00:00+00:00", "2026-11-25T10:00:00+00:00"
    one = {"rnn/gru": {"passed": True, "at": late}, "rnn/b": {"passed": False, "at": early}}
    other = {"rnn/gru": {"passed": True, "at": early}, "rnn/b": {"passed": False, "at": late}}
    found = run(
        "progress.add(data[0]); return [progress.add(data[1]), memory.items];", [one, other]
    )
    tasks = {"rnn/b": {"passed": False, "at": late}, "rnn/gru": {"passed": True, "at": early}}
    assert found[0] == {"tasks": tasks, "trouble": None}
    assert json.loads(found[1]["unrolled.exercises"]) == {
        "schema": 1,
        "kind": "unrolled-exercises",
        "tasks": tasks,
    }


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(RECORDS)
def test_the_order_of_files_never_matters_and_what_passed_stays_passed(run, records) -> None:
    script = """
    const [a, b, c] = data;
    return [united(united(a, b), c), united(a, united(c, b)), united(united(c, a), united(b, a))];
    """
    once, again, thrice = run(script, records)
    assert once == again == thrice
    assert set(once) == {name for record in records for name in record}
    for name, entry in once.items():
        theirs = [record[name] for record in records if name in record]
        passed = [one["at"] for one in theirs if one["passed"]]
        assert entry["passed"] is bool(passed)
        assert entry["at"] == (min(passed) if passed else max(one["at"] for one in theirs))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(NAMES, ENTRIES))
def test_an_export_comes_back_the_same(run, tasks) -> None:
    script = "return fromFile(toJson([], 'now', data), 'now');"
    assert run(script, tasks) == {"answers": [], "tasks": tasks}


def test_what_stands_where(run) -> None:
    script = """
    const list = ['rnn/a', 'rnn/b', 'rnn/c'].map((id) => ({ id }));
    return [standing(data, list), standing({}, list), standing(data, list.slice(0, 1))];
    """
    at = "2026-11-24T10:00:00+00:00"
    tasks = {"rnn/a": {"passed": True, "at": at}, "rnn/c": {"passed": False, "at": at}}
    assert run(script, tasks) == [
        {"states": ["done", "open", "tried"], "done": 1, "next": {"id": "rnn/b"}},
        {"states": ["open", "open", "open"], "done": 0, "next": {"id": "rnn/a"}},
        {"states": ["done"], "done": 1, "next": None},
    ]


def test_faults_of_the_storage(run) -> None:
    """Damaged: set aside byte for byte. Newer: left alone. Full or forbidden: said."""
    script = """
    const task = { 'rnn/gru': { passed: true, at: '2026-11-24T10:00:00+00:00' } };
    const said = [];
    memory.items['unrolled.exercises'] = '{"schema": 1, "ki';
    said.push(progress.load().trouble, memory.items['unrolled.exercises.aside/1']);
    said.push(progress.add(task).trouble);
    memory.full = true;
    said.push(progress.add({ 'rnn/other': task['rnn/gru'] }).trouble);
    memory.full = false;
    said.push(Object.keys(progress.load().tasks).join());
    memory.items['unrolled.exercises'] = '{"schema": 2, "kind": "unrolled-exercises"}';
    said.push(progress.add(task).trouble, memory.items['unrolled.exercises']);
    const closed = createProgress(() => { throw new DOMException('no', 'SecurityError'); });
    said.push(closed.load().trouble, closed.add(task).trouble);
    return said;
    """
    assert run(script) == [
        "damaged",
        '{"schema": 1, "ki',
        None,
        "full",
        "rnn/gru",
        "newer",
        '{"schema": 2, "kind": "unrolled-exercises"}',
        "forbidden",
        "forbidden",
    ]
