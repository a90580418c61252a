"""Parsing YAML with PyYAML, an extra that is imported when a YAML lock is read.

Every scalar is text here: the types that YAML infers turn a version ``2.10`` into the number 2.1, and a date into an
object, which would print as something that is not in the file.
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
    "Add runtime-backend[yaml] to build-system.requires, or install PyYAML next to runtime-backend, or name the runtime"
    " with RUNTIME_BACKEND_PIN='NAME==VERSION'."
)
_NULLS = ("", "~", "null", "Null", "NULL")
_FLOW, _BLOCK, _DEPTH = re.compile(r"\[(?!])|\{(?!})"), re.compile(r"^[ \t?:-]{1000}", re.MULTILINE), 1000


def parse_part(text: str, item: re.Pattern[str], wanted: Callable[[str], bool], path: Path) -> Any:  # noqa: ANN401 - any document
    """Parse a document without the unwanted items of its lists: a lock has megabytes, the answer needs a few lines.

    Items are found by the layout that the tools write. If the rest is not a valid document, the whole text is parsed,
    which finds its mistakes.

    :raises LockError: as :func:`parse_yaml`.
    """
    part = item.sub(lambda found: found.group() if wanted(found.group()) else "", text)
    try:
        return parse_yaml(part, path)
    except LockError:
        return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Any:  # noqa: ANN401 - any document
    """Return the document: dicts, lists, text, and None for empty values.

    Duplicate keys and aliases are refused: a duplicate hides a value, a few aliases expand to gigabytes, and no tool
    writes either into a lock.

    :raises LockError: if the document is refused (names the line), or PyYAML is missing.
    :raises RecursionError: if the document is nested too deeply for the parser.
    """
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise LockError("no-pyyaml", "{path}: cannot be read: PyYAML is not installed", hint=_HINT, path=path) from None
    loader = yaml.BaseLoader if _may_be_deep(text) else getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise corrupt(path, f"not YAML: {' '.join(str(error).split())}") from None
    return None if node is None else traced(_Values(path).of(node))


def _may_be_deep(text: str) -> bool:
    """Return whether nesting may be so deep that libyaml crashes; the parser in Python raises an exception."""
    return len(_FLOW.findall(text)) > _DEPTH or _BLOCK.search(text) is not None


class _Values:
    """The values of a document's nodes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()

    def of(self, node: Any) -> Any:  # noqa: ANN401 - PyYAML's nodes, of three kinds
        """Return the value of a node."""
        if id(node) in self._seen:
            raise corrupt(self._path, f"line {node.start_mark.line + 1}: found an alias, expected none in a lock")
        self._seen.add(id(node))
        if node.id == "mapping":
            return self._mapping(node)
        if node.id == "sequence":
            return [self.of(item) for item in node.value]
        if not is_text(node.value):
            raise corrupt(self._path, f"line {node.start_mark.line + 1}: found a surrogate, expected whole characters")
        return None if not node.style and node.value in _NULLS else node.value

    def _mapping(self, node: Any) -> dict[str, Any]:  # noqa: ANN401 - PyYAML's nodes, of three kinds
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.of(key_node)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise corrupt(self._path, f"line {line}: found a key that is not text")
            if key in found:
                raise corrupt(self._path, f"line {line}: found the key {key!r} twice")
            found[key] = self.of(value_node)
        return found
