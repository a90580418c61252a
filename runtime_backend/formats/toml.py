"""Parsing TOML (tomllib, or tomli before Python 3.11), and reading the TOML files that people write."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from ..errors import FileError
from ..errors.reasons import reason
from ..system.files import is_folder, read_bytes

if sys.version_info >= (3, 11):  # pragma: no cover - depends on the version
    from tomllib import loads as _parse
else:  # pragma: no cover - only Python 3.10
    from tomli import loads as _parse

MOST_PARTS = 200
"""The most parts of a dotted key: the parser's time grows with their square. Real keys have fewer than ten."""
_PART = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')[ \t]*\.[ \t]*"
_LONG_KEY = rf"(?<![\w\"'-])(?:{_PART}){{{MOST_PARTS}}}"


class TOMLDecodeError(ValueError):
    """Invalid TOML; the message has the reason and the place."""


def loads(text: str) -> dict[str, Any]:
    """Parse a TOML document.

    :raises TOMLDecodeError: if it is invalid. The parser itself also raises a plain ValueError (a number of 5,000
        digits) and a RecursionError (1,000 brackets).
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") >= MOST_PARTS and re.search(_LONG_KEY, line):
            raise TOMLDecodeError(f"found a key of more than {MOST_PARTS} parts (at line {number})")
    try:
        return _parse(text)
    except RecursionError:
        raise TOMLDecodeError("arrays or tables are nested too deeply") from None
    except ValueError as error:
        raise TOMLDecodeError(reason(error)) from None


_PLACE = r"(?s)(.*) \(at (?:line (\d+)(?:, column (\d+))?|end of document)\)"
_MARK, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_AS_UTF8 = "Save the file as UTF-8, without a byte order mark."


def read_document(path: Path) -> dict[str, Any]:
    """Read a TOML file that a person wrote, such as pyproject.toml.

    :raises FileError: if it cannot be read; has the line, and advice.
    """
    return parse_document(read_document_text(path), path)


def read_document_text(path: Path, *, takes_mark: bool = False) -> str:
    """Return the text of a TOML file that a person wrote, with its line ends.

    :param takes_mark: whether it may begin with a byte order mark, which stays in the text.
    :raises FileError: if there is no file, or it is not plain UTF-8, which TOML requires.
    """
    try:
        content = read_bytes(path)
    except FileNotFoundError:
        raise FileError("toml-unreadable", "{path}: found nothing there, expected a file", path=path) from None
    except OSError as error:
        if is_folder(path):
            raise FileError("toml-unreadable", "{path}: found a folder, expected a file", path=path) from None
        raise FileError(
            "toml-unreadable",
            "{path}: cannot be read: {why}",
            hint="Check who owns it, and its permissions." if isinstance(error, PermissionError) else None,
            path=path,
            why=reason(error, path),
        ) from None
    if content.startswith(_MARK) and not takes_mark:
        raise FileError(
            "toml-encoding",
            "{path}: line 1: found a byte order mark (BOM), expected none",
            hint=_AS_UTF8,
            path=path,
        )
    if content.startswith(_UTF16) or b"\0" in content[:4]:
        raise FileError(
            "toml-encoding",
            "{path}: line 1: found UTF-16, expected UTF-8",
            hint=_AS_UTF8,
            path=path,
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError("toml-encoding", "{path}: {why}", hint=_AS_UTF8, path=path, why=reason(error)) from None


def parse_document(text: str, path: Path) -> dict[str, Any]:
    """Parse the text of a TOML file that a person wrote.

    :raises FileError: if it is not valid TOML.
    """
    try:
        return loads(text)
    except TOMLDecodeError as error:
        raise _no_toml(str(error), text, path) from None


def _no_toml(why: str, text: str, path: Path) -> FileError:
    """Return an error that begins with the place, if the parser reports one."""
    found = re.fullmatch(_PLACE, why)
    if found is None:
        return FileError("toml-invalid", "{path}: not TOML: {why}", path=path, why=why)
    what, line, column = found.groups()
    place = f"line {line}" if line else f"line {len(text.splitlines())}, the last one"
    place += f", column {column}" if column else ""
    return FileError(
        "toml-invalid",
        "{path}: {place}: not TOML: {why}",
        hint="Correct that line; the rules are at https://toml.io.",
        path=path,
        place=place,
        why=what[:1].lower() + what[1:],
    )
