"""The authoring format of a synthesis question: YAML text in, frozen dataclasses out.

Free of Sphinx, so that the site, the notebooks and the checks read a question the same way.

    prompt: How does ...?          # MyST
    boxes: [King, Button]          # one label per answer box, only where there are several
    kind: list                     # "list" or "open" (the default)
    hint: One or two sentences.    # MyST, optional
    answer: |                      # MyST, the model answer
      ...
    ideas:                         # what a good answer says
      - says: A complete statement of one idea.
        terms: [[shared, same], [lookup table, W]]   # every group must be touched
        contradictions: [each word has its own]      # statements that deny the idea
    followups:                     # the same keys again, and an id; no followups of their own
      - id: emb-what-a
        prompt: ...

Every scalar is read as text: `[no, 0]` are the words "no" and "0", not False and zero.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unrolled.press.authored_yaml import each, load_text, mapping, text, texts
from unrolled.press.seed_questions import SEED_QUESTIONS

KINDS = ("open", "list")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
QUESTION_KEYS = ("prompt", "boxes", "kind", "hint", "answer", "ideas", "followups")
FOLLOWUP_KEYS = ("id", "prompt", "boxes", "kind", "hint", "answer", "ideas")
IDEA_KEYS = ("says", "terms", "contradictions")
ANSWER_MARK = "<!-- unrolled-answer: {box_id} -->"


@dataclass(frozen=True)
class Idea:
    """One key idea of a model answer, and the words by which an answer shows it."""

    says: str
    terms: tuple[tuple[str, ...], ...]
    contradictions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A synthesis question with everything its author wrote; text fields are MyST."""

    id: str
    prompt: str
    boxes: tuple[str, ...] = ()
    kind: str = "open"
    hint: str = ""
    answer: str = ""
    ideas: tuple[Idea, ...] = ()
    followups: tuple["Question", ...] = ()

    @property
    def box_ids(self) -> tuple[str, ...]:
        """Name each answer box: the question's id, or `id/1`, `id/2`, ... for several."""
        if not self.boxes:
            return (self.id,)
        return tuple(f"{self.id}/{number}" for number in range(1, len(self.boxes) + 1))

    def family(self) -> Iterator["Question"]:
        """Yield the question itself, then its follow-ups."""
        yield self
        yield from self.followups


def parse_question(id: str, body: str) -> Question:
    """Read one question from the YAML text under its directive.

    Raises ValueError naming the question, the field, what was expected and what stood there.
    """
    if not ID.fullmatch(id):
        raise ValueError(
            f"question {id!r}: expected an id of small letters, digits and single hyphens"
        )
    where = f"question {id!r}"
    question = _question(id, where, load_text(where, body), QUESTION_KEYS)
    ids = [member.id for member in question.family()]
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"question {id!r}: expected followup ids used once, got twice {repeated}")
    return question


def check_id(id: str, page: str) -> None:
    """Raise ValueError unless `id` may stand on `page` (a page's name, without folder).

    A seed question stands on the page its table names; any other id is the book's own:
    `<page>-own-<slug>`, or `<prefix>-own-<slug>` with the prefix of the page's seed ids.
    """
    if id in SEED_QUESTIONS:
        if SEED_QUESTIONS[id] != page:
            raise ValueError(
                f"question {id!r}: expected on page {SEED_QUESTIONS[id]!r}, got page {page!r}"
            )
        return
    prefixes = {name.split("-")[0] for name, home in SEED_QUESTIONS.items() if home == page}
    if not any(re.match(rf"{re.escape(start)}-own-.", id) for start in {page, *prefixes}):
        raise ValueError(
            f"question {id!r}: expected the id of a seed question or {page + '-own-<slug>'!r}"
        )


def gaps(question: Question) -> list[str]:
    """Say what a well-formed question still lacks, one sentence a gap."""
    missing = []
    for member in question.family():
        if not member.answer:
            missing.append(f"question {member.id!r}: the model answer (field 'answer') is empty")
        if not member.ideas:
            missing.append(f"question {member.id!r}: expected at least one key idea in 'ideas'")
    return missing


def rubric(question: Question) -> dict[str, Any]:
    """Return what a scorer of answers needs, as plain data ready for JSON.

    `static/feedback.js` says how the scorer reads it; texts are MyST as written.
    """
    return {
        "id": question.id,
        "kind": question.kind,
        "prompt": question.prompt,
        "ideas": [
            {
                "says": idea.says,
                "terms": [list(group) for group in idea.terms],
                "contradictions": list(idea.contradictions),
            }
            for idea in question.ideas
        ],
    }


