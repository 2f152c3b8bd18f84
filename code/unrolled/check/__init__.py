"""What the exercises call to tell a reader whether an answer is right, and if not, why not.

One module a chapter, each with one function a task, named as the task is:

    from unrolled.check import language_models as check

    check.kneser_ney(my_function)

A check runs the reader's code on random and on corner inputs beside a reference. It says what
held, and where it failed it names the first input, what was expected, what came, and, where the
answer is that of a mistake it knows, what this hints at. It stops code that never ends.

The machinery: `chapter` (tasks, and what a check says), `trial` (running and comparing),
`deadline` (the time limit), `faults` (the reader's exceptions in one line), `progress` (what is
done; also as JSON). Importing this package loads none of the chapters.
"""

from unrolled.check.progress import export, show_progress

__all__ = ["export", "progress"]


def progress() -> str:
    """Show what is done and what is next in every chapter."""
    return show_progress()
