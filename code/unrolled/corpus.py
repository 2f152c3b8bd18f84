"""Shakespeare's plays as clean text, split by play, and the vocabularies made from them.

The asset holds 38 plays in Markdown. What becomes of each thing in them:

* **Speaker names** (``**First Witch**``) become a line of capitals with a colon,
  ``FIRST WITCH:``; two names joined by ``&`` are joined by ``AND``. Some names were torn in
  two by a line break in the source; they are put together again.
* **Speeches** keep their line breaks, verse and prose alike, without trailing spaces. A speech
  that goes on after a stage direction stays one speech. A blank line ends it.
* **Stage directions** (``_Exeunt_``, ``*Exeunt.*``, also inside a line, over several lines, or in
  brackets) are left out: a reader hears none of them. So are the numbered lists that describe
  a procession. A speaker left without words is left out too.
* **Headings** (title, act, scene, prologue, song) and their continuation lines are left out.
* **Signs.** Backslashes of Markdown go; a dash becomes ``--``, as in most of these plays; the
  dots that one edition prints where two speakers share a line of verse go. Gaps before ``'s``
  and before punctuation, which the transcription left, are closed. A few slips of the
  transcription are mended one by one in `REPAIRS`; others surely remain.
* **Markup of the web** (scripts, tags, comments) is removed, should a later edition have any.

Shown in ``book/language-models.md``.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from unrolled import assets

VALIDATION_PLAY = "Julius Caesar"
TEST_PLAY = "Macbeth"
BOUNDARY = "</s>"
UNKNOWN = "<unk>"

# headings that stand among a speech's lines
STRAY_HEADINGS = re.compile(
    r"(THE )?SONG\.|DUMB SHOW\.|EPILOGUE|SPOKEN BY PROSPERO|CYMBELINE|LOVE'S LABOURS LOST"
    r"|SCENE [IVX]+:.*"
)

REPAIRS = (
    ("sha$l", "shall"),
    ("SU FFOLK", "SUFFOLK"),
    ("ROSENCRANTZ: & GUILDENSTERN:", "ROSENCRANTZ & GUILDENSTERN"),
    ("SHALLOW & PAGE & & C", "SHALLOW & PAGE & others"),
    ("Master-Gunner Sirrah", "**Master-Gunner**\nSirrah"),
    ("\nSenators, & C ", "\n\n**Senators & others**\n"),
    ("\nOF EPHESUS\n", "\n"),
    (
        "**ANTIPHOLUS**  \nDo you hear, you minion",
        "**ANTIPHOLUS OF EPHESUS**\nDo you hear, you minion",
    ),
    ("\nEnter FLAMINIUS.\n", "\n\n_Enter FLAMINIUS_\n"),
    ("_Burthen _\\[dispersedly, within_", "_Burthen, dispersedly, within_"),
    ("And _\\[Censorinus,]_  \n", "And Censorinus, "),
    ("Twice being _\\[by the people chosen]_  \n", "Twice being by the people chosen "),
    # speeches that lost their speaker's name
    ("### Prologue\n\nI come no more", "### Prologue\n\n**Prologue**\nI come no more"),
    ("EPILOGUE\n\n_Spoken by a Dancer_\n\n", "# EPILOGUE\n\n**Dancer**\n"),
    ("\nTake, O, take those lips", "\n**Boy**\nTake, O, take those lips"),
    ("\nO blessed breeding sun", "\n**TIMON**\nO blessed breeding sun"),
)


@dataclass(frozen=True)
class Play:
    """One play: its title, its genre, and its text in play format, ending in one newline."""

    title: str
    genre: str
    text: str


@dataclass(frozen=True)
class Corpus:
    """All plays, split by play: no line of a held-out play is in the training text."""

    plays: tuple[Play, ...]

    def _play(self, title: str) -> str:
        for play in self.plays:
            if play.title == title:
                return play.text
        raise ValueError(f"expected a play named {title!r}, got {[p.title for p in self.plays]}")

    @cached_property
    def train(self) -> str:
        """Every play but the two held-out ones, in the order of `plays`."""
        held_out = (VALIDATION_PLAY, TEST_PLAY)
        return "\n".join(play.text for play in self.plays if play.title not in held_out)

    @property
    def validation(self) -> str:
        """Julius Caesar: the play on which choices are made."""
        return self._play(VALIDATION_PLAY)

    @property
    def test(self) -> str:
        """Macbeth: the play that only measures."""
        return self._play(TEST_PLAY)


@cache
def load(folder: Path | None = None) -> Corpus:
    """Read and clean every play below `folder` (by default the fetched asset).

    Raises:
        ValueError: The folder holds no plays, or markup is left in one.
        AssetError: The asset can't be fetched.
    """
    folder = assets.fetch("shakespeare") if folder is None else Path(folder)
    paths = sorted(folder.glob("*/*.md"))
    if not paths:
        raise ValueError(f"expected plays as <genre>/<play>.md in {folder}, found none")
    return Corpus(tuple(_read(path) for path in paths))


def _read(path: Path) -> Play:
    markdown = path.read_text(encoding="utf-8")
    heading = re.match(r"\s*# (.+)", markdown)  # Measure for Measure has none
    title = heading.group(1).strip() if heading else path.stem.replace("-", " ").capitalize()
    text = clean(markdown)
    if left := re.search(r"[*_#<>\[\]\\|`$&](?!c\.)", text):
        around = text[max(0, left.start() - 30) : left.end() + 30]
        raise ValueError(f"expected no markup in {path.name}, got {left.group()!r} in {around!r}")
    return Play(title, path.parent.name, text)


def clean(markdown: str) -> str:
    r"""Turn a play in Markdown into play format.

    >>> clean("# Macbeth\n\n## ACT I\n\n**First Witch**  \nWhen shall  \nwe meet?  \n\n_Exeunt_\n")
    'FIRST WITCH:\nWhen shall\nwe meet?\n'
    """
    speeches: list[tuple[str, list[str]]] = []
    speaking = False  # no one speaks between a heading and the next speaker's name
    for kind, content in _pieces(_mend(markdown)):
        if kind == "heading":
            speaking = False
        elif kind == "speaker":
            speaking = True
            speeches.append((content, []))
        elif speaking:
            speeches[-1][1].append(content)
    blocks = [f"{name}:\n" + "\n".join(lines) + "\n" for name, lines in speeches if lines]
    return "\n".join(blocks)


def _mend(markdown: str) -> str:
    """Undo Markdown's escapes, the markup of the web, and the slips of the transcription."""
    text = html.unescape(markdown.replace("\r\n", "\n").replace("\ufeff", ""))
    for slip, repair in REPAIRS:
        text = text.replace(slip, repair)
    text = re.sub(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^<>]*>", "", text, flags=re.S | re.I)
    text = text.replace("\\", "").replace("—", "--").replace("& c.", "&c.")
    # torn names: BISHOP on a line, a blank line, **OF WINCHESTER**
    torn = r"^((?!OF )[A-Z]{2}[A-Z ]*|Varro's)\n\n\*\*(?=[A-Z])"
    text = re.sub(torn, r"\n**\1 ", text, flags=re.MULTILINE)
    text = re.sub(r"^\.\.\.\s|(?<= )\.\.\.[ \t]*$", "", text, flags=re.MULTILINE)
    return re.sub(r"(?<=\w) (?='[sd]\b|[?!;:,](?:\s|$))", "", text)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield ('heading', ''), ('speaker', NAME) and ('line', words) in the order of the play."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.startswith("#"):
            yield "heading", ""
            continue
        if re.match(r"\d+\. ", paragraph):  # the order of a procession
            continue
        paragraph = re.sub(r"^\*\*(.+?)\*\*[ \t]*$", "\x00\\1", paragraph, flags=re.MULTILINE)
        paragraph = re.sub(r"_+[^_\x00]*_+|\*[^*\x00]+\*|\[[^\]\x00]*\]_?", "", paragraph)
        for line in map(str.strip, paragraph.split("\n")):
            if line.startswith("\x00"):
                name = line[1:].upper().replace("&", "AND").strip(" :.")
                yield ("heading", "") if name.startswith("SCENE ") else ("speaker", name)
            elif line and not STRAY_HEADINGS.fullmatch(line):
                yield "line", line


