"""Finds a Chromium for the browser tests, or installs one; as a script, says which.

Order: `UNROLLED_BROWSER`, one on the path, Playwright's own; else Debian's
package is installed, and where that can't be, Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of an installed Chromium, or None."""
    if named := os.environ.get("UNROLLED_BROWSER"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Install Debian's Chromium, else Playwright's; raises RuntimeError if neither goes."""
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        update = subprocess.run([*sudo, "apt-get", "update", "-qq"])
        package = [*sudo, "apt-get", "install", "-y", "-qq", "chromium"]
        if update.returncode == 0 and subprocess.run(package).returncode == 0:
            return
    own = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if own.returncode:
        raise RuntimeError(
            "expected to install Chromium by apt-get or Playwright, and neither worked: "
            "install a Chromium and say where it is with UNROLLED_BROWSER"
        )


if __name__ == "__main__":
    if find() is None:
        install()
    print(f"Browser tests use {find()}")
