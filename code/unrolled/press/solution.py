"""The `{solution}` directive: the answer to a task, folded behind a click, and `{answers}`.

The answer comes from the answers page beside the starter (see `exercises`), so what a reader
unfolds is what a test runs. `{answers}` is the sentence that says where the answers are.

Where a solution stands, there is a task; so a page's list of tasks, which the page of all answers
shows, is made from them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from unrolled.press import page_assets
from unrolled.press.exercises import answers_path, read_answers, solutions

SUMMARY = "Answer"
TASKS = "tasks"
STUCK = (
    "Try each task for its full time first. If you are stuck, its answer is folded under it. "
    "All answers together are"
)


class solution_node(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes this way)
    """An answer: code and explanation, folded; `task` says whose."""


class answers_link(nodes.General, nodes.Element):  # noqa: N801
    """A link to the answers' notebook: `path`, seen from the page, and the file's `name`."""


class SolutionDirective(SphinxDirective):
    """Show the answer to the task that the argument names."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the folded answer. Complains if the answers page has none for the task."""
        starter = Path(self.env.doc2path(self.env.docname))
        self.env.note_dependency(str(answers_path(starter)))
        task = self.arguments[0]
        try:
            solution = solutions(read_answers(starter))[task]
        except KeyError:
            raise self.error(f"solution: {answers_path(starter)} has none for {task!r}") from None
        except (OSError, ValueError) as problem:
            raise self.error(f"solution: {problem}") from None
        node = solution_node(task=task)
        self.set_source_info(node)
        for code in solution.code:
            node += nodes.literal_block(code, code, language="python")
        lines = StringList(solution.why.splitlines(), self.env.docname)
        self.state.nested_parse(lines, self.content_offset, node)
        return [node]


class AnswersDirective(SphinxDirective):
    """Say where the answers are."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph with a link to the notebook of answers."""
        folder, _, name = self.env.docname.rpartition("/")
        up = "../" * self.env.docname.count("/")
        path = f"{up}_notebooks/{folder}/answers/{name}.ipynb"
        link = answers_link(path=path, name=f"{name}-answers.ipynb")
        return [nodes.paragraph("", "", nodes.Text(f"{STUCK} "), link, nodes.Text("."))]


def tasks_of(env: BuildEnvironment, page: str) -> list[dict[str, str]]:
    """List a page's tasks in order: `id` as the checks name it, `title`, `anchor` in the page."""
    return env.metadata[page].get(TASKS, [])


def _note_tasks(app: Sphinx, doctree: nodes.document) -> None:
    """Remember a page's tasks with the page, each under the heading that it stands under."""
    page = app.env.docname
    found = []
    for node in doctree.findall(solution_node):
        section = node.parent
        while not isinstance(section, nodes.section | nodes.document):
            section = section.parent
        title = section.next_node(nodes.title)
        found.append(
            {
                "id": f"{page.rpartition('/')[2]}/{node['task']}",
                "title": title.astext() if title is not None else node["task"],
                "anchor": section["ids"][0] if section["ids"] else "",
            }
        )
    if found:
        app.env.metadata[page][TASKS] = found


def visit_solution(self: Any, node: solution_node) -> None:
    """Open the fold."""
    self.body.append(
        f'<details class="solution" data-solution="{self.attval(node["task"])}">'
        f'<summary>{SUMMARY}</summary>\n<div class="solution-content">\n'
    )


def depart_solution(self: Any, node: solution_node) -> None:
    """Close the fold."""
    self.body.append("</div>\n</details>\n")


def visit_answers_link(self: Any, node: answers_link) -> None:
    """Write the link; a browser saves the file instead of showing its JSON."""
    path, name = self.attval(node["path"]), self.attval(node["name"])
    self.body.append(f'<a href="{path}" download="{name}">a notebook to download</a>')


def register(app: Sphinx) -> None:
    """Add the directives, their nodes and their style to the build."""
    plain = (_pass, _pass)
    app.add_node(
        solution_node,
        html=(visit_solution, depart_solution),
        latex=plain,
        text=plain,
        texinfo=plain,
    )
    app.add_node(
        answers_link, html=(visit_answers_link, _pass), latex=plain, text=plain, texinfo=plain
    )
    app.add_directive("solution", SolutionDirective)
    app.add_directive("answers", AnswersDirective)
    app.connect("doctree-read", _note_tasks)
    page_assets.link(app, solution_node, "exercises.css")


def _pass(self: Any, node: nodes.Element) -> None:
    pass
