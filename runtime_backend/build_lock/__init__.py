"""Build requirements besides the runtime: from ``build-requires``, a build lock, and build constraints.

The frontend installs build-system.requires before it calls a hook, so only what a hook asks for can be locked. What it
asks for is installed on top, in ways that differ (facts on build locks, section 1).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import LockError, RuntimeBackendError

if TYPE_CHECKING:
    from ..index.verified import Verifying

__all__ = ["BuildNeeds"]


class BuildNeeds(NamedTuple):
    """The build requirements of one hook call, as far as the settings name them."""

    requirements: tuple[str, ...] = ()
    """What ``get_requires_*`` asks for."""
    is_whole: bool = False
    """Whether that is all: the real backend is not asked, because its requirements are locked or not installed yet."""
    lock: Path | None = None
    """The build lock that is used."""
    locked: tuple[str, ...] = ()
    """What it installs here, as ``name==version``."""
    verifyings: tuple[Verifying, ...] = ()
    """The wheels to check before the frontend gets their paths."""
    notes: tuple[str, ...] = ()
    refusal: RuntimeBackendError | None = None
    """The error of a hook that asks for build requirements, or that builds."""


def wrong_lock(path: Path, what: str, hint: str = "") -> LockError:
    """Return the error for a build lock that cannot be used."""
    return LockError(
        "build-lock-unusable",
        "{path}: {what}",
        hint="{way_out}",
        path=path,
        what=what,
        way_out=hint or "Make it again: runtime-backend lock",
    )
