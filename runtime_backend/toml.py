"""The one door to a TOML parser: tomllib, or tomli below Python 3.11."""

from __future__ import annotations

import re
import sys
from typing import Any

from .reasons import reason

if sys.version_info >= (3, 11):  # pragma: no cover - one of the two, by the version
    from tomllib import loads as _parse
else:  # pragma: no cover - Python 3.10 alone comes here
    from tomli import loads as _parse

MOST_PARTS = 200
"""Parts of a dotted key: the parser needs a time that grows with their square. Real keys have less than ten."""
_PART = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')[ \t]*\.[ \t]*"
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:{_PART}){{{MOST_PARTS}}}")


class TOMLDecodeError(ValueError):
    """A text is no TOML; the message says why, and where."""


def loads(text: str) -> dict[str, Any]:
    """Return a TOML document.

    :raises TOMLDecodeError: for every text that is no TOML; the parser itself also raises a plain ValueError (a number
        of 5,000 digits) and a RecursionError (1,000 brackets).
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") >= MOST_PARTS and _LONG_KEY.search(line):
            raise TOMLDecodeError(f"a key of more than {MOST_PARTS} parts (at line {number})")
    try:
        return _parse(text)
    except RecursionError:
        raise TOMLDecodeError("arrays or tables are nested too deeply") from None
    except ValueError as error:
        raise TOMLDecodeError(reason(error)) from None
