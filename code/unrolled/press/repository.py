"""Which repository and commit the book is built from: what its notebooks install and link to.

The repository is the one that the CI names, else the git remote `origin`, else the one in
`_config.yml`. Where none of them is on GitHub there is none, and whatever would link to it
is left out.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GITHUB = re.compile(
    r"""(?: https?://(?:[^@/\s]+@)? | git:// | ssh://(?:[^@/\s]+@)? | (?:[^@/\s]+@)? )
        github\.com (?::\d+/|[:/])
        (?P<owner>[A-Za-z0-9][A-Za-z0-9-]*) / (?P<name>[A-Za-z0-9._-]+?)
        (?:\.git)? /*""",
    re.VERBOSE | re.IGNORECASE,
)
SLUG = re.compile(r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<name>[A-Za-z0-9._-]+)")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub."""

    owner: str
    name: str

    @property
    def slug(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """Return the address of its page, without any credentials."""
        return f"https://github.com/{self.slug}"


def parse_url(url: str) -> Repository | None:
    """Read a remote's address, https or ssh; None unless it is on github.com."""
    found = GITHUB.fullmatch(url.strip())
    return Repository(found["owner"], found["name"]) if found else None


def parse_slug(slug: str) -> Repository | None:
    """Read `owner/name`; None for anything else."""
    found = SLUG.fullmatch(slug.strip())
    return Repository(found["owner"], found["name"]) if found else None


def choose_repository(
    environ: Mapping[str, str], remote: str, configured: str
) -> Repository | None:
    """Pick the repository: the CI's, else the remote's, else the configured one, else None."""
    return (
        parse_slug(environ.get("GITHUB_REPOSITORY", ""))
        or parse_url(remote)
        or parse_url(configured)
    )


def choose_commit(environ: Mapping[str, str], head: str) -> str | None:
    """Pick the commit: the CI's, else the checkout's; None where neither is a full hash."""
    for candidate in (environ.get("GITHUB_SHA", ""), head):
        if COMMIT.fullmatch(candidate.strip()):
            return candidate.strip()
    return None


def find_repository(
    checkout: Path, configured: str = "", environ: Mapping[str, str] = os.environ
) -> Repository | None:
    """Find the repository that the book in `checkout` is built from."""
    remote = _git(checkout, "remote", "get-url", "origin")
    return choose_repository(environ, remote, configured)


def find_commit(checkout: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """Find the commit that the book in `checkout` is built from."""
    return choose_commit(environ, _git(checkout, "rev-parse", "--verify", "--quiet", "HEAD"))


def _git(checkout: Path, *arguments: str) -> str:
    """Ask git; empty where it isn't installed, or `checkout` isn't the root of a checkout."""
    if not (checkout / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
