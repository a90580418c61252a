"""Providing a runtime to the real backend: present, reuse, require, fetch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..config.settings import ProvisionChoice
from ..errors import IndexLookupError, RuntimeBackendError
from ..formats.parsing import direct_reference
from ..frontend.caller import Isolation
from ..installed.closure import find_missing
from ..real.hooks import HookKind
from ..resolve.outcome import Outcome
from ..resolve.resolution import Resolution, direct_archive
from .refusals import (
    no_wheel,
    not_installed,
    not_required,
    other_is_installed,
    other_is_visible,
)

if TYPE_CHECKING:
    from ..index.verified import Verifying
    from ..index.wanted import IndexFile, Wanted
    from .fetch import Fetching

__all__ = ["Provider", "Provision"]


ProvisionKind = Literal["present", "reuse", "require", "fetch", "none", "missing"]
"""``none``: not provided on purpose; ``missing``: cannot be provided."""


class Provision(NamedTuple):
    """How one runtime is provided."""

    kind: ProvisionKind
    why: str
    requirement: str | None = None
    """The requirement that ``get_requires_*`` returns."""
    refusal: RuntimeBackendError | None = None
    """The error of a hook that needs the runtime."""
    fetched: Resolution | None = None
    """The runtime in our cache that is reused, if it is not the target's own."""
    fetching: Fetching | None = None
    """The fetch to run first in a hook that needs the runtime."""
    verifying: Verifying | None = None
    """The wheel to check before the frontend gets its path."""


