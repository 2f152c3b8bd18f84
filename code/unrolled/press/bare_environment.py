"""A Python as a reader's: everything the book needs is there, but not the book's package.

The notebooks are run in it, so that their install cell is put to work and nothing of the
checkout can leak in. What is installed here is seen through links, never changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from unrolled.press.build import QUIET_THREADS

WATCHED = ("torch", "numpy")
"""Packages that installing the book must never replace."""

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")


def make_environment(folder: Path) -> Path:
    """Make a virtual environment in `folder` without `unrolled`; return its python."""
    packages = folder / "site-packages"  # by this name dill tells libraries from a reader's modules
    packages.mkdir(parents=True)
    for kind in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(kind).iterdir():
            hidden = entry.name.startswith(("unrolled", "__editable__"))
            if hidden or entry.suffix == ".pth" or entry.name == "__pycache__":
                continue
            (packages / entry.name).symlink_to(entry)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True
    )
    python = folder / "venv" / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    Path(own.stdout.strip(), "packages.pth").write_text(f"{packages}\n", encoding="utf-8")
    return python


def copy_source(checkout: Path, folder: Path) -> Path:
    """Copy what pip needs to build the package, so that building leaves nothing in the checkout."""
    folder.mkdir(parents=True)
    for name in SOURCES:
        if (checkout / name).is_file():
            shutil.copy2(checkout / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    shutil.copytree(checkout / "code" / "unrolled", folder / "code" / "unrolled", ignore=ignored)
    return folder


def environment_variables(source: Path) -> dict[str, str]:
    """Return the variables for running notebooks in a bare environment.

    The package builds with the setuptools that is already there, so pip needs no network for
    it (of this option pip reads the value of `build_isolation`, hence "0").
    """
    variables = QUIET_THREADS | {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    return variables | {
        "UNROLLED_SOURCE": str(source),
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "UNROLLED_PROGRESS": "off",
    }


def versions(python: Path) -> dict[str, str]:
    """Return the versions of the watched packages that `python` finds."""
    code = "from importlib.metadata import version; import sys; print(version(sys.argv[1]))"
    found = {}
    for name in WATCHED:
        answer = subprocess.run([python, "-c", code, name], capture_output=True, text=True)
        found[name] = answer.stdout.strip()
    return found


def own_versions() -> dict[str, str]:
    """Return the versions of the watched packages in the environment that builds the book."""
    return {name: metadata.version(name) for name in WATCHED}
