"""The inputs for planning how to compile CUDA code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..frontend.caller import Isolation
from ..installed.distributions import DistributionIndex
from ..real.hooks import HookKind

if TYPE_CHECKING:
    from ..provision.fetch import Fetching


class Workbench(NamedTuple):
    """What the build environment, the cache and the frontend provide in one hook."""

    environ: Mapping[str, str]
    """The person's environment variables, and those of the ``env`` table."""
    cache: Path
    visible: DistributionIndex
    """The distributions that the running interpreter can import."""
    isolation: Isolation
    kind: HookKind
    is_postponed: bool = False
    """Whether this hook needs nothing installed, although a build would."""
    plan_fetching: Callable[[str], Fetching] | None = None
    """Plans to fetch a pinned requirement; None if nothing may be added to the build environment."""
    site: Path | None = None
    """The folder in which the real backend sees torch; None if it does not see torch yet."""
    nvidia: Path | None = None
    """The folder of the libraries that torch needs, where it is now."""

    @property
    def is_temporary(self) -> bool:
        """Whether the build environment is removed after the build."""
        return self.isolation in ("hidden", "throwaway")
