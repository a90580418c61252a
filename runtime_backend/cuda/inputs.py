"""The workbench: what a package with CUDA code is compiled with, as far as it is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..installed.distributions import DistributionIndex
from ..provision.fetch import Fetcher


class Workbench(NamedTuple):
    """What the build environment, the cache and the frontend offer in one hook."""

    environ: Mapping[str, str]
    """The person's variables, and those of the ``env`` table."""
    cache: Path
    visible: DistributionIndex
    """What the running interpreter would import."""
    isolation: str
    """As of the caller: ``none``, ``hidden``, ``throwaway``, ``kept``, ``assumed``."""
    is_asked: bool
    """True in ``get_requires_*``: what is required can still be installed."""
    is_building: bool
    """True in the hooks that compile."""
    is_postponed: bool = False
    """Whether nothing has to be installed for this hook, although a build would need it."""
    fetcher: Fetcher | None = None
    """Keeps what was fetched; None where the build environment is not ours to complete."""
    site: Path | None = None
    """The folder that the real backend sees torch in; None: it does not see it yet."""
    nvidia: Path | None = None
    """The folder of the libraries that torch needs, where they lie now."""

    @property
    def is_passing(self) -> bool:
        """Whether the build environment goes with the build."""
        return self.isolation in ("hidden", "throwaway")
