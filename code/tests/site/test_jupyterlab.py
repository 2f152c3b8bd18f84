"""Every interactive in a real JupyterLab: the same class as in the page, drawn and driven."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from built_site import DESKTOP, Watch
from interactives import first_role as role
from lab_notebook import CELLS, every_interactive, lab_notebook
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

TOKEN = "only-for-this-test"
START_SECONDS = 60
DRAWN = 60_000
"""Milliseconds until the kernel has started, imported PyTorch and shown every interactive."""
RUN_ALL = """async () => {
  const { commands, shell } = window.jupyterapp;
  await shell.currentWidget.context.ready;
  await shell.currentWidget.sessionContext.ready; // else it asks which kernel to take
  void commands.execute("notebook:run-all-cells");
}"""
ALL_RAN = """count => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  return cells.length === count && cells.every((cell) => cell.executionCount !== null);
}"""
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # draw what is off the screen, too
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a JupyterLab with nothing but the notebook, its kernel on this checkout."""
    home = tmp_path_factory.mktemp("lab")
    work = home / "work"
    work.mkdir()
    nbformat.write(lab_notebook(), work / "every.ipynb")
    for name, settings in SETTINGS.items():
        folder, plugin = name.split("/")
        path = home / "settings" / "@jupyterlab" / folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(home / folder) for name, folder in folders.items()}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={TOKEN}"),
        *(f"--ServerApp.root_dir={work}", "--expose-app-in-browser"),
        *("--LabApp.extension_manager=readonly", "--LabApp.news_url=None"),
    ]
    with (home / "log.txt").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=work, stdout=log, stderr=log)
        try:
            yield _address(server, home)
        finally:
            server.terminate()  # takes its kernels along
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server: subprocess.Popen, home: Path) -> str:
    """Wait until the server answers."""
    for _ in range(START_SECONDS * 5):
        if server.poll() is not None:
            break
        for file in (home / "runtime").glob("jpserver-*.json"):
            try:
                url = json.loads(file.read_text())["url"]
                urlopen(f"{url}api/status?token={TOKEN}", timeout=5).close()
                return url
            except (OSError, ValueError):
                pass  # not yet
        time.sleep(0.2)
    pytest.fail(f"expected JupyterLab to start:\n{(home / 'log.txt').read_text()[-3000:]}")


@dataclass(frozen=True)
class OpenNotebook:
    """The notebook in JupyterLab, all its cells run, and what its page said."""

    page: Page
    watch: Watch

    def interactive(self, name: str) -> Locator:
        """The interactive of a name, in its cell's output."""
        cell = self.page.locator(".jp-CodeCell").nth(1 + list(CELLS).index(name))
        widget = cell.locator(".unrolled")
        try:
            widget.wait_for(timeout=10_000)
        except TimeoutError:
            said = cell.locator(".jp-OutputArea").first.inner_text()
            pytest.fail(f"expected {name} in its cell's output, got: {said[-2000:]}")
        widget.scroll_into_view_if_needed()
        return widget


@pytest.fixture(scope="session")
def notebook(lab: str, browser: Browser) -> Iterator[OpenNotebook]:
    """The notebook, opened and run once for all tests."""
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    watch = Watch(context)
    page = context.new_page()
    page.goto(f"{lab}lab/tree/every.ipynb?token={TOKEN}")
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=DRAWN)
    page.evaluate(RUN_ALL)
    page.wait_for_function(ALL_RAN, arg=len(CELLS) + 1, timeout=DRAWN)
    yield OpenNotebook(page, watch)
    context.close()


def guess_a_character(widget: Locator) -> None:
    role(widget, "guess").press_sequentially("s")
    expect(role(widget, "verdict")).to_contain_text("It was")


def look_a_word_up(widget: Locator) -> None:
    role(widget, "word").fill("button")
    role(widget, "word").press("Enter")
    expect(widget.get_by_role("img").locator("[data-word='button']")).to_be_attached()


def walk_along_the_difference(widget: Locator) -> None:
    role(widget, "position").fill("0")
    expect(role(widget, "formula")).to_contain_text("king itself")


def write_two_words(widget: Locator) -> None:
    family = widget.locator("[data-family='Button']")
    role(family, "guess-0").fill("click")
    role(family, "guess-1").fill("hurt")
    role(family, "compare").click()
    expect(family.locator("[data-guess='click'] td")).to_have_count(2)


def break_it(widget: Locator) -> None:
    before = role(widget, "slot-2").input_value()
    role(widget, "break").click()
    expect(role(widget, "slot-2")).not_to_have_value(before)


def read_one_word(widget: Locator) -> None:
    expect(role(widget, "status")).to_contain_text("Nothing has been read")
    widget.locator("button.w-primary").first.click()
    expect(role(widget, "status")).to_contain_text("Step 1")


