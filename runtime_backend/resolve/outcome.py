"""What the resolver found out about one runtime."""

from __future__ import annotations

from typing import NamedTuple

from ..config import RuntimeRule
from ..errors import RuntimeBackendError
from ..installed.distributions import Distribution
from ..installed.identity import Identity
from .decision import Decision
from .resolution import Resolution
from .search import Step


class Outcome(NamedTuple):
    """What is known of one runtime."""

    rule: RuntimeRule
    resolution: Resolution | None
    visible: Identity | None
    """What the running interpreter would import, whoever put it there."""
    visible_distribution: Distribution | None
    imported: str | None
    """The version that this process has imported already, and cannot import anew: another process has to."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    refusal: RuntimeBackendError | None
    """Why there is no resolution, or why the one there is must not be used.

    A value, not an exception: a hook that needs no runtime goes on without one.
    """
    is_unknown: bool
    """Whether nothing anywhere names one: no environment, no lock, no command."""
    decision: Decision | None = None
    """How it is known that the target will have it; None in a hook that does not need to know."""
    is_bound: bool = True
    """Whether what the package requires of it counts; not with ``--no-deps``."""
