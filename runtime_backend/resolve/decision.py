"""The decision: how it is known which runtime the target will have after the frontend's command."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["proved", "read", "asked", "pinned", "found", "assumed"]
"""How a decision was reached.

``proved``: the command cannot move the runtime. ``read``: from a lock that the command installs from. ``asked``: a dry
run of the frontend's own resolver. For a build with no target, ``pinned``: set by hand; or ``found``: by the search.
``assumed``: the frontend's process cannot be seen, so the installed runtime counts, unverified.
"""


class Decision(NamedTuple):
    """How it is known which runtime the target will have."""

    kind: Kind
    evidence: str
    """The reason: ``14 requirements satisfied, nothing is upgraded``."""

    def __str__(self) -> str:
        """Return ``asked: uv pip install --dry-run: torch 9.1.0 -> 9.4.0``."""
        return f"{self.kind}: {self.evidence}"

    @property
    def is_verified(self) -> bool:
        """Whether the decision is no assumption."""
        return self.kind != "assumed"
