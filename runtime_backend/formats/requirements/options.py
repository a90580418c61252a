"""The options in a line of a requirements file, parsed as pip does (optparse, shlex).

argparse and shlex are too slow: their time grows with the square of the number of words, and of the length of a word. A
lock with hashes has lines of thousands of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...errors.reasons import DataError

_NAMES = {
    **dict.fromkeys(("--requirement", "-r"), "requirement"),
    **dict.fromkeys(("--constraint", "-c"), "constraint"),
    **dict.fromkeys(("--editable", "-e"), "editable"),
    **dict.fromkeys(("--index-url", "--pypi-url", "-i"), "index-url"),
    "--extra-index-url": "extra-index-url",
    "--hash": "hash",
    "--no-index": "no-index",
}
"""The options that matter here; all others are ignored."""
_OTHERS = frozenset(
    ("--find-links", "-f", "--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--global-option")
)
"""Ignored options that have a value."""

_PIECE = re.compile(
    r"""[ \t\r\n]+"""
    r"""|'(?P<plain>[^']*)'|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|\\(?P<escaped>.)|(?P<bare>[^ \t\r\n'"\\]+)""",
    re.DOTALL,
)


def split_line(line: str) -> tuple[str, Mapping[str, list[str]]]:
    """Return the requirement of a line, and the values of the options after it, by name without dashes.

    As in pip, the requirement ends at the first word with a dash. The rules of a shell would remove quotes in a marker.

    :raises ValueError: for an open quote, an option without its value, or an ambiguous abbreviation.
    """
    words = line.split(" ")
    start = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    options: dict[str, list[str]] = {name: [] for name in _NAMES.values()}
    for name, value in _read_options(split_words(" ".join(words[start:]))):
        options[name].append(value)
    return " ".join(words[:start]).strip(), options


def split_words(text: str) -> list[str]:
    """Split a text into words, like a POSIX shell and :func:`shlex.split`.

    :raises ValueError: for an open quote, or a backslash at the end.
    """
    words: list[str] = []
    parts: list[str] = []
    place = 0
    while place < len(text):
        found = _PIECE.match(text, place)
        if found is None:
            raise DataError("found an open quote, or a backslash at the end")
        place = found.end()
        if found.lastgroup is not None:
            parts.append(_unescaped(found))
        elif parts:
            words.append("".join(parts))
            parts = []
    return [*words, "".join(parts)] if parts else words


def _unescaped(found: re.Match[str]) -> str:
    text = found.group(found.lastgroup or 0)
    return re.sub(r'\\(["\\])', r"\1", text) if found.lastgroup == "quoted" else text


def _read_options(words: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        if word == "--":
            return
        option, value = _take_apart(word)
        name = _NAMES.get(option)
        if name == "no-index":
            yield name, ""
        elif name is not None or option in _OTHERS:
            value = next(rest, None) if value is None else value
            if value is None:
                raise DataError(f"{option}: found no value, expected one")
            if name is not None:
                yield name, value


def _take_apart(word: str) -> tuple[str, str | None]:
    """Split a word into the full name of its option and the value in the same word: ``--req=x``, ``-rx``."""
    if not word.startswith("--"):
        return word[:2], word[2:] or None
    given, equals, value = word.partition("=")
    meant = [given] if given in _NAMES else [option for option in _NAMES if option.startswith(given)]
    if len(meant) > 1:
        raise DataError(f"{given} is ambiguous: {' or '.join(meant)}")
    return meant[0] if meant else given, value if equals else None
