"""Planning the build requirements of one hook call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from ..config import Settings
from ..config.build_requires import SHIM, SHIM_REQUIRES, holds
from ..config.settings import BuildConstraint
from ..errors import RuntimeBackendError
from ..formats.parsing import direct_reference, parse_requirement, requirement_name
from ..frontend.caller import Caller
from ..frontend.hashes import checks_hashes
from ..frontend.visible import find_visible
from ..index.verified import Verifying
from ..locks.answer import Locked
from ..real.hooks import hook_kind
from ..system.platforms import Platform
from . import BuildNeeds
from .comparison import Difference, built_with_others, demands_of, differences, installed_too_early
from .inputs import Inputs
from .reading import read_build_lock

_KEEPING = ("pip", "pdm", "poetry")
"""Frontends that do not replace what is installed for build-system.requires (facts on build locks, section 1)."""
_OWN = frozenset((SHIM, *SHIM_REQUIRES))
"""What comes with the shim: a lock does not decide its version, since it runs already."""


def plan_build_needs(
    hook: str, settings: Settings, caller: Caller, verified: Path, *, wants_versions: bool
) -> BuildNeeds:
    """Return the build requirements that the settings name.

    :param verified: the folder of wheels whose hash was checked.
    :param wants_versions: whether the frontend accepts no URL, because it checks hashes itself.
    """
    try:
        locked = _read_lock(settings)
    except RuntimeBackendError as refusal:
        return BuildNeeds(is_whole=True, refusal=refusal)
    planner = _Planner(settings, caller, verified, wants_versions)
    if hook.startswith("get_requires"):
        needs = planner.requirements(locked)
    else:
        needs = planner.comparison(locked) if hook_kind(hook) == "wheel" else BuildNeeds()
    pins = tuple(f"{entry.name}=={entry.version}" for entry in locked)
    return needs._replace(lock=settings.build.used_lock, locked=pins)


def is_backend_installed(settings: Settings, caller: Caller) -> bool:
    """Return whether the real backend can be asked: all that it needs is visible."""
    requires = settings.build.requires
    if requires is None:
        return True
    parsed = filter(None, map(parse_requirement, requires.value))
    return all(find_visible(caller).find(canonicalize_name(r.name)) is not None for r in parsed if holds(r))


def _read_lock(settings: Settings) -> tuple[Locked, ...]:
    path = settings.build.used_lock
    if path is None:
        return ()
    runtimes = {rule.name for rule in settings.runtimes}
    return read_build_lock(path, Inputs.of(settings), runtimes, Platform())


class _Planner(NamedTuple):
    """Plans for one hook call."""

    settings: Settings
    caller: Caller
    verified: Path
    wants_versions: bool

    def requirements(self, locked: Sequence[Locked]) -> BuildNeeds:
        """Return what a hook asks for."""
        build, caller = self.settings.build, self.caller
        is_locked = build.used_lock is not None
        is_whole = is_locked or not is_backend_installed(self.settings, caller)
        written = constrained(() if build.requires is None else build.requires.value, build.constraints)
        if caller.isolation == "none":  # nothing will be installed; a build compares
            return BuildNeeds(requirements=written, is_whole=is_whole)
        early = [found for found in self._differences(locked) if found.found is not None]
        missing = list(self._missing(locked))
        if early and caller.frontend[0] in _KEEPING:
            return BuildNeeds(is_whole=True, refusal=installed_too_early(early, caller.frontend[0]))
        replaced = [f"{found.demand.name}{found.demand.specifier}" for found in early if found.demand.pin is None]
        return BuildNeeds(
            requirements=(*(map(self._reference, missing) if is_locked else written), *replaced),
            is_whole=is_whole,
            verifyings=tuple(check for entry in missing if (check := self._verifying(entry)) is not None),
            notes=tuple(map(str, self._of_the_shim(locked))),
        )

    def comparison(self, locked: Sequence[Locked]) -> BuildNeeds:
        """Return what a build finds: a difference is an error if the frontend has made the build environment."""
        isolation, found = self.caller.isolation, list(self._differences(locked))
        if not found or isolation == "assumed":
            return BuildNeeds()
        if isolation == "none":
            return BuildNeeds(notes=tuple(f"warning: {difference}" for difference in found))
        return BuildNeeds(refusal=built_with_others(found, isolation))

    def _differences(self, locked: Iterable[Locked]) -> Iterator[Difference]:
        return (found for found in self._all_differences(locked) if found.demand.name not in _OWN)

    def _of_the_shim(self, locked: Iterable[Locked]) -> Iterator[Difference]:
        """Yield the differences of what came with the shim: nothing replaces that."""
        found = (found for found in self._all_differences(locked) if found.demand.name in _OWN)
        return (difference for difference in found if difference.found is not None)

    def _all_differences(self, locked: Iterable[Locked]) -> Iterator[Difference]:
        return differences(demands_of(locked, self.settings.build.constraints), find_visible(self.caller))

    def _missing(self, locked: Sequence[Locked]) -> Iterator[Locked]:
        """Yield what the frontend has not installed yet; a kept environment would lose what is not asked for again."""
        is_kept = self.caller.isolation == "kept"
        wrong = {found.demand.name for found in differences(demands_of(locked, ()), find_visible(self.caller))}
        return (entry for entry in locked if entry.name not in _OWN and (is_kept or entry.name in wrong))

    def _reference(self, entry: Locked) -> str:
        if self.wants_versions or entry.url is None:
            return f"{entry.name}=={entry.version}"
        check = self._verifying(entry)
        return direct_reference(entry.name, entry.url if check is None else check.path.as_uri(), entry.sha256)

    def _verifying(self, entry: Locked) -> Verifying | None:
        if checks_hashes(self.caller) or entry.url is None or entry.sha256 is None:
            return None
        return Verifying(url=entry.url, sha256=entry.sha256, folder=self.verified, way_out=_WAY_OUT)


_WAY_OUT = "Make the build lock again if the file was replaced: runtime-backend lock --upgrade"


def constrained(requirements: Iterable[str], constraints: Sequence[BuildConstraint]) -> tuple[str, ...]:
    """Return requirements with the versions that build constraints allow."""
    return tuple(_constrained(text, constraints) for text in requirements)


def _constrained(text: str, constraints: Sequence[BuildConstraint]) -> str:
    requirement = parse_requirement(text)
    found = [c.requirement.specifier for c in constraints if c.name == requirement_name(text)]
    if requirement is None or requirement.url is not None or not found:
        return text
    for specifier in found:
        requirement.specifier &= specifier
    return str(requirement)
