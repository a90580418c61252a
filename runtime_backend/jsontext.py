"""The one door to the JSON parser."""

from __future__ import annotations

import json
from typing import Any

from .reasons import DataError, reason


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON document.

    :raises DataError: for every text that is no JSON; the parser itself raises a RecursionError for deep nesting.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise DataError("it is nested too deeply") from None
    except ValueError as error:
        raise DataError(reason(error)) from None
