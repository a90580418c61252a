"""The one door to the JSON parser."""

from __future__ import annotations

import json
from typing import Any

from ..errors.reasons import DataError, reason
from ..system.files import is_text


def parse_json(text: str | bytes, *, is_own: bool = False) -> Any:  # noqa: ANN401 - any JSON
    r"""Return a JSON document.

    :param is_own: whether we wrote it: paths that are not UTF-8 stand in it as halves of characters (``\udce9``).
    :raises DataError: for every text that is no JSON; the parser itself raises a RecursionError for deep nesting, and
        takes halves of characters, which nothing else takes.
    """
    try:
        document = json.loads(text)
        is_whole = is_own or (b"\\u" if isinstance(text, bytes) else "\\u") not in text or _is_text(document)  # type: ignore[operator]
    except RecursionError:
        raise DataError("it is nested too deeply") from None
    except ValueError as error:
        raise DataError(reason(error)) from None
    if not is_whole:
        raise DataError("half of a character (a surrogate)")
    return document


def _is_text(document: object) -> bool:
    return is_text(json.dumps(document, ensure_ascii=False))
