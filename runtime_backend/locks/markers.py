"""Markers in locks: several extras may be active at once, which packaging's markers do not support."""

from __future__ import annotations

import re

_EXTRA = re.compile(r"extra\s*(==|!=)\s*(['\"])(.*?)\2")


def decide_extras(marker: str, active: frozenset[str]) -> str:
    """Replace each test of ``extra`` by its result: packaging accepts one extra at a time, uv means a set."""

    def decide(test: re.Match[str]) -> str:
        holds = (test.group(3) in active) == (test.group(1) == "==")
        return "python_version >= '0'" if holds else "python_version < '0'"

    return _EXTRA.sub(decide, marker)


def ignore_extras(marker: str) -> str:
    """Replace each test of ``extra`` by true, to find out whether a marker may be true for some extras.

    Markers have no negation, so the result is true at least wherever the marker is.
    """
    return _EXTRA.sub("python_version >= '0'", marker)
