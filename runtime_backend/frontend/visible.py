"""The distributions that the running interpreter would import."""

from __future__ import annotations

from pathlib import Path

from ..installed.distributions import DistributionIndex
from .caller import Caller, once


@once
def find_visible(caller: Caller) -> DistributionIndex:
    """Return the distributions on the import path."""
    return DistributionIndex([Path(entry) for entry in caller.sys_path if entry])
