"""Fixtures of the press's tests: tiny books to build, and the store of answers in node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_book import TinyBook


@pytest.fixture(scope="session")
def new_book() -> type[TinyBook]:
    """Make a tiny book in a folder of the test's choice."""
    return TinyBook


@pytest.fixture
def tiny_book(tmp_path: Path) -> TinyBook:
    """An empty tiny book."""
    return TinyBook(tmp_path)


STATIC = Path(__file__).parents[2] / "unrolled" / "press" / "static"
ANSWERS = [STATIC / "answers.js", STATIC / "store.js", STATIC / "takeout.js"]
PRELUDE = """
const assert = (await import('node:assert/strict')).default;

class Memory {                                  // a localStorage that can be full
  constructor() { this.items = new Map(); this.full = false; }
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, value) {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, String(value));
  }
  removeItem(key) { this.items.delete(key); }
  get length() { return this.items.size; }
  key(index) { return [...this.items.keys()][index]; }
  has(text) { return [...this.items.values()].some((value) => value.includes(text)); }
}

function random(seed) {                         // mulberry32: the same sequence every time
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const texts = (answer) => [answer.boxes, answer.committed?.boxes ?? [], answer.draft?.boxes ?? [],
  ...[...answer.kept, ...answer.attempts].map((version) => version.boxes),
].map((boxes) => boxes.join('|'));
const at = (n) => new Date(1.7e12 + n * 1000).toISOString();
"""


@pytest.fixture
def check(run_js: Callable[..., object]) -> Callable[[str], object]:
    """Run assertions on the exports of the store of answers in node."""
    return lambda script: run_js(ANSWERS, PRELUDE + script)
