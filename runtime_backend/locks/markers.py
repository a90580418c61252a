"""Markers of locks: several extras may be active at once, which packaging's markers do not express."""

from __future__ import annotations

import re

_EXTRA = re.compile(r"extra\s*(==|!=)\s*(['\"])(.*?)\2")


def decide_extras(marker: str, active: frozenset[str]) -> str:
    """Return the marker with each test of ``extra`` decided: packaging takes one extra at a time, uv means a set."""

    def decide(test: re.Match[str]) -> str:
        holds = (test.group(3) in active) == (test.group(1) == "==")
        return "python_version >= '0'" if holds else "python_version < '0'"

    return _EXTRA.sub(decide, marker)


def ignore_extras(marker: str) -> str:
    """Return the marker with each test of ``extra`` taken for true: whether it may hold under any extras.

    Markers have no negation, so it holds at least wherever the marker itself does.
    """
    return _EXTRA.sub("python_version >= '0'", marker)