def choose_a_unit(widget: Locator) -> None:
    role(widget, "unit").fill("3")
    role(widget, "unit").press("Enter")
    expect(role(widget, "verdict")).to_contain_text("3")


def change_a_character(widget: Locator) -> None:
    before = role(widget, "verdict").inner_text()
    role(widget, "position").fill("12")
    expect(role(widget, "verdict")).not_to_have_text(before)


def undo_a_merge(widget: Locator) -> None:
    pairs = widget.locator("[data-role='pairs'] [data-token]")
    before = pairs.count()
    role(widget, "back").click()
    expect(pairs).to_have_count(before + 1)


def cut_the_tape(widget: Locator) -> None:
    role(widget, "window").fill("4")
    expect(widget.locator("[data-cut]")).to_have_count(2)
    expect(role(widget, "reach")).to_contain_text("dL12/dx1 = 0")


def diagnose(widget: Locator) -> None:
    widget.locator("[data-diagnosis='vanishing']").check()
    role(widget, "commit").click()
    expect(role(widget, "score")).to_contain_text("1 of 1 right")


def train(widget: Locator) -> None:
    role(widget, "toggle").click()
    expect(role(widget, "toggle")).to_have_attribute("data-state", "done", timeout=20_000)
    expect(role(widget, "numbers")).to_contain_text("Step 40")


def write_on(widget: Locator) -> None:
    role(widget, "write").click()
    expect(widget.locator("[data-at]")).to_have_count(27 + 20 + 1, timeout=20_000)
    expect(role(widget, "speed")).to_contain_text("Wrote 20 tokens")


def choose_a_head(widget: Locator) -> None:
    expect(widget.locator("[data-head]")).to_have_count(4)
    widget.locator("[data-head='2']").click()
    expect(role(widget, "head-title")).to_have_text("Layer 2, head 1")


def solve_with_the_found_head(widget: Locator) -> None:
    role(widget, "found").click()
    expect(role(widget, "verdict")).to_contain_text("solves all 72 sequences")


def let_the_mask_leak(widget: Locator) -> None:
    expect(role(widget, "summary")).to_contain_text("Nothing leaks")
    role(widget, "fill-zero").check()
    expect(role(widget, "summary")).to_contain_text("Leaks: He")


def scramble_the_heads(widget: Locator) -> None:
    widget.locator("[data-road='split']").click()
    role(widget, "forward").click()
    expect(role(widget, "verdict")).to_contain_text("8 of 12 rows")


def pad_on_the_right(widget: Locator) -> None:
    role(widget, "side-right").click()
    expect(role(widget, "written-0")).to_contain_text("padded on the right: “ I")


def run_the_race(widget: Locator) -> None:
    role(widget, "commit").click()
    role(widget, "next").click()
    expect(role(widget, "loss-1")).to_contain_text("1.900 nats")
    expect(role(widget, "verdict")).to_contain_text("Quick was at the target after 1.0 s")


def turn_the_dial(widget: Locator) -> None:
    role(widget, "dial").fill("2")
    expect(role(widget, "sample").locator("mark")).to_have_text("?\n\nJULIET:\nAy me!\n")
    role(widget, "commit").click()
    expect(role(widget, "verdict")).to_contain_text("least surprising at step 4 (1.700")


ACTIONS = {
    "you-are-the-language-model": guess_a_character,
    "vector-explorer": look_a_word_up,
    "difference-vector": walk_along_the_difference,
    "be-the-embedder": write_two_words,
    "validity-scorer": break_it,
    "unroll-it": read_one_word,
    "neuron-watch": choose_a_unit,
    "memory-span": change_a_character,
    "tokenizer-playground": undo_a_merge,
    "the-tape": cut_the_tape,
    "gradient-detective": diagnose,
    "train-one-here": train,
    "write-with-me": write_on,
    "what-is-it-looking-at": choose_a_head,
    "one-head-by-hand": solve_with_the_found_head,
    "mask-it": let_the_mask_leak,
    "shape-stepper": scramble_the_heads,
    "padding-bench": pad_on_the_right,
    "the-race": run_the_race,
    "the-dial": turn_the_dial,
}


def test_every_interactive_is_in_the_notebook() -> None:
    assert set(CELLS) == set(ACTIONS) == every_interactive()


@pytest.mark.parametrize("name", ACTIONS)
def test_interactive_works_in_jupyterlab(name: str, notebook: OpenNotebook) -> None:
    before = len(notebook.watch.complaints)
    ACTIONS[name](notebook.interactive(name))
    assert notebook.watch.complaints[before:] == []


def test_no_module_complained_or_asked_elsewhere(notebook: OpenNotebook, lab: str) -> None:
    assert notebook.watch.complaints == []
    assert notebook.watch.strangers(lab) == []
