"""The comparison of generated notebooks fails where it must, and nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from unrolled.press.bare_environment import (
    copy_source,
    environment_variables,
    make_environment,
    own_versions,
    versions,
)
from unrolled.press.install_cell import install_code
from unrolled.press.notebook_page import _output
from unrolled.press.verify import VerificationError, check_outputs, compare, find_notebooks, main

CHECKOUT = Path(__file__).parents[3]
CELLS = [
    "import matplotlib.pyplot as plt\n"
    "from unrolled.reporting import glue, ladder_row, seconds, show",
    "print(42)",
    'glue("lm_bits", 2.25)',
    'ladder_row("toy", "Toy", 2.5)',
    'fig, ax = plt.subplots()\nax.plot([1, 2, 3])\nshow(fig, alt="a line")',
    "import traitlets, anywidget\n"
    "class View(anywidget.AnyWidget):\n"
    "    _esm = 'export default { render() {} }'\n"
    "    def __repr__(self):\n"
    "        return 'View(digest=abc)'\n"
    "View()",
    "import time\nstart = time.perf_counter()\n"
    'glue("lm_seconds", seconds(time.time() % 1000 + 1))\nseconds(time.time() % 1000 + 2)',
]
CHANGES = {
    "printed": (1, "42", "43"),
    "glued": (2, "2.25", "2.26"),
    "ladder": (3, "2.5", "2.6"),
    "figure": (4, "<Figure ", "<Figure 0"),
    "widget": (5, "digest=abc", "digest=abd"),
}


def write(notebook: NotebookNode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def executed() -> NotebookNode:
    """A notebook with everything that pages show, executed, outputs as in a generated one."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    NotebookClient(notebook, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.outputs = [kept for output in cell.outputs if (kept := _output(output))]
        cell.metadata = {}
    notebook.metadata = {}
    return notebook


def test_each_change_is_found_and_a_measured_time_is_none(
    executed: NotebookNode, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    other = nbformat.from_dict(json.loads(json.dumps(executed)))
    for number, old, new in CHANGES.values():
        outputs = json.dumps(other.cells[number].outputs)
        assert old in outputs
        other.cells[number].outputs = nbformat.from_dict(json.loads(outputs.replace(old, new)))
    write(executed, tmp_path / "same.ipynb")
    write(other, tmp_path / "other.ipynb")
    assert compare(tmp_path, Path(sys.executable)) == 1
    failed = re.findall(r"^FAILED (.*?)(?: - .*)?$", capfd.readouterr().out, re.MULTILINE)
    assert failed == [f"other.ipynb::Cell {number}" for number, _, _ in CHANGES.values()]


def test_emptied_outputs_are_refused(executed: NotebookNode, tmp_path: Path) -> None:
    path = write(executed, tmp_path / "full.ipynb")
    assert check_outputs(path) == 6
    copy = nbformat.from_dict(json.loads(json.dumps(executed)))
    for cell in copy.cells:
        cell.outputs = []
    with pytest.raises(VerificationError, match="expected outputs to compare with, got 7 cells"):
        check_outputs(write(copy, tmp_path / "empty.ipynb"))
    for cell in copy.cells:
        cell.execution_count = None
    with pytest.raises(VerificationError, match="expected every cell executed"):
        check_outputs(write(copy, tmp_path / "never.ipynb"))


def test_no_notebooks_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(VerificationError, match="found none"):
        find_notebooks(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert "build the book first" in capsys.readouterr().err


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bare environment's python and the book's source to install from."""
    folder = tmp_path_factory.mktemp("bare")
    return make_environment(folder / "environment"), copy_source(CHECKOUT, folder / "source")


@pytest.mark.slow
def test_a_notebook_runs_in_an_empty_folder_without_the_package(
    bare: tuple[Path, Path], executed: NotebookNode, tmp_path: Path
) -> None:
    python, source = bare
    probe = (
        "import importlib.util as u; print(u.find_spec('unrolled'), u.find_spec('torch') is None)"
    )
    found = subprocess.run([python, "-c", probe], capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout == "None False\n"
    before = versions(python)
    assert before == own_versions()

    install = new_code_cell(install_code(None, None), execution_count=1)
    where = new_code_cell(
        "import unrolled.reporting\nprint('site-packages' in unrolled.reporting.__file__)",
        execution_count=2,
        outputs=[nbformat.v4.new_output("stream", text="True\n")],
    )
    notebook = new_notebook(cells=[install, *executed.cells[:3], where])
    write(notebook, tmp_path / "notebooks" / "page.ipynb")
    status = compare(tmp_path / "notebooks", python, environment_variables(source))
    assert status == 0
    assert versions(python) == before
