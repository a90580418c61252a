"""The text of a selection in messages."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_backend.config.selection import Selection


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ({}, "no extra, default groups"),
        ({"extras": frozenset({"cpu"})}, "extra cpu, default groups"),
        ({"extras": frozenset({"cpu", "apex"})}, "extras apex, cpu, default groups"),
        ({"all_extras": True, "extras": frozenset({"cpu"})}, "all extras, default groups"),
        ({"groups": frozenset({"dev"})}, "no extra, group dev, default groups"),
        ({"groups": frozenset({"b", "a"}), "default_groups": False}, "no extra, groups a, b, no default groups"),
        ({"all_groups": True}, "no extra, all groups, default groups"),
    ],
)
def test_describe(chosen: dict[str, Any], text: str) -> None:
    """The text of a selection has its extras and groups, sorted."""
    assert text == Selection(**chosen).describe()
