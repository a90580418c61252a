"""Reasons for failures in plain words: the same under every Python, without names of exception classes."""

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
"""Replacements for Python's own messages, which differ between versions."""

_METHODS = {
    **dict.fromkeys(("get", "items", "keys", "values"), "a table"),
    **dict.fromkeys(("partition", "rpartition", "split", "strip", "lower", "startswith", "removeprefix"), "text"),
}
"""Method that a value lacks -> the kind of value that has it."""


class DataError(ValueError):
    """Data that are not as expected, with a message of our own."""


def reason(error: BaseException, *named: object) -> str:
    """Return why something failed, in a few words.

    Messages of libraries about data (packaging, tomllib, PyYAML) are kept. Python's own messages are about the code.

    :param named: paths that the message contains already.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, named)
    return _of_the_data(error) or _of_a_class(error)


def _of_the_data(error: BaseException) -> str | None:
    """Return a reason that is more specific than the class of the error, if there is one."""
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
    """Return the operating system's message, and the paths that the caller does not name already."""
    of_tls = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    words = str(of_tls).lower().replace("_", " ") if of_tls else error.strerror or os.strerror(error.errno or 0)
    paths = [os.fsdecode(path) for path in (error.filename, error.filename2) if isinstance(path, (str, bytes))]
    return ": ".join([words, *(path for path in paths if path not in map(str, named))])


def _of_a_class(error: BaseException) -> str:
    kind = type(error)
    is_pythons = kind.__module__.partition(".")[0] in sys.stdlib_module_names and kind.__name__ != "TOMLDecodeError"
    if is_pythons:
        return next((words for base, words in _WORDS if isinstance(error, base)), "it is damaged")
    return str(error).strip().partition("\n")[0]  # packaging marks the position on further lines


def kind_of(value: Any) -> str:  # noqa: ANN401 - any value of a foreign file
    """Return the kind of a value from a foreign file, for a message: ``a table``, ``text``."""
    names: dict[type, str] = {dict: "a table", list: "a list", str: "text", type(None): "nothing"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), repr(value))
