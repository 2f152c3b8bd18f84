"""Checks under test keep no progress, unless a test gives them a file."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLLED_PROGRESS", "off")