def words(text: str) -> list[str]:
    """Split into lower-cased words (an apostrophe inside a word stays) and punctuation signs.

    >>> words("Thou'rt mad, 'tis true!")
    ["thou'rt", 'mad', ',', "'", 'tis', 'true', '!']
    """
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_", text.lower())


@dataclass(frozen=True)
class CharacterVocabulary:
    """Characters and their ids. Id 0 is the boundary token, where a text starts or ends."""

    tokens: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.tokens[:1] != (BOUNDARY,):
            raise ValueError(f"expected the first token to be {BOUNDARY!r}, got {self.tokens[:1]}")
        if len(self.tokens) == 1:
            raise ValueError("expected a text to make a vocabulary from, got an empty one")
        object.__setattr__(self, "_ids", {token: i for i, token in enumerate(self.tokens)})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """One token for each distinct character of `text`, in the order of their code points."""
        return cls((BOUNDARY, *sorted(set(text))))

    def __len__(self) -> int:
        return len(self.tokens)

    def _pieces(self, text: str) -> Iterable[str]:
        return text

    def encode(self, text: str) -> list[int]:
        """Ids of a text. Raises ValueError for what the vocabulary does not have."""
        unknown = self._ids.get(UNKNOWN)
        ids = [self._ids.get(piece, unknown) for piece in self._pieces(text)]
        if None in ids:
            strange = [piece for piece in self._pieces(text) if piece not in self._ids]
            raise ValueError(
                f"expected text made of the vocabulary's {len(self) - 1} tokens, got "
                f"{', '.join(map(repr, dict.fromkeys(strange[:5])))}"
            )
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; the boundary token stands for no text."""
        return "".join(self._named(ids))

    def _named(self, ids: Iterable[int]) -> list[str]:
        ids = [int(i) for i in ids]
        if any(not 0 <= i < len(self) for i in ids):
            raise ValueError(f"expected ids from 0 to {len(self) - 1}, got {min(ids)}..{max(ids)}")
        return [self.tokens[i] for i in ids if i != 0]


@dataclass(frozen=True)
class WordVocabulary(CharacterVocabulary):
    """Words and punctuation and their ids. Id 0 is the boundary token.

    ``decode`` puts one space between tokens, so it gives back the words, not the spacing:
    ``words(decode(encode(text))) == words(text)``.
    """

    @classmethod
    def from_text(cls, text: str, min_count: int = 1) -> Self:
        """The words that occur at least `min_count` times, most frequent first.

        From 2 on, id 1 is ``<unk>``, which stands for every word that is left out; with 1,
        a word outside the vocabulary is an error.
        """
        if min_count < 1:
            raise ValueError(f"expected min_count of at least 1, got {min_count}")
        counts = sorted(Counter(words(text)).items(), key=lambda pair: (-pair[1], pair[0]))
        special = (BOUNDARY,) if min_count == 1 else (BOUNDARY, UNKNOWN)
        return cls(special + tuple(word for word, n in counts if n >= min_count))

    def _pieces(self, text: str) -> Iterable[str]:
        return words(text)

    def decode(self, ids: Iterable[int]) -> str:
        """The words, with one space between them; the boundary token stands for no text."""
        return " ".join(self._named(ids))
