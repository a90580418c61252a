"""Parsing JSON. All JSON from files and servers is parsed here."""

from __future__ import annotations

import json
from typing import Any

from ..errors.reasons import DataError, reason
from ..system.files import is_text


def parse_json(text: str | bytes, *, is_own: bool = False) -> Any:  # noqa: ANN401 - any JSON
    r"""Parse a JSON document.

    :param is_own: whether we wrote it: surrogates (``\udce9``) are then allowed, since they encode paths that are not
        UTF-8.
    :raises DataError: for invalid JSON, and for two cases in which the parser itself raises a RecursionError (deep
        nesting) or accepts the text (surrogates, which most consumers reject).
    """
    try:
        document = json.loads(text)
        is_whole = is_own or (b"\\u" if isinstance(text, bytes) else "\\u") not in text or _is_text(document)  # type: ignore[operator]
    except RecursionError:
        raise DataError("it is nested too deeply") from None
    except ValueError as error:
        raise DataError(reason(error)) from None
    if not is_whole:
        raise DataError("found a surrogate, expected whole characters")
    return document


def _is_text(document: object) -> bool:
    return is_text(json.dumps(document, ensure_ascii=False))
