"""The one door to a YAML parser: PyYAML, an extra, imported when such a lock is read.

Whatever is no list and no mapping is text here: the types that YAML guesses turn a version ``2.10`` into the number 2.1
and a date into an object, which would print as something that is not in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import LockError
from ..system.files import is_text
from .answer import corrupt
from .tracing import traced

_HINT = (
    "Add runtime-backend[yaml] to build-system.requires, or install PyYAML beside runtime-backend, or name the runtime"
    " with RUNTIME_BACKEND_PIN='NAME==VERSION'."
)
_NULLS = ("", "~", "null", "Null", "NULL")
_FLOW, _BLOCK, _DEPTH = re.compile(r"\[(?!])|\{(?!})"), re.compile(r"^[ \t?:-]{1000}", re.MULTILINE), 1000


def parse_part(text: str, item: re.Pattern[str], wanted: Callable[[str], bool], path: Path) -> Any:  # noqa: ANN401 - as below
    """Return the document without the items of its lists that are not wanted: a lock is megabytes, the answer is lines.

    Items are told by their lines, as the tools lay them out; if what is left is no document, all of it is parsed, which
    finds what is wrong with it.

    :raises LockError: as :func:`parse_yaml`.
    """
    part = item.sub(lambda found: found.group() if wanted(found.group()) else "", text)
    try:
        return parse_yaml(part, path)
    except LockError:
        return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Any:  # noqa: ANN401 - what the document is
    """Return the document: dicts, lists, text, and None for what is left empty.

    Keys given twice and aliases are refused: the first hide a value, a few of the second unfold to gigabytes, and no
    tool writes either into a lock.

    :raises LockError: with the line, when it is no such document, and without PyYAML.
    :raises RecursionError: when it is nested beyond what the parser bears.
    """
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise LockError(f"{path}: cannot be read without PyYAML, which is not installed here", hint=_HINT) from None
    loader = yaml.BaseLoader if _may_be_deep(text) else getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise corrupt(path, f"not YAML: {' '.join(str(error).split())}") from None
    return None if node is None else traced(_Values(path).of(node))


def _may_be_deep(text: str) -> bool:
    """Whether it may be nested so deep that libyaml crashes the process; the parser in Python gives up in order."""
    return len(_FLOW.findall(text)) > _DEPTH or _BLOCK.search(text) is not None


class _Values:
    """The values of a document's nodes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()

    def of(self, node: Any) -> Any:  # noqa: ANN401 - PyYAML's nodes, of three kinds
        """Return the value of a node."""
        if id(node) in self._seen:
            raise corrupt(self._path, f"line {node.start_mark.line + 1}: found an alias, which no lock has")
        self._seen.add(id(node))
        if node.id == "mapping":
            return self._mapping(node)
        if node.id == "sequence":
            return [self.of(item) for item in node.value]
        if not is_text(node.value):
            raise corrupt(self._path, f"line {node.start_mark.line + 1}: found half of a character (a surrogate)")
        return None if not node.style and node.value in _NULLS else node.value

    def _mapping(self, node: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.of(key_node)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise corrupt(self._path, f"line {line}: found a key that is no text")
            if key in found:
                raise corrupt(self._path, f"line {line}: found the key {key!r} a second time")
            found[key] = self.of(value_node)
        return found
