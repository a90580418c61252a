"""What becomes of a variable that somebody has configured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_PLACE = r"""(?:^|[\s=,;:'"]|-[A-Za-z])(?:/[^/]|[A-Za-z]:[\\/])|file:"""


class PlannedVariable(NamedTuple):
    """What becomes of one of them."""

    name: str
    value: str | None
    """None: the real backend does not get it from us."""
    origin: str
    why: str

    @property
    def is_place(self) -> bool:
        """Whether it tells where something lies on this machine, which is no business of who gets the wheel.

        So may what the environment has, which is not known here.
        """
        return self.value is None or leads_to_a_place(self.value)


def leads_to_a_place(text: str) -> bool:
    """Return whether a path from the root stands in a text: ``-I/opt/include``, ``a:/b``, ``file:`` of all URLs."""
    return re.search(_PLACE, text) is not None


def left(name: str, origin: str) -> PlannedVariable:
    """Return what becomes of a variable that the person has set."""
    return PlannedVariable(name=name, value=None, origin=origin, why="left as the environment has it")


def plan_unless_set(name: str, value: str, environ: Mapping[str, str], *, origin: str, why: str) -> PlannedVariable:
    """Return what becomes of a variable: the person's own goes before."""
    return left(name, origin) if name in environ else PlannedVariable(name=name, value=value, origin=origin, why=why)
