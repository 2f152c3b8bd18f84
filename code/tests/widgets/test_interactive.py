"""The base class of the interactives, and the joining of their JavaScript."""

from __future__ import annotations

import subprocess
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
import traitlets

from unrolled.widgets.interactive import Interactive
from unrolled.widgets.modules import STATIC, module, style

matplotlib.use("agg")


class Demo(Interactive):
    widget_name = "demo"
    _esm = "export default { render() {} };"
    count = traitlets.Int(0).tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)
    private = traitlets.Int(0)


def test_equal_state_gives_equal_text_and_different_state_does_not() -> None:
    first = Demo(caption="Press.", count=1, data=b"\x01")
    assert repr(first) == repr(Demo(caption="Press.", count=1, data=b"\x01"))
    assert repr(first) != repr(Demo(caption="Press.", count=2, data=b"\x01"))
    assert repr(first) != repr(Demo(caption="Press.", count=1, data=b"\x02"))
    assert repr(first) == repr(Demo(caption="Press.", count=1, data=b"\x01", private=5))


def test_still_is_a_picture_with_an_alternative() -> None:
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    demo = Demo(caption="Press.", still=fig, still_alt="A line\n going up.")
    assert demo.still.startswith("iVBOR")
    assert demo.still_alt == "A line going up."
    assert plt.get_fignums() == []


def test_state_names_the_widget_for_the_page() -> None:
    assert Demo(caption="Press.").get_state()["name"] == "demo"


def test_missing_caption_and_missing_alternative_are_refused() -> None:
    with pytest.raises(ValueError, match="caption"):
        Demo(caption=" ")
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match="still_alt"):
        Demo(caption="Press.", still=fig)
    plt.close(fig)


def test_module_places_each_sibling_once_before_what_needs_it(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    (tmp_path / "b.js").write_text(
        'import { a } from "./a.js";\nexport function b() { return a; }\n'
    )
    (tmp_path / "view.js").write_text(
        'import { a } from "./a.js";\nimport { b } from "./b.js";\n'
        "export default { render() { return a + b(); } };\n"
    )
    joined = module("view.js", tmp_path)
    assert "import" not in joined
    assert joined.count("const a = 1;") == 1
    assert joined.index("const a") < joined.index("function b") < joined.index("export default")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import { a } from "./gone.js";\n', "no such file"),
        ('import a from "./view.js";\n', "expected imports like"),
        ('import { a } from "elsewhere";\n', "expected imports like"),
    ],
)
def test_import_that_cannot_be_joined_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "view.js").write_text(text)
    with pytest.raises(ValueError, match=message):
        module("view.js", tmp_path)


VIEWS = sorted(
    path.name for path in STATIC.glob("*.js") if "export default" in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", VIEWS)
def test_every_joined_module_is_valid_javascript(name: str, node: Path, tmp_path: Path) -> None:
    """Also shows that no two joined files use one name for two things."""
    joined = tmp_path / "joined.mjs"
    joined.write_text(module(name), encoding="utf-8")
    checked = subprocess.run([str(node), "--check", str(joined)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_style_begins_with_what_all_share() -> None:
    assert style().startswith((STATIC / "widget.css").read_text("utf-8"))
