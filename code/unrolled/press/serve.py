"""Serves the site while it is written: rebuilds on every change, and the browser reloads.

The reloading script is an inline one, which the pages' Content-Security-Policy
would block; so this server, and it alone, leaves the policy out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from livereload import Server
from livereload.handlers import StaticFileHandler

POLICY = re.compile(rb'<meta [^>]*http-equiv="Content-Security-Policy"[^>]*>')
WATCHED = ("book/**/*.md", "book/assets/*", "exercises/**/*.md", "code/unrolled/**/*.*", "_*.yml")
PORT = 8000


class PagesWithoutPolicy(StaticFileHandler):
    """Serves the site's files, the pages without their Content-Security-Policy."""

    @classmethod
    def get_content(cls, abspath: str, start: int | None = None, end: int | None = None) -> bytes:
        content = Path(abspath).read_bytes()
        if abspath.endswith(".html"):
            content = POLICY.sub(b"", content)
        return content[start:end]

    def get_content_size(self) -> int:
        return len(self.get_content(self.absolute_path))


def main() -> None:
    """Entry point of ``python -m unrolled.press.serve``: from a checkout with a built book."""
    server = Server()
    server.SFH = PagesWithoutPolicy
    for pattern in WATCHED:
        server.watch(pattern, lambda: subprocess.run([sys.executable, "-m", "unrolled.press"]))
    print(f"Serving on http://127.0.0.1:{PORT}; stop with Ctrl+C")
    server.serve(port=PORT, host="127.0.0.1", root="_build/html")


if __name__ == "__main__":
    main()
