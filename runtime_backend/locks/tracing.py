"""Which key of a document a reader asked for last: what to name when the document is not laid out as expected.

Readers take documents apart with the language's own means, which know no place. So when one fails, it reads again, from
a document that remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from ..errors.reasons import kind_of, reason

ERRORS = (LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, OSError)
"""What a malformed document does to a reader."""


class _Trace:
    """Where a reader is."""

    def __init__(self) -> None:
        self.place = ""
        self.value: Any = None

    def note(self, place: str, value: Any) -> None:  # noqa: ANN401 - whatever a document holds
        """Keep what a reader has got."""
        self.place, self.value = place, value


_ACTIVE: ContextVar[_Trace | None] = ContextVar("_ACTIVE", default=None)


def explain(error: BaseException, read: Callable[[], object]) -> str:
    """Return at which key a reader has failed, and why: ``at package[torch].groups: found 3, expected another type``.

    :param read: the call that has failed; it parses its documents through :func:`traced`.
    """
    trace = _Trace()
    token = _ACTIVE.set(trace)
    try:
        read()
    except ERRORS:
        pass
    else:  # the file has been mended meanwhile
        return reason(error)
    finally:
        _ACTIVE.reset(token)
    is_typed = isinstance(error, TypeError) and trace.value is not None
    why = f"found {kind_of(trace.value)}, expected another type" if is_typed else reason(error)
    return f"at {trace.place}: {why}" if trace.place else why


def traced(document: Any) -> Any:  # noqa: ANN401 - whatever the document is
    """Return a parsed document; one that remembers what is asked of it, while a place is looked for."""
    trace = _ACTIVE.get()
    return document if trace is None else _wrap(document, trace, "")


def _wrap(value: Any, trace: _Trace, place: str) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, dict):
        return _Table(
            {key: _wrap(entry, trace, f"{place}.{key}".lstrip(".")) for key, entry in value.items()}, trace, place
        )
    if isinstance(value, list):
        return _List([_wrap(entry, trace, f"{place}[{_name(entry)}]") for entry in value], trace, place)
    return value


def _name(entry: object) -> str:
    """Return what tells an entry of a list: its name. Its number may be another one in the file, read in parts."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


class _Table(dict[Any, Any]):
    def __init__(self, entries: dict[Any, Any], trace: _Trace, place: str) -> None:
        super().__init__(entries)
        self._trace, self._place = trace, place

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - as above
        return self._noted(key, super().__getitem__)

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - as above
        return self._noted(key, super().__getitem__) if key in self else default

    def _noted(self, key: Any, take: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as above
        self._trace.note(self._place, self)
        value = take(key)
        self._trace.note(f"{self._place}.{key}".lstrip("."), value)
        return value


class _List(list[Any]):
    def __init__(self, entries: list[Any], trace: _Trace, place: str) -> None:
        super().__init__(entries)
        self._trace, self._place = trace, place

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - as above
        self._trace.note(self._place, self)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        for value in super().__iter__():
            self._trace.note(f"{self._place}[{_name(value)}]", value)
            yield value
