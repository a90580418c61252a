"""Every refusal has a name, which the documentation explains."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from stops import Stop, read_stops

import runtime_backend

PACKAGE = Path(runtime_backend.__file__).parent
PAGE = PACKAGE.parent / "docs/troubleshooting/stops.md"
STOPS = list(read_stops())
PASSED_ON = {"real/calling.py"}
"""Where a refusal comes out of a child process, with the name that it got there."""


def placeholders(text: str) -> Iterator[str]:
    """Yield the names of the facts in a template."""
    return (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.place)
def test_stop(stop: Stop) -> None:
    """A refusal has a name in words with hyphens, a message, and all facts that its templates name."""
    assert re.fullmatch("[a-z]+(-[a-z]+)*", stop.name) or stop.place.partition(":")[0] in PASSED_ON
    assert stop.messages
    assert {name for text in (*stop.messages, *stop.hints) for name in placeholders(text)} <= stop.facts


def test_nothing_is_reported_past_them() -> None:
    """No line that begins with ``error:`` is printed: it would have no name."""
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"\b(say|complain|print)\(f?\"error:", line)
    ]
    assert [] == found


def test_every_stop_is_explained() -> None:
    """The documentation has an entry for each name, and no entry for a name that no refusal has."""
    entries = re.findall(r"(?m)^```\{stop\} (\S+)$", PAGE.read_text("utf-8"))
    assert sorted({stop.name for stop in STOPS if stop.name}) == sorted(entries)
