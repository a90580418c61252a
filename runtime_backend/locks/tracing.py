"""Finding the key at which a reader failed on a malformed document.

Readers use plain dicts and lists, which do not know their place in the document. A reader that fails runs again on a
document that records each access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from ..errors.reasons import kind_of, reason

ERRORS = (LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, OSError)
"""Exceptions that a malformed document causes in a reader."""


class _Trace:
    """The key that a reader accessed last, and its value."""

    def __init__(self) -> None:
        self.place = ""
        self.value: Any = None

    def note(self, place: str, value: Any) -> None:  # noqa: ANN401 - any value of a document
        """Record an access."""
        self.place, self.value = place, value


_ACTIVE: ContextVar[_Trace | None] = ContextVar("_ACTIVE", default=None)


def explain(error: BaseException, read: Callable[[], object]) -> str:
    """Return the key at which a reader failed, and why: ``at package[torch].groups: found 3, expected another type``.

    :param read: the call that failed; it parses its documents with :func:`traced`.
    """
    trace = _Trace()
    token = _ACTIVE.set(trace)
    try:
        read()
    except ERRORS:
        pass
    else:  # the file has been corrected since
        return reason(error)
    finally:
        _ACTIVE.reset(token)
    is_typed = isinstance(error, TypeError) and trace.value is not None
    why = f"found {kind_of(trace.value)}, expected another type" if is_typed else reason(error)
    return f"at {trace.place}: {why}" if trace.place else why


def traced(document: Any) -> Any:  # noqa: ANN401 - any document
    """Return a parsed document; while a failure is traced, one that records each access."""
    trace = _ACTIVE.get()
    return document if trace is None else _wrap(document, trace, "")


def _wrap(value: Any, trace: _Trace, place: str) -> Any:  # noqa: ANN401 - any document
    if isinstance(value, dict):
        return _Table(
            {key: _wrap(entry, trace, f"{place}.{key}".lstrip(".")) for key, entry in value.items()}, trace, place
        )
    if isinstance(value, list):
        return _List([_wrap(entry, trace, f"{place}[{_name(entry)}]") for entry in value], trace, place)
    return value


def _name(entry: object) -> str:
    """Return the name of a list's entry. Its index may differ from that in the file, which is read in parts."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


class _Table(dict[Any, Any]):
    def __init__(self, entries: dict[Any, Any], trace: _Trace, place: str) -> None:
        super().__init__(entries)
        self._trace, self._place = trace, place

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - any document
        return self._noted(key, super().__getitem__)

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - any document
        return self._noted(key, super().__getitem__) if key in self else default

    def _noted(self, key: Any, take: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any document
        self._trace.note(self._place, self)
        value = take(key)
        self._trace.note(f"{self._place}.{key}".lstrip("."), value)
        return value


class _List(list[Any]):
    def __init__(self, entries: list[Any], trace: _Trace, place: str) -> None:
        super().__init__(entries)
        self._trace, self._place = trace, place

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - any document
        self._trace.note(self._place, self)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        for value in super().__iter__():
            self._trace.note(f"{self._place}[{_name(value)}]", value)
            yield value
