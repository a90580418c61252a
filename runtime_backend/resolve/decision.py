"""The decision: which runtime the target will have when the frontend's command is done, and how that is known."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["proved", "read", "asked", "pinned", "found", "assumed"]
"""How a decision was reached.

``proved``: nothing that the command does can move the runtime. ``read``: from a lock that the command installs from.
``asked``: the frontend's own resolver said so in a dry run. For a build with no target, ``pinned``: set by hand; or
``found``: what the search found for it. ``assumed``: the frontend's process cannot be seen, so that what is installed
counts, unverified.
"""


class Decision(NamedTuple):
    """How it is known which runtime the target will have."""

    kind: Kind
    evidence: str
    """What it rests on: ``14 requirements satisfied, nothing is upgraded``."""

    def __str__(self) -> str:
        """Return ``asked: uv pip install --dry-run: torch 9.1.0 -> 9.4.0``."""
        return f"{self.kind}: {self.evidence}"

    @property
    def is_verified(self) -> bool:
        """Whether it is more than an assumption."""
        return self.kind != "assumed"