def catalog_entry(question: Question) -> dict[str, Any]:
    """Return what the page of all answers knows of a question: its rubric and its boxes."""
    return rubric(question) | {"boxes": list(question.boxes)}


def question_cells(question: Question) -> list[tuple[str, str]]:
    """Return the cells of a question and its follow-ups, in order, as (kind, source)."""
    cells = []
    for member in question.family():
        title = "Question" if member is question else "Follow-up question"
        cells.append(("markdown", question_markdown(member, title)))
        labels = member.boxes or ("Your answer",)
        cells += [
            ("markdown", f"{ANSWER_MARK.format(box_id=box_id)}\n**{label}**\n\n…")
            for box_id, label in zip(member.box_ids, labels, strict=True)
        ]
        if compared := answer_markdown(member):
            cells.append(("markdown", compared))
    return cells


def question_markdown(question: Question, title: str = "Question") -> str:
    """Return what a reader sees before answering: the prompt, and the hint folded away."""
    hint = _details("Hint", question.hint) if question.hint else ""
    return "\n\n".join(part for part in (f"**{title}.** {question.prompt}", hint) if part)


def answer_markdown(question: Question) -> str:
    """Return what a reader compares with: key ideas and model answer, folded away."""
    parts = []
    if question.ideas:
        ideas = "\n".join(f"- {_indented(idea.says)}" for idea in question.ideas)
        parts.append(f"**Key ideas**\n\n{ideas}")
    if question.answer:
        parts.append(f"**Model answer**\n\n{question.answer}")
    return _details("Key ideas and model answer", "\n\n".join(parts)) if parts else ""


def _question(id: str, where: str, fields: Any, allowed: tuple[str, ...]) -> Question:
    fields = mapping(where, fields, allowed)
    kind = text(where, fields, "kind") or "open"
    if kind not in KINDS:
        raise ValueError(f"{where}, field 'kind': expected one of {KINDS}, got {kind!r}")
    prompt = text(where, fields, "prompt")
    if not prompt:
        raise ValueError(f"{where}, field 'prompt': expected text, got nothing")
    boxes = texts(f"{where}, field 'boxes'", fields.get("boxes", []))
    if boxes and (len(boxes) < 2 or len(set(boxes)) < len(boxes)):
        raise ValueError(
            f"{where}, field 'boxes': expected two or more different labels "
            f"(leave it out for a single box), got {list(boxes)}"
        )
    return Question(
        id=id,
        prompt=prompt,
        boxes=boxes,
        kind=kind,
        hint=text(where, fields, "hint"),
        answer=text(where, fields, "answer"),
        ideas=each(where, fields, "ideas", _idea),
        followups=each(where, fields, "followups", lambda at, one: _followup(id, at, one)),
    )


def _followup(parent: str, where: str, fields: Any) -> Question:
    fields = mapping(where, fields, FOLLOWUP_KEYS)
    id = text(where, fields, "id")
    if not ID.fullmatch(id) or not (id.startswith(f"{parent}-") or "-own-" in id):
        raise ValueError(
            f"{where}, field 'id': expected {parent + '-'!r} and a suffix such as 'a', "
            f"or an id of the book's own, got {id!r}"
        )
    return _question(id, f"question {id!r}", fields, FOLLOWUP_KEYS)


def _idea(where: str, fields: Any) -> Idea:
    fields = mapping(where, fields, IDEA_KEYS)
    says = text(where, fields, "says")
    if not says:
        raise ValueError(f"{where}, field 'says': expected one full sentence, got nothing")
    groups = fields.get("terms")
    if not isinstance(groups, list) or not groups:
        raise ValueError(
            f"{where}, field 'terms': expected a list of lists of words, got {groups!r}"
        )
    terms = tuple(texts(f"{where}, field 'terms', group {n}", g) for n, g in enumerate(groups, 1))
    if not all(terms):
        raise ValueError(f"{where}, field 'terms': expected words in every group, got {groups!r}")
    denials = fields.get("contradictions", [])
    return Idea(says, terms, texts(f"{where}, field 'contradictions'", denials))


def _details(summary: str, content: str) -> str:
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n\n</details>"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
