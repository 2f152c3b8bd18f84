"""The first cells of a generated notebook: where it comes from, and what it installs.

The install cell never names the package alone (the registry doesn't have it), never upgrades
(torch and numpy stay as they are), and prints nothing, so that a re-run compares clean.
"""

from __future__ import annotations

from unrolled.press.repository import Repository

SOURCE_VARIABLE = "UNROLLED_SOURCE"
"""Environment variable with what pip shall install instead of the repository."""

INSTALL = """\
# The book's package: installed only where it is missing, nothing that is there is upgraded.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("unrolled") is None:
    source = {source}
{check}    command = [sys.executable, "-m", "pip", "install", "--quiet", source]
    installation = subprocess.run(command, capture_output=True, text=True)
    if installation.returncode != 0:
        raise RuntimeError(f"pip could not install {{source}}\\n{{installation.stderr}}")
    importlib.invalidate_caches()
if "google.colab" in sys.modules:  # Colab shows the book's interactives only after this
    importlib.import_module("google.colab.output").enable_custom_widget_manager()"""

CHECK = """\
    if not source:
        raise ModuleNotFoundError(
            "The book's package is missing, and this notebook was built where its repository "
            "is not known. Set the environment variable UNROLLED_SOURCE to the book's checkout "
            "(or to anything else that pip installs), then run this cell again."
        )
"""


def requirement(repository: Repository | None, commit: str | None) -> str | None:
    """Return what pip installs the package from; None without a repository and a commit."""
    if repository is None or commit is None:
        return None
    return f"git+{repository.url}@{commit}"


def install_code(repository: Repository | None, commit: str | None) -> str:
    """Return the source of the guarded install cell."""
    known = requirement(repository, commit)
    if known is None:
        return INSTALL.format(source=f'os.environ.get("{SOURCE_VARIABLE}")', check=CHECK)
    source = f'os.environ.get(\n        "{SOURCE_VARIABLE}",\n        "{known}",\n    )'
    return INSTALL.format(source=source, check="")


def origin_text(title: str, url: str, repository: Repository | None, commit: str | None) -> str:
    """Return the Markdown that says which page this notebook is; `url` may be empty."""
    page = f"[{title}]({url})" if url else f"*{title}*"
    made = ""
    if commit is not None:
        short = f"`{commit[:10]}`"
        made = f", made from commit {short}"
        if repository is not None:
            made = f", made from commit [{short}]({repository.url}/tree/{commit})"
    return (
        f"This notebook is the page {page} of **Language Modeling, Unrolled**{made}. "
        "The published page has the interactives ready to use and keeps your answers; "
        "here you can change and run every cell."
    )
