"""Reading the command line of a frontend: options with values, flags, positional arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import length_hint
from typing import NamedTuple


class Arguments(NamedTuple):
    """A parsed command line."""

    options: tuple[tuple[str, str], ...]
    """(option as written, value) in order; the value of a flag is empty."""
    positional: tuple[str, ...]

    def values(self, *names: str) -> tuple[str, ...]:
        """Return all values of an option, under any of its names."""
        return tuple(value for name, value in self.options if name in names)

    def last(self, *names: str) -> str | None:
        """Return the last value of an option, which is the effective one."""
        found = self.values(*names)
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Return whether a flag was given."""
        return any(name in names for name, _ in self.options)


def read_arguments(words: Sequence[str], *, valued: Collection[str], stop_after: int | None = None) -> Arguments:
    """Parse a command line.

    :param words: the arguments, without the program.
    :param valued: the options with a value, as ``--long`` and ``-s``; any other option is a flag.
    :param stop_after: the number of positional arguments to read (after ``uv run CMD``, the rest belongs to CMD).
    """
    options: list[tuple[str, str]] = []
    positional: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            positional += rest
        elif word.startswith("-") and word != "-":
            options += _read_options(word, rest, valued)
        else:
            positional.append(word)
        if stop_after is not None and len(positional) >= stop_after:
            break
    return Arguments(options=tuple(options), positional=tuple(positional))


def find_positional(words: Sequence[str], *, valued: Collection[str]) -> Iterator[int]:
    """Yield the indexes of the positional arguments of a command line."""
    rest = iter(list(words))
    is_over = False
    for word in rest:
        place = len(words) - length_hint(rest) - 1
        if word == "--" and not is_over:
            is_over = True
        elif word.startswith("-") and word != "-" and not is_over:
            _read_options(word, rest, valued)
        else:
            yield place


def _read_options(word: str, rest: Iterator[str], valued: Collection[str]) -> list[tuple[str, str]]:
    """Return the option in an argument, or the options in a cluster of short ones (``-qp 3.12``, ``-Utlib``)."""
    name, _, value = word.partition("=")
    if word in valued:
        return [(word, next(rest, ""))]
    if word.startswith("--"):
        return [(name, value)]
    for index, letter in enumerate(word[1:], start=2):
        if f"-{letter}" in valued:
            flags = [(f"-{flag}", "") for flag in word[1 : index - 1]]
            return [*flags, (f"-{letter}", word[index:].removeprefix("=") or next(rest, ""))]
    return [(f"-{flag}", "") for flag in name[1:]]
