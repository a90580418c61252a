"""How the real backend gets to see a runtime: present, reuse, require, fetch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import IndexLookupError, ProvisionError, RuntimeBackendError
from ..index import Indexes
from ..resolve import Outcome, Resolution
from .fetch import Fetcher, Fetching

__all__ = ["Provider", "Provision"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Provision:
    """How one runtime is provided."""

    kind: str
    """``present``, ``reuse``, ``require``, ``fetch``; ``none``: left alone; ``missing``: unknown, or not to be had."""
    why: str
    requirement: str | None = None
    """What ``get_requires_*`` returns for it."""
    refusal: RuntimeBackendError | None = None
    """Why a hook that needs the runtime stops."""
    fetched: Resolution | None = None
    """What is reused, where it is not the target's: it lies in our cache."""
    fetching: Fetching | None = None
    """What a hook that needs the runtime fetches before it goes on."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Decides how the runtimes of one hook call are provided."""

    wanted: str
    """The setting ``provision``."""
    frontend: str | None
    is_kept: bool
    """Whether the build environment is one that the frontend keeps from build to build."""
    is_asked: bool
    """True in ``get_requires_*``: what is required can still be installed."""
    is_newest_wanted: bool
    """Whether the newest runtime will do where none is known."""
    postponed: str | None
    """Why nothing has to be installed for this hook, although a build would need it."""
    fetcher: Fetcher | None
    """Keeps what was fetched; None where the build environment is not ours to complete."""
    indexes: Indexes | None
    """Where wheels are looked up; None in a hook that needs none."""

    def decide(self, outcome: Outcome) -> Provision:
        """Return how a runtime is provided: the first way that works, unless the settings name one.

        In a process that has another one imported already none works, whatever lies on the disk by now.
        """
        provision, resolution = self._decide(outcome), outcome.resolution
        if self.is_asked or resolution is None or outcome.imported is None:
            return provision
        seen = {"present": outcome.visible, "reuse": resolution.identity}.get(provision.kind)
        if seen is None or outcome.imported in (seen.reported, seen.version):
            return provision
        return _refuse(_other_is_imported(outcome.imported, resolution))

    def _decide(self, outcome: Outcome) -> Provision:
        if self.wanted == "none":
            return Provision(kind="none", why="provision is 'none': the package sees what the frontend gives it")
        resolution = outcome.resolution
        if outcome.refusal is not None or resolution is None:
            return self._provide_unknown(outcome)
        if outcome.visible is None:
            return self._provide(resolution)
        is_right = resolution.accepts(outcome.visible, outcome.rule.match)
        if self.is_kept and self.is_asked and self.wanted != "reuse":
            # The last build's: installing replaces a wrong one, and tox makes the environment anew, without a right
            # one, when it is no longer asked for.
            required = self._require(resolution)
            if required.refusal is None or not is_right:
                return required
        if is_right:
            return Provision(kind="present", why=f"the build environment has it: {outcome.visible}")
        return _refuse(_other_is_visible(outcome, resolution, is_kept=self.is_kept))

    def _provide_unknown(self, outcome: Outcome) -> Provision:
        """The frontend chooses the newest, by its own indexes and constraints, where that will do."""
        if outcome.is_unknown and self.is_newest_wanted and self.is_asked:
            newest = f"{outcome.rule.name}{outcome.rule.requirement.specifier}"
            return Provision(kind="require", why="none is known, and unresolved is 'newest'", requirement=newest)
        return Provision(kind="missing", why="it is not known which one", refusal=outcome.refusal)

    def _provide(self, resolution: Resolution) -> Provision:
        """Return how a runtime gets into a build environment that lacks it."""
        if resolution.distribution is not None and self.wanted != "require":
            return Provision(kind="reuse", why=f"installed in {resolution.distribution.site}")
        if self.wanted == "reuse":
            return _refuse(_not_installed(resolution))
        return self._require(resolution)

    def _require(self, resolution: Resolution) -> Provision:
        if self.postponed is not None and self.wanted == "auto":
            return Provision(kind="fetch", why=f"{self.postponed}: what a build needs is fetched then")
        try:
            requirement = requirement_for(self._located(resolution), self.frontend)
        except IndexLookupError as error:
            return _refuse(error)
        if requirement is None:
            return _refuse(_not_to_be_had(resolution))
        if self.fetcher is not None and self.wanted == "auto":
            kept = self._fetch(resolution, self.fetcher.plan(requirement))
            if kept is not None:
                return kept
        if self.is_asked:
            return Provision(kind="require", why=f"{resolution.how}: {resolution.origin}", requirement=requirement)
        return _refuse(_not_asked_for(resolution, requirement))

    def _fetch(self, resolution: Resolution, fetching: Fetching) -> Provision | None:
        """Reuse what was fetched before; fetch what can no longer be required."""
        found = fetching.find(resolution)
        if found is not None:
            return Provision(kind="reuse", why=f"fetched before: {fetching.folder}", fetched=found)
        if self.is_asked:
            return None
        return Provision(kind="fetch", why="the build environment was made before this was known", fetching=fetching)

    def _located(self, resolution: Resolution) -> Resolution:
        """Return the resolution with the URL of its wheel, where an index has to be asked for it.

        :raises IndexLookupError: when it is not found.
        """
        if self.indexes is None or resolution.wanted is None or resolution.url is not None:
            return resolution
        try:
            found = self.indexes.find(resolution.wanted)
        except IndexLookupError:
            if resolution.wanted.or_default:
                return resolution
            raise
        return replace(resolution, url=found.url, sha256=found.sha256)


