"""Mounts the page's interactives: widget state becomes figures, files and one data block.

MyST-NB writes the state of all widgets of a notebook into the page. Here each
shown widget becomes a `<figure data-widget="...">` with its still and caption,
its module, style and large buffers become hashed files of the site (so that a
strict Content-Security-Policy holds and equal bytes are fetched once), and the
rest stays in the page as JSON, which `runtime.js` reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from unrolled.press.pictures import as_webp

STATE_TYPE = "application/vnd.jupyter.widget-state+json"
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"
LARGEST_INLINE_BUFFER = 8_192
"""Bytes; a larger buffer becomes a file of its own."""
LARGEST_UNASKED = 50_000
"""Bytes; an interactive with more in its buffers waits until the reader starts it."""
FOLDER = "_static/interactives"
RUNTIME = Path(__file__).parent / "static" / "runtime.js"
LINKS = {"LinkModel": "both", "DirectionalLinkModel": "one"}


def _write(outdir: Path, content: bytes, suffix: str) -> str:
    """Write `content` under its own hash; return its path within the site."""
    name = f"{FOLDER}/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
    path = outdir / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return name


def _buffers(model: dict, outdir: Path, root: str) -> list[dict]:
    """The model's buffers: small ones in the page, large ones as files."""
    placed = []
    for buffer in model.get("buffers", []):
        data = base64.b64decode(buffer["data"])
        entry: dict[str, object] = {"path": buffer["path"], "bytes": len(data)}
        if len(data) > LARGEST_INLINE_BUFFER:
            entry["url"] = root + _write(outdir, data, ".bin")
        else:
            entry["data"] = buffer["data"]
        placed.append(entry)
    return placed


def _place(model: dict, outdir: Path, root: str) -> dict:
    """What the runtime needs of one anywidget model; code and style go to files."""
    state = {
        name: value
        for name, value in model["state"].items()
        if not name.startswith("_") and name not in {"still", "layout", "tabbable", "tooltip"}
    }
    placed = {"state": state, "buffers": _buffers(model, outdir, root)}
    placed["module"] = root + _write(outdir, model["state"]["_esm"].encode(), ".js")
    if css := model["state"].get("_css"):
        placed["style"] = root + _write(outdir, css.encode(), ".css")
    return placed


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _figure(soup: BeautifulSoup, model: dict, key: str, outdir: Path, root: str) -> Tag:
    """The figure that stands in the page before, or without, JavaScript."""
    state = model["state"]
    figure = soup.new_tag("figure", attrs={"class": "interactive", "data-model": key})
    name = state.get("name") or state.get("_anywidget_id", "widget").rsplit(".", 1)[-1]
    figure["data-widget"] = name
    stage = soup.new_tag("div", attrs={"class": "interactive-stage"})
    if still := state.get("still"):
        path = _write(outdir, as_webp(base64.b64decode(still)), ".webp")
        image = soup.new_tag("img", attrs={"class": "interactive-still", "src": root + path})
        image["alt"] = state.get("still_alt", "")
        stage.append(image)
    figure.append(stage)
    weight = sum(len(base64.b64decode(b["data"])) for b in model.get("buffers", []))
    if weight > LARGEST_UNASKED:
        start = soup.new_tag("button", attrs={"type": "button", "data-start": "", "hidden": ""})
        start.string = f"Start ({_size(weight)})"
        figure.append(start)
    figure.append(soup.new_tag("p", attrs={"class": "interactive-status", "role": "status"}))
    caption = soup.new_tag("figcaption")
    caption.string = state.get("caption") or name
    note = soup.new_tag("noscript")
    note.append(" (Interactive: it needs JavaScript. What you see is a still of it.)")
    caption.append(note)
    figure.append(caption)
    return figure


def _rename(text: str, names: dict[str, str]) -> str:
    """Kernel-made model ids differ on every run; references get the page's stable ones."""
    return re.sub(
        r"IPY_MODEL_(\w+)", lambda found: "IPY_MODEL_" + names.get(found[1], found[1]), text
    )


def mount_interactives(soup: BeautifulSoup, outdir: str | Path, root: str) -> None:
    """Replace the page's widget views and state, writing files below `outdir`.

    `root` leads from the page to the site's root. A view whose model is no
    anywidget is refused with ValueError: without a kernel it could not react.
    """
    views = soup.find_all("script", type=VIEW_TYPE)
    holder = soup.find("script", type=STATE_TYPE)
    if holder is None:
        if views:
            raise ValueError(
                "expected the state of the page's widgets beside their views, got none"
            )
        return
    outdir = Path(outdir)
    models: dict[str, dict] = json.loads(holder.string)["state"]
    holder.decompose()
    shown = [json.loads(view.string)["model_id"] for view in views]
    names = {id_: f"w{n}" for n, id_ in enumerate(dict.fromkeys([*shown, *sorted(models)]), 1)}
    placed, links = {}, []
    for id_, model in models.items():
        if model["model_module"] == "anywidget":
            placed[names[id_]] = _place(model, outdir, root)
        elif kind := LINKS.get(model["model_name"]):
            state = model["state"]
            links.append({"kind": kind, "source": state["source"], "target": state["target"]})
    for view, id_ in zip(views, shown, strict=True):
        if names[id_] not in placed:
            kind = models[id_]["model_name"]
            raise ValueError(f"expected an anywidget to show, got {kind}: it can't react here")
        view.replace_with(_figure(soup, models[id_], names[id_], outdir, root))
    data = soup.new_tag("script", attrs={"type": "application/json", "data-interactives": ""})
    payload = json.dumps({"models": placed, "links": links}, sort_keys=True)
    data.string = _rename(payload, names).replace("</", "<\\/")
    soup.body.append(data)
    runtime = root + _write(outdir, RUNTIME.read_bytes(), ".js")
    soup.body.append(soup.new_tag("script", attrs={"type": "module", "src": runtime}))
