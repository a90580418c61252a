"""The runtimes of one hook call: how each is provided, and where the real backend sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from ..formats.parsing import parse_requirement
from ..frontend.caller import Caller
from ..installed.distributions import Distribution
from ..installed.identity import Identity
from ..provision import Provision
from ..provision.links import Borrowed, occupants, plan_links
from ..provision.overlay import Overlay, plan_overlay, plan_view
from ..resolve.outcome import Outcome
from ..resolve.resolution import Resolution


class RuntimePlan(NamedTuple):
    """The outcome of resolving one runtime, and how it is provided."""

    outcome: Outcome
    provision: Provision

    @property
    def is_lacking(self) -> bool:
        """Whether the runtime is still missing for the real backend."""
        return self.provision.kind in ("require", "fetch", "missing")

    @property
    def resolution(self) -> Resolution | None:
        """The runtime for the wheel; for a fetched one, with its path."""
        return self.provision.fetched or self.outcome.resolution

    @property
    def identity(self) -> Identity | None:
        """The runtime that the real backend sees; the known facts if it is not installed yet."""
        if self.provision.kind == "present":
            return self.outcome.visible
        if self.provision.kind in ("missing", "none") or self.resolution is None:
            return None
        return self.resolution.identity

    @property
    def seen_distribution(self) -> Distribution | None:
        """The distribution that the real backend sees; None if it sees none."""
        if self.provision.kind == "present":
            return self.outcome.visible_distribution
        return self.resolution.distribution if self.provision.kind == "reuse" and self.resolution else None


class Provided(NamedTuple):
    """The runtimes of one hook call."""

    runtimes: tuple[RuntimePlan, ...]
    overlay: Overlay | None
    """Shows runtimes of the target, and fetched ones."""
    view: Overlay | None
    """Shows what is in the build environment at a path that is the same in every build."""

    @property
    def sites(self) -> dict[str, Path]:
        """Name -> present folder, of each runtime that the real backend sees."""
        return {runtime.outcome.rule.name: folder for runtime in self.runtimes for folder in self._site(runtime)}

    @property
    def nvidia(self) -> Path | None:
        """The present folder with the libraries of the wheels that torch requires."""
        torch = next((runtime for runtime in self.runtimes if runtime.outcome.rule.name == "torch"), None)
        own = None if torch is None or torch.provision.kind != "present" else torch.outcome.visible_distribution
        site = self.sites.get("torch") if own is None else own.site
        return None if site is None else site / "nvidia"

    def _site(self, runtime: RuntimePlan) -> list[Path]:
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            return [distribution.site if self.view is None else self.view.path]
        return [self.overlay.path] if runtime.provision.kind == "reuse" and self.overlay is not None else []


def show_runtimes(runtimes: tuple[RuntimePlan, ...], cache: Path, caller: Caller) -> Provided:
    """Plan the overlay and the view for some runtimes, without writing them."""
    overlay, view = _plan_overlay(runtimes, cache, caller), _plan_view(runtimes, cache, caller)
    return Provided(runtimes=runtimes, overlay=overlay, view=view)


def _plan_overlay(runtimes: tuple[RuntimePlan, ...], cache: Path, caller: Caller) -> Overlay | None:
    borrowed = [pair for runtime in runtimes for pair in _borrowed(runtime)]
    if not borrowed:
        return None
    links = plan_links([item for item, _ in borrowed], occupants(caller.sys_path))
    return plan_overlay(cache, borrowed, links)


def _plan_view(runtimes: tuple[RuntimePlan, ...], cache: Path, caller: Caller) -> Overlay | None:
    """Return the view, which shows the runtimes of a temporary build environment at a stable path."""
    found = [
        (runtime.outcome.visible_distribution, runtime.outcome.visible)
        for runtime in runtimes
        if runtime.provision.kind == "present" and caller.isolation in ("hidden", "throwaway")
    ]
    present = [(owner, identity) for owner, identity in found if owner is not None and identity is not None]
    return plan_view(cache, present) if present else None


def _borrowed(runtime: RuntimePlan) -> list[tuple[Borrowed, Identity]]:
    resolution = runtime.resolution
    if runtime.provision.kind != "reuse" or resolution is None:
        return []
    if resolution.distribution is None or resolution.environment is None:  # pragma: no cover - reuse has both; for mypy
        return []
    extras = frozenset(runtime.outcome.rule.requirement.extras)
    index = resolution.environment.distributions
    return [(Borrowed(distribution=resolution.distribution, extras=extras, installed=index), resolution.identity)]


def without_runtimes(requirements: Sequence[str], runtimes: Sequence[RuntimePlan]) -> list[str]:
    """Return the requirements without those for our runtimes: most frontends refuse two for the same name."""
    ours = {runtime.outcome.rule.name for runtime in runtimes}
    return [text for text in requirements if _name_of(text) not in ours]


def _name_of(text: str) -> str:
    requirement = parse_requirement(text)  # the frontend reports an invalid one
    return text if requirement is None else canonicalize_name(requirement.name)
