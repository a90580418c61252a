"""Placeholders such as ``{torch.version}`` in the value of a variable."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = r"\{\{|\}\}|\{([^{}]*)\}|[{}]"


def placeholders(template: str) -> list[str]:
    """Return the texts in single braces; a stray brace counts as an empty placeholder."""
    tokens = re.finditer(_PLACEHOLDER, template)
    return [token.group(1) or "" for token in tokens if token.group() not in ("{{", "}}")]


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its placeholders filled in and its doubled braces made single.

    :raises KeyError: if a placeholder has no value.
    """
    return re.sub(_PLACEHOLDER, lambda token: values[token.group(1)] if token.group(1) else token.group()[0], template)
