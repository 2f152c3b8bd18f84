"""YAML written by authors, read strictly: every scalar is text, every mistake is named.

The readers take `where`, the place in words ("question 'emb-what', ideas 1"), for their messages.
"""

from collections.abc import Callable
from typing import Any

import yaml


class TextLoader(yaml.BaseLoader):
    """YAML with every scalar as text, refusing a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value]
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {repeated[0]!r} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def load_text(where: str, body: str) -> Any:
    """Read YAML into text, lists and dicts. Raises ValueError if it is not YAML."""
    try:
        return yaml.load(body, Loader=TextLoader)
    except yaml.YAMLError as error:
        raise ValueError(
            f"{where}: the body is not YAML: {' '.join(str(error).split())} "
            "(quote text that contains ': ' or ' #', or write it as a block after '|')"
        ) from error


def mapping(where: str, value: Any, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Return `value` if it is a mapping that has no key beyond `allowed`."""
    if not isinstance(value, dict):
        raise ValueError(
            f"{where}: expected the keys {', '.join(allowed)}, got {_described(value)}"
        )
    if unknown := sorted(str(key) for key in value if key not in allowed):
        raise ValueError(
            f"{where}: unknown key {unknown[0]!r}, expected one of {', '.join(allowed)}"
        )
    return value


def text(where: str, fields: dict[str, Any], key: str) -> str:
    """Return the text at `key` without surrounding blanks, empty if the key is missing."""
    value = fields.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{where}, field {key!r}: expected text, got {_described(value)}")
    return value.strip()


def texts(where: str, value: Any) -> tuple[str, ...]:
    """Return `value` if it is a list of non-empty texts."""
    entries = value if isinstance(value, list) else [None]
    if not all(isinstance(entry, str) and entry.strip() for entry in entries):
        raise ValueError(f"{where}: expected a list of non-empty words, got {_described(value)}")
    return tuple(entry.strip() for entry in entries)


def each(where: str, fields: dict[str, Any], key: str, read: Callable[[str, Any], Any]) -> tuple:
    """Read each entry of the list at `key` with `read(where, entry)`; none without the key."""
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"{where}, field {key!r}: expected a list, got {_described(value)}")
    return tuple(read(f"{where}, {key} {n}", entry) for n, entry in enumerate(value, 1))


def _described(value: Any) -> str:
    return "nothing" if value in (None, "") else repr(value)
