"""Splitting the text of a requirements file into lines as pip does."""

from __future__ import annotations

import codecs
import locale
import re
from collections.abc import Iterator, Mapping

from ...errors.reasons import DataError
from ...system.files import is_text

# The mark of UTF-16 is a prefix of that of UTF-32, so the longer ones come first.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_COMMENT_LINE = re.compile(r"\s*#")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_FROM_INDEX = re.compile(r"\s+# from (\S+)\s*$")
_NO_ENCODINGS = frozenset(("idna", "punycode"))
"""Codecs of host names, whose time grows with the square of the text."""


def decode(data: bytes) -> str:
    """Decode a file: by its byte order mark, its line with the encoding, as UTF-8, or in the machine's encoding."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    for line in data.split(b"\n")[:2]:
        named = _ENCODING.search(line)
        if line.startswith(b"#") and named:
            return _decode_as(named.group(1).decode("ascii"), data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(locale.getpreferredencoding(do_setlocale=False))


def _decode_as(encoding: str, data: bytes) -> str:
    try:
        is_known = codecs.lookup(encoding).name not in _NO_ENCODINGS
    except LookupError:
        is_known = False
    if not is_known:
        raise DataError(f"found the encoding {encoding!r}, expected one that Python knows")
    text = data.decode(encoding)
    if not is_text(text):  # utf-7 and others allow surrogates
        raise DataError("found a surrogate, expected whole characters")
    return text


def logical_lines(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Yield (number of the first line, joined line without comment, index in uv's comment below it)."""
    pending: tuple[int, str, str | None] | None = None
    for number, line in _joined_lines(text):
        content = _COMMENT.sub("", line).strip()
        from_index = _FROM_INDEX.match(line)
        if content:
            if pending:
                yield pending
            pending = (number, content, None)
        elif from_index and pending and all(from_index.group(1).partition("://")):
            pending = (*pending[:2], from_index.group(1))
    if pending:
        yield pending


def _joined_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, with lines joined that end in a backslash; a comment ends a join."""
    first, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        first = first if parts else number
        if line.endswith("\\") and not _COMMENT_LINE.match(line):
            parts.append(line.strip("\\"))
            continue
        # The space keeps a comment after a joined line a comment.
        yield first, "".join([*parts, " ", line]) if parts and _COMMENT_LINE.match(line) else "".join([*parts, line])
        parts = []
    if parts:
        yield first, "".join(parts)


def expand(line: str, environ: Mapping[str, str]) -> str:
    """Replace the variables that are set; others stay unchanged."""
    return _VARIABLE.sub(lambda found: environ.get(found.group(1)) or found.group(), line)