class Provider(NamedTuple):
    """Decides how the runtimes of one hook call are provided."""

    wanted: ProvisionChoice
    """The setting ``provision``."""
    frontend: str | None
    isolation: Isolation
    kind: HookKind
    is_newest_wanted: bool
    """Whether the newest runtime is acceptable if none is known."""
    postponed: str | None
    """Why this hook needs nothing installed, although a build would."""
    plan_fetching: Callable[[str], Fetching] | None
    """Plans to fetch a pinned requirement; None if nothing may be added to the build environment."""
    find_file: Callable[[Wanted], IndexFile] | None
    """Looks up a wheel on the indexes; None in a hook that needs none."""
    verified: Path
    """The folder of wheels whose hash was checked."""
    checks_hashes: bool = True
    """Whether the frontend checks the hash of a requirement by URL."""
    wants_versions: bool = False
    """``uv --require-build-hashes``: uv gets hashes from its constraints, and accepts no URL from a hook."""

    @property
    def can_require(self) -> bool:
        """Whether what is required can still be installed."""
        return self.kind == "requirements"

    def decide(self, outcome: Outcome) -> Provision:
        """Return how a runtime is provided: the first way that works, unless the settings name one."""
        if self.wanted == "none":
            return Provision(kind="none", why="provision is 'none': the package sees what the frontend gives it")
        resolution = outcome.resolution
        if outcome.refusal is not None or resolution is None:
            return self._provide_unknown(outcome)
        if outcome.visible is None:
            return self._provide(resolution, is_complete=not self._is_incomplete(outcome, resolution))
        is_right = resolution.accepts(outcome.visible, outcome.rule.match) and self._is_that_wheel(outcome, resolution)
        if self.isolation == "kept" and self.can_require and self.wanted != "reuse":
            # It is from the last build. Requiring it again replaces a wrong one; and if it were no longer required, tox
            # would recreate the environment without it.
            required = self._require(resolution)
            if required.refusal is None or not is_right:
                return required
        if is_right:
            return Provision(kind="present", why=f"the build environment has it: {outcome.visible}")
        other = other_is_visible(outcome, resolution, is_kept=self.isolation == "kept")
        return _refuse(other_is_installed(outcome, resolution, self.frontend) if self.isolation == "none" else other)

    def _is_that_wheel(self, outcome: Outcome, resolution: Resolution) -> bool:
        """Return whether the runtime that pip or pdm installed came from the URL that was required.

        Both accept any installed version of the name for a URL (measured: facts on asking, section 6).
        """
        owner = outcome.visible_distribution
        # A dry run and the build use the same indexes, so for a runtime from an index the version is enough.
        is_theirs = self.frontend in ("pip", "pdm") and self.isolation != "none" and resolution.is_direct
        if resolution.sha256 is None or owner is None or outcome.rule.match != "exact":
            return True
        url, sha256 = direct_archive(owner.direct_url)
        return sha256 == resolution.sha256 if sha256 is not None else url is not None or not is_theirs

    def _provide_unknown(self, outcome: Outcome) -> Provision:
        """If the newest is acceptable, let the frontend choose it, by its own indexes and constraints."""
        if outcome.is_unknown and self.is_newest_wanted and self.can_require and self.postponed is None:
            newest = f"{outcome.rule.name}{outcome.rule.requirement.specifier}"
            return Provision(kind="require", why="none is known, and unresolved is 'newest'", requirement=newest)
        return Provision(kind="missing", why="the runtime is not known", refusal=outcome.refusal)

    def _is_incomplete(self, outcome: Outcome, resolution: Resolution) -> bool:
        """Return whether the installed runtime lacks a dependency that this command may install, so it cannot be
        imported.

        pipenv, for example, installs from its lock with two pips side by side: one installs torch while the other one
        builds. If the command was proved to install nothing, nothing that the target will have is missing.
        """
        owner, environment = resolution.distribution, resolution.environment
        is_moving = outcome.decision is None or outcome.decision.kind in ("asked", "read", "assumed")
        if not is_moving or owner is None or environment is None:
            return False
        return bool(find_missing(owner, set(outcome.rule.requirement.extras), environment.distributions))

    def _provide(self, resolution: Resolution, *, is_complete: bool) -> Provision:
        """Return how to provide a runtime that the build environment lacks."""
        if resolution.distribution is not None and is_complete and self.wanted != "require":
            return Provision(kind="reuse", why=f"installed in {resolution.distribution.site}")
        if self.wanted == "reuse":
            return _refuse(not_installed(resolution))
        return self._require(resolution)

    def _require(self, resolution: Resolution) -> Provision:
        if self.postponed is not None and self.wanted == "auto":
            return Provision(kind="fetch", why=f"{self.postponed}: a build will fetch it")
        try:
            located = self._located(resolution)
        except IndexLookupError as error:
            return _refuse(error)
        verifying = self._verifying(located)
        if verifying is not None:
            located = located._replace(url=verifying.path.as_uri())
        requirement = requirement_for(located, self.frontend, wants_versions=self.wants_versions)
        if requirement is None:
            return _refuse(no_wheel(resolution))
        if self.plan_fetching is not None and self.wanted == "auto":
            kept = self._fetch(resolution, self.plan_fetching(requirement))
            if kept is not None:
                return kept
        if self.can_require:
            return Provision(
                kind="require",
                why=f"{resolution.how}: {resolution.origin}",
                requirement=requirement,
                verifying=verifying,
            )
        return _refuse(not_required(resolution, requirement))

    def _verifying(self, resolution: Resolution) -> Verifying | None:
        if self.checks_hashes or not self.can_require or resolution.url is None or resolution.sha256 is None:
            return None
        from ..index.verified import Verifying  # noqa: PLC0415 - few frontends need it

        way_out = (
            "Install the runtime in the environment that the wheel is for, in a separate command, then run the same"
            " command again."
        )
        url = resolution.url.partition("#")[0]
        return Verifying(url=url, sha256=resolution.sha256, folder=self.verified, way_out=way_out)

    def _fetch(self, resolution: Resolution, fetching: Fetching) -> Provision | None:
        """Reuse a runtime that was fetched before; fetch one that can no longer be required."""
        found = fetching.find(resolution)
        if found is not None:
            return Provision(kind="reuse", why=f"fetched before: {fetching.folder}", fetched=found)
        if self.can_require:
            return None
        return Provision(kind="fetch", why="the build environment was made before this was known", fetching=fetching)

    def _located(self, resolution: Resolution) -> Resolution:
        """Return the resolution with the URL of its wheel, looking it up on an index if necessary.

        :raises IndexLookupError: if it is not found.
        """
        if self.find_file is None or resolution.wanted is None or resolution.url is not None:
            return resolution
        try:
            found = self.find_file(resolution.wanted)
        except IndexLookupError:
            if resolution.wanted.or_default:
                return resolution
            raise
        return resolution._replace(url=found.url, sha256=found.sha256)


def requirement_for(resolution: Resolution, frontend: str | None, *, wants_versions: bool = False) -> str | None:
    """Return the requirement that pins a runtime.

    If the URL is known, it is used: it works in every frontend, its hash is checked, and index settings do not affect
    it (facts on frontends, section 5). Else the version: ``==2.7.0`` also accepts ``2.7.0+cu126``, ``===2.7.0`` does
    not, but poetry cannot parse it.
    """
    name, version = resolution.identity.name, resolution.identity.version
    if wants_versions and version:
        return f"{name}=={version}"
    if resolution.url is not None:
        return direct_reference(name, resolution.url, resolution.sha256)
    if resolution.pin is not None and resolution.identity.reported is None:
        return f"{name}{resolution.pin}"
    if resolution.missing is not None:
        return None
    return f"{name}=={version}" if "+" in version or frontend == "poetry" else f"{name}==={version}"


def _refuse(error: RuntimeBackendError) -> Provision:
    return Provision(kind="missing", why="it cannot be shown to the real backend", refusal=error)
