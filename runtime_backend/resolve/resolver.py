"""Resolving the runtimes of one hook call, from settings, target, locks and the frontend's command."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from ..config import RuntimeRule, Settings
from ..errors import ResolutionError, RuntimeBackendError
from ..frontend.caller import Caller
from ..frontend.detectors import find_places
from ..frontend.installations import Installation, find_installation
from ..frontend.managers import find_managed
from ..frontend.places import Place
from ..frontend.stated import named_place
from ..frontend.visible import find_visible
from ..installed.distributions import Distribution, DistributionIndex
from ..installed.identity import Identity, read_identity
from ..system.platforms import Platform
from .decision import Decision
from .outcome import Outcome
from .package import read_package
from .places import Memo, named, selected, stated_target
from .resolution import Resolution
from .search import Search

if TYPE_CHECKING:
    from ..frontend.asking.asker import Asker
    from .decider import Decided, Decider

_TARGETLESS = ("build", "hatch", "tox", "nox", "poetry", "pdm", "uv", "pipenv")
"""Frontends that may build a wheel without installing it; the result of the search is then the decision."""


class Resolver:
    """Resolves the runtimes of one hook call; places are looked up once for all runtimes."""

    def __init__(self, settings: Settings, caller: Caller, make_asker: Callable[[], Asker], *, may_ask: bool) -> None:
        self._settings = settings
        self._caller = caller
        self._is_newest_wanted = settings.unresolved.value == "newest"
        self._package = read_package(settings.source, settings.project)
        self._may_ask = may_ask
        self._make_asker = make_asker
        stated = stated_target(settings.stated)
        self._places = Memo(
            selected(place, settings.stated)
            for place in find_places(settings.source, caller, stated=stated, trust=settings.trust)
        )

    @cached_property
    def _decider(self) -> Decider:
        from .decider import Decider  # noqa: PLC0415 - many frontends install nothing with the wheel

        return Decider(self._caller, self._package, self._make_asker, may_ask=self._may_ask)

    @cached_property
    def visible(self) -> DistributionIndex:
        """The distributions that the running interpreter would import."""
        return find_visible(self._caller)

    def resolve(self, rule: RuntimeRule) -> Outcome:
        """Return the outcome for a runtime; refusals are in it, and not raised."""
        distribution = self.visible.find(rule.name)
        visible: Identity | None = None
        resolution: Resolution | None = None
        decision: Decision | None = None
        refusal: RuntimeBackendError | None = None
        wants_cuda = rule.name == "torch" and self._settings.cuda is not None
        python = self._caller.reader.python
        search = Search(rule.name, python=python, platform=Platform(), wants_cuda=wants_cuda)
        try:
            visible = None if distribution is None else read_identity(distribution, self.visible)
            resolution, decision = self._find(rule, search, visible, distribution)
            _check_specifier(rule, resolution)
            self._check_own(rule, resolution)
        except RuntimeBackendError as error:
            refusal = error
        is_unknown = resolution is None and refusal is None
        if is_unknown:
            from .ways_out import nothing_known  # noqa: PLC0415 - only for a stop

            refusal = nothing_known(rule, search.steps, self._caller.frontend[0], self._installation)
        return Outcome(
            rule=rule,
            resolution=resolution,
            visible=visible,
            visible_distribution=distribution,
            imported=self._caller.find_imported(rule.name),
            steps=tuple(search.steps),
            notes=tuple(search.notes),
            refusal=refusal,
            is_unknown=is_unknown,
            decision=decision,
            is_bound=self._is_bound,
        )

    @cached_property
    def _installation(self) -> Installation | None:
        """The frontend's command, if it installs or collects distributions with its own resolver."""
        found = find_installation(self._caller)
        return found if found is None or found.process.is_exact else None

    @cached_property
    def _managed(self) -> Place | None:
        found = find_managed(self._caller)
        return None if found is None else selected(found, self._settings.stated)

    def _find(
        self, rule: RuntimeRule, search: Search, visible: Identity | None, distribution: Distribution | None
    ) -> Decided:
        """Return the decision. A runtime set by hand must agree with it; without a target, it is the decision."""
        stated = self._set_by_hand(rule, search)
        installation, target = self._installation, self._settings.target
        if target is not None and not self._named:
            search.step(target.origin, target.value, "the command's own target")
        if not self._has_target and (stated is not None or self._named):
            origin = self._named[0].why if stated is None else stated.origin
            return stated, Decision(kind="pinned" if self._is_seen else "assumed", evidence=origin)
        decided, decision = self._decide(search, visible, distribution)
        if stated is None and self._named and decided is not None:
            from .ways_out import names_none  # noqa: PLC0415 - only for a stop

            raise names_none(self._named[0].why, decided, decision)
        if stated is None or decision is None:
            return (stated or decided), decision
        from .decider import reconcile  # noqa: PLC0415 - few builds have a pin
        from .ways_out import differs, with_runtime  # noqa: PLC0415

        requirement = next((str(pin.requirement) for pin in self._settings.pins if pin.name == rule.name), None)
        requirement = requirement or f"{rule.name}=={stated.identity.version}"
        way_out = with_runtime(installation, requirement) if installation else f"pin {requirement} in the project"
        origin = self._named[0].why if self._named and stated.how != "pinned" else stated.origin
        return reconcile(stated, decided, decision, differs(stated, decided, decision.evidence, way_out, origin))

    @property
    def _is_bound(self) -> bool:
        return self._installation is None or not self._installation.has_no_dependencies

    @property
    def _is_seen(self) -> bool:
        """Whether the frontend's process and its command are known."""
        process = self._caller.frontend[1]
        return not self._caller.is_hook or (process is not None and process.is_exact)

    @cached_property
    def _named(self) -> list[Place]:
        """The target and the lock that were named for this call; empty if they are the command's own target."""
        settings, caller = self._settings, self._caller
        target, lock = named(settings.target), named(settings.lock)
        place = named_place(caller, target, lock)
        if place is None:
            return []
        own = next((place.environment for place in self._places if place.is_target), None)
        is_own = own is not None and place.environment is not None and own.prefix == place.environment.prefix
        return [] if is_own and lock is None and self._has_target else [place]

    @property
    def _has_target(self) -> bool:
        """Whether the command installs into an environment."""
        return self._managed is not None or (self._installation is not None and self._installation.is_installing)

    def _set_by_hand(self, rule: RuntimeRule, search: Search) -> Resolution | None:
        """Return the runtime of a pin, or of the target or lock that was named for this call."""
        pins = [pin for pin in self._settings.pins if pin.name == rule.name]
        if pins:
            return search.pinned(pins[0], self._named or self._places)
        return search.through(self._named)

    def _decide(self, search: Search, visible: Identity | None, distribution: Distribution | None) -> Decided:
        isolation = self._caller.isolation
        search.visible = None if isolation == "kept" else visible
        if self._managed is not None:
            found = self._decider.of_project(self._managed, self._installation, search)
        elif self._installation is not None:
            found = self._decider.of_command(self._installation, self._places, search)
        else:
            found = self._find_there(search, visible), self._unasked()
        resolution, decision = found
        if self._may_ask and resolution is not None and decision is not None and not decision.is_verified:
            from .ways_out import unverified  # noqa: PLC0415 - few frontends are invisible

            search.note(unverified(resolution, decision.evidence))
        is_old = isolation == "kept" and not self._is_newest_wanted
        is_going = isolation == "none" and decision is not None and decision.kind in ("asked", "read")
        if resolution is None and visible is not None and not (is_old or is_going):
            return self._importable(search, visible, distribution), decision
        return resolution, decision

    def _unasked(self) -> Decision:
        """Return the decision for a command that installs nothing, or cannot be seen."""
        name = self._caller.frontend[0]
        if not self._caller.is_hook:
            return Decision(kind="found", evidence="no frontend is running: a command may still move it")
        if self._is_seen and name in _TARGETLESS:
            return Decision(kind="found", evidence=f"{name} installs nothing with this wheel")
        return Decision(kind="assumed", evidence=f"the command of {name or 'the frontend'} cannot be seen")

    def _find_there(self, search: Search, visible: Identity | None) -> Resolution | None:
        """Return the runtime at the first place; None if one is importable without isolation, since that counts."""
        if visible is not None and self._caller.isolation == "none":
            return None
        return search.through(self._places)

    def _importable(self, search: Search, visible: Identity, distribution: Distribution | None) -> Resolution:
        is_isolated = self._caller.isolation != "none"
        why = "importable in the build environment" if is_isolated else "importable, no isolation"
        search.step(why, self._caller.prefix, visible)
        return Resolution(
            identity=visible, how="importable", origin=str(self._caller.prefix), distribution=distribution
        )

    def _check_own(self, rule: RuntimeRule, resolution: Resolution | None) -> None:
        """Refuse a runtime that the package itself does not accept: installing the package would replace it.

        :raises ResolutionError: unless the command ignores the requirements of packages.
        """
        if resolution is None or not self._is_bound or not resolution.identity.version:
            return
        refused = self._package.refuses(rule.name, resolution.identity.version)
        if refused is not None:
            from .ways_out import about_to_be_replaced, with_runtime  # noqa: PLC0415 - only for a stop

            way_out = with_runtime(self._installation, refused) if self._installation else None
            raise about_to_be_replaced(resolution, refused, "pyproject.toml: project.dependencies", way_out)


def _check_specifier(rule: RuntimeRule, resolution: Resolution | None) -> None:
    specifier, version = rule.requirement.specifier, "" if resolution is None else resolution.identity.version
    if version and not specifier.contains(version, prereleases=True):
        raise ResolutionError(
            "runtime-not-supported",
            "the package does not support {resolution}: expected {requirement!r} ({origin})",
            hint="Install or lock a {rule} that the package supports, or ask its authors for a newer release.",
            resolution=resolution,
            requirement=str(rule.requirement),
            origin=rule.origin,
            rule=rule.name,
        )
