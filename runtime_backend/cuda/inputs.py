"""The workbench: what a package with CUDA code is compiled with, as far as it is there."""

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
    """What the build environment, the cache and the frontend offer in one hook."""

    environ: Mapping[str, str]
    """The person's variables, and those of the ``env`` table."""
    cache: Path
    visible: DistributionIndex
    """What the running interpreter would import."""
    isolation: Isolation
    kind: HookKind
    is_postponed: bool = False
    """Whether nothing has to be installed for this hook, although a build would need it."""
    plan_fetching: Callable[[str], Fetching] | None = None
    """Plans to fetch a pinned requirement; None when the build environment is not ours to complete."""
    site: Path | None = None
    """The folder that the real backend sees torch in; None: it does not see it yet."""
    nvidia: Path | None = None
    """The folder of the libraries that torch needs, where they lie now."""

    @property
    def is_passing(self) -> bool:
        """Whether the build environment goes with the build."""
        return self.isolation in ("hidden", "throwaway")