def requirement_for(resolution: Resolution, frontend: str | None) -> str | None:
    """Return the one form in which a runtime is requested, pinned.

    A URL where one is known: it works in every frontend, its hash is checked, and no setting of an index touches it
    (facts on frontends, section 5). Else the version: ``==2.7.0`` accepts ``2.7.0+cu126`` too, ``===2.7.0`` does not,
    but poetry cannot parse it.
    """
    name, version = resolution.identity.name, resolution.identity.version
    if resolution.url is not None:
        url = resolution.url.partition("#")[0] if resolution.sha256 else resolution.url
        return f"{name} @ {url}" + (f"#sha256={resolution.sha256}" if resolution.sha256 else "")
    if resolution.pin is not None and resolution.identity.reported is None:
        return f"{name}{resolution.pin}"
    if resolution.missing is not None:
        return None
    return f"{name}=={version}" if "+" in version or frontend == "poetry" else f"{name}==={version}"


def _refuse(error: RuntimeBackendError) -> Provision:
    return Provision(kind="missing", why="it cannot be shown to the real backend", refusal=error)


def _other_is_visible(outcome: Outcome, resolution: Resolution, *, is_kept: bool) -> ProvisionError:
    where = outcome.visible_distribution.site if outcome.visible_distribution is not None else "?"
    return ProvisionError(
        f"the build environment has {outcome.visible} ({where}), but the wheel is for {resolution};"
        f" match-runtime asks for {outcome.rule.match!r}",
        hint="Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same"
        " command again."
        if is_kept
        else "Run the same command again: the frontend asked for the build requirements before this was known. If it"
        f" stays so, take {outcome.rule.name} out of what fills the build environment: build constraints, extra build"
        " dependencies.",
    )


def _other_is_imported(imported: str, resolution: Resolution) -> ProvisionError:
    return ProvisionError(
        f"this process has imported {resolution.identity.name} {imported} already, in an earlier hook, but the wheel is"
        f" for {resolution}",
        hint="Let the frontend make its environments anew (tox run --recreate): it runs all hooks in one process, and"
        " has only now replaced what the first of them imported.",
    )


def _not_installed(resolution: Resolution) -> ProvisionError:
    return ProvisionError(
        f"provision is 'reuse', but {resolution} is not installed where the wheel is for",
        hint="Install it there, or let it be installed into the build environment: RUNTIME_BACKEND_PROVISION=require.",
    )


def _not_to_be_had(resolution: Resolution) -> ProvisionError:
    return ProvisionError(
        f"{resolution} cannot be requested: {resolution.missing}",
        hint="Install it in the environment that the wheel is for, then run the same command again.",
    )


def _not_asked_for(resolution: Resolution, requirement: str) -> ProvisionError:
    return ProvisionError(
        f"the wheel is for {resolution}, which the build environment does not have:"
        f" the frontend did not ask for, or did not install, {requirement!r}",
        hint="Run the same command again: by now it is known. Without build isolation, install it first.",
    )
