"""The result for one variable of the settings: set or not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_PLACE = r"""(?:^|[\s=,;:'"]|-[A-Za-z])(?:/[^/]|[A-Za-z]:[\\/])|file:"""


class PlannedVariable(NamedTuple):
    """One variable for the real backend."""

    name: str
    value: str | None
    """None if we do not set it."""
    origin: str
    why: str

    @property
    def is_place(self) -> bool:
        """Whether the value contains a path of this machine, and must not be in the wheel.

        True for a value of the environment, which is not known here.
        """
        return self.value is None or leads_to_a_place(self.value)


def leads_to_a_place(text: str) -> bool:
    """Return whether a text contains an absolute path (``-I/opt/include``, ``a:/b``) or a ``file:`` URL."""
    return re.search(_PLACE, text) is not None


def left(name: str, origin: str) -> PlannedVariable:
    """Return a variable that keeps its value in the person's environment."""
    return PlannedVariable(name=name, value=None, origin=origin, why="left as the environment has it")


def plan_unless_set(name: str, value: str, environ: Mapping[str, str], *, origin: str, why: str) -> PlannedVariable:
    """Return a variable with a value that applies unless the person's environment has the variable."""
    return left(name, origin) if name in environ else PlannedVariable(name=name, value=value, origin=origin, why=why)
