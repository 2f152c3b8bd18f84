"""A folder is whole or not there at all."""

import os
from pathlib import Path

import pytest

from unrolled.whole import RECORD, differing, remove_whole, write_whole


def fill(text):
    def write(place: Path) -> None:
        (place / "a.txt").write_text(text)
        (place / "b.bin").write_bytes(b"\0" * 10)

    return write


@pytest.fixture
def place(tmp_path):
    write_whole(tmp_path / "deep" / "place", fill("one"))
    return tmp_path / "deep" / "place"


def test_written_and_recorded(place):
    assert {path.name for path in place.iterdir()} == {"a.txt", "b.bin", RECORD}
    assert [path.name for path in place.parent.iterdir()] == ["place"]
    assert differing(place) == []


def test_the_later_replaces_the_earlier(place):
    write_whole(place, fill("two"))
    assert (place / "a.txt").read_text() == "two"
    assert [path.name for path in place.parent.iterdir()] == ["place"]


@pytest.mark.parametrize("stop", [OSError("full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_earlier_and_nothing_else(place, stop):
    def fail(partial: Path) -> None:
        (partial / "a.txt").write_text("half")
        raise stop

    with pytest.raises(type(stop)):
        write_whole(place, fail)
    assert (place / "a.txt").read_text() == "one"
    assert differing(place) == []
    assert [path.name for path in place.parent.iterdir()] == ["place"]


def test_what_a_kill_left_is_cleared_by_the_next(place):
    left = place.with_name("place.partial")
    left.mkdir()
    (left / "half").write_text("")
    write_whole(place, fill("two"))
    assert not left.exists()
    assert not (place / "half").exists()


def test_damage_is_named(place):
    now = (place / "a.txt").stat()
    (place / "a.txt").write_text("onE")
    os.utime(place / "a.txt", ns=(now.st_atime_ns, now.st_mtime_ns + 1))
    assert differing(place) == ["a.txt"]
    (place / "a.txt").write_text("one")  # the same again, at another time
    assert differing(place) == []
    (place / "b.bin").unlink()
    assert differing(place) == ["b.bin"]


@pytest.mark.parametrize("record", [None, "", "[]", '{"a.txt": {}}', '{"a.txt": 1}'])
def test_without_its_record_a_folder_is_not_trusted(place, record):
    (place / RECORD).unlink()
    if record is not None:
        (place / RECORD).write_text(record)
    assert differing(place) == [RECORD]


def test_removed(place):
    remove_whole(place)
    remove_whole(place)
    assert list(place.parent.iterdir()) == []
