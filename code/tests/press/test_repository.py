"""Which repository and commit the notebooks name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from unrolled.press.repository import (
    Repository,
    choose_commit,
    choose_repository,
    find_commit,
    find_repository,
    parse_slug,
    parse_url,
)

BOOK = Repository("ada", "the-book")
HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/ada/the-book",
        "https://github.com/ada/the-book.git",
        "https://github.com/ada/the-book/",
        "http://github.com/ada/the-book",
        "https://ada:secret@github.com/ada/the-book.git",
        "https://x-access-token:t0ken@github.com/ada/the-book",
        "https://GitHub.com/ada/the-book",
        "git@github.com:ada/the-book.git",
        "ssh://git@github.com/ada/the-book.git",
        "ssh://git@github.com:22/ada/the-book.git",
        "git://github.com/ada/the-book.git",
        "  https://github.com/ada/the-book\n",
    ],
)
def test_forms_of_a_github_remote(url: str) -> None:
    assert parse_url(url) == BOOK


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/the-book.git",
        "https://gitlab.com/ada/the-book",
        "https://github.com.example.org/ada/the-book",
        "https://example.org/github.com/ada/the-book",
        "https://notgithub.com/ada/the-book",
        "https://github.com/ada",
        "https://github.com/ada/the-book/tree/main",
        "git@example.org:ada/the-book.git",
    ],
)
def test_other_remotes_are_no_repository(url: str) -> None:
    assert parse_url(url) is None


def test_credentials_never_reach_the_address() -> None:
    found = parse_url("https://ada:secret@github.com/ada/the-book.git")
    assert found is not None
    assert found.url == "https://github.com/ada/the-book"


def test_dots_in_a_name_stay_but_the_git_suffix_goes() -> None:
    assert parse_url("https://github.com/ada/book.io.git") == Repository("ada", "book.io")


def test_slug() -> None:
    assert parse_slug("ada/the-book") == BOOK
    assert parse_slug("ada/the-book/x") is None
    assert parse_slug("") is None


def test_the_ci_comes_before_the_remote_and_the_remote_before_the_configuration() -> None:
    remote, configured = "git@github.com:bob/fork.git", "https://github.com/eve/upstream"
    ci = {"GITHUB_REPOSITORY": "ada/the-book"}
    assert choose_repository(ci, remote, configured) == BOOK
    assert choose_repository({}, remote, configured) == Repository("bob", "fork")
    assert choose_repository({}, "/srv/book.git", configured) == Repository("eve", "upstream")
    assert choose_repository({}, "", "") is None


def test_commit_is_a_full_hash_or_nothing() -> None:
    assert choose_commit({"GITHUB_SHA": HASH}, "") == HASH
    assert choose_commit({}, f"{HASH}\n") == HASH
    assert choose_commit({"GITHUB_SHA": "main"}, "") is None
    assert choose_commit({}, "HEAD") is None


def test_a_real_checkout(tmp_path: Path) -> None:
    assert find_repository(tmp_path, "", {}) is None
    assert find_commit(tmp_path, {}) is None
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for arguments in (
        ["init", "-q"],
        ["remote", "add", "origin", "https://t0ken@github.com/ada/the-book.git"],
        [*identity, "commit", "-q", "--allow-empty", "-m", "one"],
    ):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True)
    assert find_repository(tmp_path, "", {}) == BOOK
    commit = find_commit(tmp_path, {})
    assert commit is not None
    assert len(commit) == 40


def test_a_folder_inside_someone_elses_checkout_has_no_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    inside = tmp_path / "inside"
    inside.mkdir()
    assert find_commit(inside, {}) is None
