"""Reading TOML tables with types: every mistake is collected with its file and dotted key; none is raised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

S = TypeVar("S", bound=str)


class Table:
    """One table of a TOML file, read key by key; :meth:`close` reports the keys that were not read.

    :param data: the parsed table.
    :param file: the file's name, for messages.
    :param key: the dotted key of the table in that file; empty for the top level.
    :param problems: the list of mistakes; nested tables share it.
    """

    def __init__(self, data: Mapping[str, Any], *, file: str, key: str = "", problems: list[str] | None = None) -> None:
        self.file = file
        self.key = key
        self.problems = [] if problems is None else problems
        self._data = data
        self._asked: set[str] = set()
        self._refused: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Return whether the table has the key."""
        return name in self._data

    def names(self) -> Iterator[str]:
        """Yield the keys of the table, as written."""
        return iter(self._data)

    def dotted(self, name: str) -> str:
        """Return the key's full dotted path."""
        return f"{self.key}.{name}" if self.key else name

    def report(self, name: str, found: str, expected: str) -> None:
        """Collect one mistake."""
        self.problems.append(f"{self.file}: {self.dotted(name)}: found {found}, expected {expected}")

    def refuse(self, name: str, expected: str) -> None:
        """Report a key that is not allowed here. Unlike unknown keys, it is not suggested for a misspelt one."""
        self._refused.add(name)
        if name in self:
            self.report(name, describe(self._data[name]), expected)

    def value(self, name: str) -> Any:  # noqa: ANN401 - a TOML value may be of any type
        """Return the value of any type, or None."""
        self._asked.add(name)
        return self._data.get(name)

    def string(self, name: str) -> str | None:
        """Return a non-empty string; None if the key is absent or wrong."""
        value = self.value(name)
        if value is None or (isinstance(value, str) and value):
            return value
        self.report(name, describe(value), "a non-empty string")
        return None

    def line(self, name: str) -> str | None:
        """Return a string as one line, possibly empty; None if the key is absent or wrong."""
        text = "" if self.value(name) == "" else self.string(name)
        return None if text is None else " ".join(text.split())

    def choice(self, name: str, allowed: Sequence[S]) -> S | None:
        """Return one of the allowed strings; None if the key is absent or wrong."""
        value = self.value(name)
        found = find_choice(value, allowed)
        if value is not None and found is None:
            self.report(name, describe(value) + did_you_mean(value, allowed), one_of(allowed))
        return found

    def boolean(self, name: str) -> bool | None:
        """Return a boolean; None if the key is absent or wrong."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        self.report(name, describe(value), "true or false")
        return None

    def array(self, name: str) -> list[Any] | None:
        """Return an array; None if the key is absent or wrong."""
        value = self.value(name)
        if value is None or isinstance(value, list):
            return value
        self.report(name, describe(value), "an array")
        return None

    def strings(self, name: str) -> list[str] | None:
        """Return the strings of an array, reporting other elements; None if the key is absent or wrong."""
        values = self.array(name)
        if values is None:
            return None
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.report(f"{name}[{index}]", describe(value), "a string")
        return [value for value in values if isinstance(value, str)]

    def table(self, name: str) -> Table | None:
        """Return a nested table that shares the list of mistakes; None if the key is absent or wrong."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(value, file=self.file, key=self.dotted(name), problems=self.problems)
        self.report(name, describe(value), "a table")
        return None

    def close(self) -> None:
        """Report every key that was not read."""
        for name in self._data:
            if name not in self._asked | self._refused:
                known = sorted(self._asked - self._refused)
                self.report(name, "an unknown key" + did_you_mean(name, known), one_of(known))


def describe(value: object) -> str:
    """Return a value for a message: its type and, for scalars, the value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the string {value!r}"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    return "nothing" if value is None else f"{type(value).__name__} {value}"


def find_choice(value: object, allowed: Sequence[S]) -> S | None:
    """Return the allowed string that equals a value."""
    return next((choice for choice in allowed if choice == value), None)


def one_of(names: Sequence[str]) -> str:
    """Return the part of a message that lists the allowed names."""
    return f"one of {', '.join(names)}" if names else "nothing"


def did_you_mean(name: object, known: Sequence[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, or nothing."""
    import difflib  # noqa: PLC0415 - only mistakes need it, and every hook loads this module

    near = difflib.get_close_matches(str(name), known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
