"""The one door to the JSON parser."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON document.

    :raises ValueError: for every text that is no JSON; the parser itself raises a RecursionError for deep nesting.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("arrays or objects are nested too deeply") from None
