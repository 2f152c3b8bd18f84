"""Fixtures of the press's tests: tiny books to build."""

from __future__ import annotations

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
