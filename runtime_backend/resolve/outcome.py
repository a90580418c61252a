"""The result of resolving one runtime."""

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
    """The result of resolving one runtime."""

    rule: RuntimeRule
    resolution: Resolution | None
    visible: Identity | None
    """The runtime that the running interpreter would import."""
    visible_distribution: Distribution | None
    imported: str | None
    """The version that this process has imported; another version needs another process."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    refusal: RuntimeBackendError | None
    """Why there is no resolution, or why it must not be used.

    It is a value, not raised, because a hook that needs no runtime goes on.
    """
    is_unknown: bool
    """Whether no environment, lock or command names a runtime."""
    decision: Decision | None = None
    """None in a hook that needs no decision."""
    is_bound: bool = True
    """Whether the package's requirements for the runtime count; False with ``--no-deps``."""
