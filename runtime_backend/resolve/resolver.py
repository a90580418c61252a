"""Which runtime: settings, target and locks in; one outcome a runtime out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..config import Chosen, Pin, RuntimeRule, Settings, StatedTarget, is_exact
from ..distributions import Distribution, DistributionIndex
from ..errors import ResolutionError, RuntimeBackendError
from ..frontend import Caller, Named, Place, Requested, Stated, find_places, find_requested
from ..platforms import current_platform
from ..runtime import Identity, read_identity
from .resolution import Resolution
from .search import Search, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What is known of one runtime."""

    rule: RuntimeRule
    resolution: Resolution | None
    visible: Identity | None
    """What the running interpreter would import, whoever put it there."""
    visible_distribution: Distribution | None
    imported: str | None
    """The version that this process has imported already, and cannot import anew."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    refusal: RuntimeBackendError | None
    """Why there is no resolution, or why the one there is must not be used.

    A value, not an exception: a hook that needs no runtime goes on without one.
    """
    is_unknown: bool
    """Whether nothing anywhere names one: no environment, no lock, no command."""


class Resolver:
    """Resolves the runtimes of one hook call; the places are looked up once for all of them."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        self._settings = settings
        self._caller = caller
        self._is_newest_wanted = settings.unresolved.value == "newest"
        places = find_places(
            settings.source,
            caller,
            target=_named(settings.target),
            lock=_named(settings.lock),
            stated=_stated(settings.stated),
        )
        self._places = _Memo(_select(place, settings.stated) for place in places)

    @cached_property
    def visible(self) -> DistributionIndex:
        """What the running interpreter would import."""
        return DistributionIndex([Path(entry) for entry in self._caller.sys_path if entry])

    def resolve(self, rule: RuntimeRule) -> Outcome:
        """Return what is known of a runtime."""
        distribution = self.visible.find(rule.name)
        visible: Identity | None = None
        resolution: Resolution | None = None
        refusal: RuntimeBackendError | None = None
        wants_cuda = rule.name == "torch" and self._settings.cuda is not None
        python = self._caller.reader.python
        search = Search(rule.name, python=python, platform=current_platform(), wants_cuda=wants_cuda)
        try:
            visible = None if distribution is None else read_identity(distribution, self.visible)
            resolution = self._find(rule, search, visible, distribution)
            _check_specifier(rule, resolution)
        except RuntimeBackendError as error:
            refusal = error
        is_unknown = resolution is None and refusal is None
        if is_unknown:
            refusal = _nothing_known(rule, search.steps)
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
        )

    def _find(
        self, rule: RuntimeRule, search: Search, visible: Identity | None, distribution: Distribution | None
    ) -> Resolution | None:
        """Return a pin; what the same command names; what is there.

        What is there: importable without isolation, what the places say, else importable in the build environment.
        """
        requested = find_requested(self._caller, rule.name)
        pins = [pin for pin in self._settings.pins if pin.name == rule.name]
        exact = (r for r in requested if is_exact(r.requirement))
        pins += [Pin(name=rule.name, requirement=r.requirement, origin=r.origin) for r in exact]
        if pins:
            return search.pinned(pins[0], self._places)
        found = self._find_there(search, visible, distribution)
        _check_requested(requested, found)
        return found

    def _find_there(
        self, search: Search, visible: Identity | None, distribution: Distribution | None
    ) -> Resolution | None:
        isolation = self._caller.isolation
        search.visible = None if isolation == "kept" else visible
        if visible is None or isolation != "none":
            found = search.through(self._places)
            if found is not None or visible is None or (isolation == "kept" and not self._is_newest_wanted):
                return found
        why = "importable, no isolation" if isolation == "none" else "importable in the build environment"
        search.step(why, self._caller.prefix, visible)
        return Resolution(
            identity=visible, how="importable", origin=str(self._caller.prefix), distribution=distribution
        )


def _check_requested(requested: Sequence[Requested], found: Resolution | None) -> None:
    """Refuse a runtime that the very command is about to replace by one that is not known yet."""
    for item in requested:
        requirement = item.requirement
        if found is not None and not requirement.specifier.contains(found.identity.version, prereleases=True):
            raise ResolutionError(
                f"{found} is about to be replaced: {item.origin} asks for {str(requirement)!r}",
                hint=f"Name the version there, '{requirement.name}==VERSION', or install it first, in another command.",
            )


class _Memo:
    """An iterator that may be gone through again; what was looked up once is not looked up twice."""

    def __init__(self, places: Iterator[Place]) -> None:
        self._rest = places
        self._seen: list[Place] = []

    def __iter__(self) -> Iterator[Place]:
        yield from self._seen
        for place in self._rest:
            self._seen.append(place)
            yield place


def _named(chosen: Chosen[Path] | None) -> Named | None:
    return None if chosen is None else Named(path=chosen.value, origin=chosen.origin)


def _stated(stated: StatedTarget | None) -> Stated | None:
    if stated is None:
        return None
    paths = [None if chosen is None else chosen.value for chosen in (stated.environment, stated.lock)]
    return Stated(environment=paths[0], lock=paths[1], origin=stated.origin)


def _select(place: Place, stated: StatedTarget | None) -> Place:
    """Return the place with the consumer's extras and groups, where the frontend's command line names none."""
    if stated is None:
        return place
    return replace(place, selection=place.selection.or_else(extras=stated.extras, groups=stated.groups))


def _check_specifier(rule: RuntimeRule, resolution: Resolution | None) -> None:
    specifier, version = rule.requirement.specifier, "" if resolution is None else resolution.identity.version
    if version and not specifier.contains(version, prereleases=True):
        raise ResolutionError(
            f"{resolution} is not what the package supports: {rule.origin} says {str(rule.requirement)!r}",
            hint=f"Install or lock a {rule.name} that the package supports, or ask its authors for a newer release.",
        )


def _nothing_known(rule: RuntimeRule, steps: list[Step]) -> ResolutionError:
    looked = (
        "\n".join(f"  {step.why}: {step.path}: {step.found}" for step in steps) or "  nowhere: nothing names a place"
    )
    return ResolutionError(
        f"no {rule.name} is known to build against. Looked at:\n{looked}",
        hint=f"Install {rule.name} in the environment that the wheel is for, or lock it, then run the same command"
        f" again; or name it for this call: RUNTIME_BACKEND_TARGET=/path/to/environment, or"
        f" RUNTIME_BACKEND_PIN='{rule.name}==VERSION'.",
    )
