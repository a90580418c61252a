"""Why something failed, in words for people: the same under every Python, and without the names of its classes."""

from __future__ import annotations

import os
import sys
from typing import Any

_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "it took too long"),
    (ConnectionError, "the connection was closed too early"),
    (EOFError, "it ends too early"),
    (RecursionError, "it is nested too deeply"),
    (UnicodeError, "found characters that cannot be encoded"),
    (IndexError, "a list has fewer entries than expected"),
    (LookupError, "found no such entry"),
    (TypeError, "a value is of another type than expected"),
    (ValueError, "a value is not written as expected"),
    (OSError, "it cannot be read"),
)
"""What is said in place of Python's own words, of which each version has others."""

_METHODS = {
    **dict.fromkeys(("get", "items", "keys", "values"), "a table"),
    **dict.fromkeys(("partition", "rpartition", "split", "strip", "lower", "startswith", "removeprefix"), "text"),
}
"""A method that a value lacks, and what has it."""


class DataError(ValueError):
    """Data that are not as expected; it says why in words of ours."""


def reason(error: BaseException, *named: object) -> str:
    """Return why something failed, in a few words.

    What a library says of the data (packaging, tomllib, PyYAML) is kept. What Python says speaks of the code.

    :param named: the paths that the message names already.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, named)
    return _of_the_data(error) or _of_a_class(error)


def _of_the_data(error: BaseException) -> str | None:
    """Return what is known beyond the error's class."""
    found = None
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        found = f"line {line}: found the byte 0x{error.object[error.start]:02x}, expected {error.encoding.upper()}"
    elif isinstance(error, SyntaxError):
        found = f"line {error.lineno or 1}: found no Python 3"
    elif isinstance(error, KeyError) and error.args:
        found = f"found no key {error.args[0]!r}"
    elif isinstance(error, AttributeError) and error.name in _METHODS:
        found = f"found {kind_of(error.obj)}, expected {_METHODS[error.name]}"
    elif type(error).__name__ == "TimeoutExpired":
        found = "it took too long"
    elif type(error).__name__ == "JSONDecodeError":
        found = f"line {vars(error)['lineno']}, column {vars(error)['colno']}: found no JSON"
    return found


def _of_the_system(error: OSError, named: tuple[object, ...]) -> str:
    """Return the system's own words, and the paths that are not named already."""
    of_tls = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    words = str(of_tls).lower().replace("_", " ") if of_tls else error.strerror or os.strerror(error.errno or 0)
    paths = [os.fsdecode(path) for path in (error.filename, error.filename2) if isinstance(path, (str, bytes))]
    return ": ".join([words, *(path for path in paths if path not in map(str, named))])


def _of_a_class(error: BaseException) -> str:
    kind = type(error)
    is_pythons = kind.__module__.partition(".")[0] in sys.stdlib_module_names and kind.__name__ != "TOMLDecodeError"
    if is_pythons:
        return next((words for base, words in _WORDS if isinstance(error, base)), "it is damaged")
    return str(error).strip().partition("\n")[0]  # packaging shows the place below


def kind_of(value: Any) -> str:  # noqa: ANN401 - whatever a foreign file holds
    """Return what a value of a foreign file is."""
    names: dict[type, str] = {dict: "a table", list: "a list", str: "text", type(None): "nothing"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), repr(value))
