"""The search for one runtime: the places in order, and what was found at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..config import Pin
from ..errors import ResolutionError
from ..formats.parsing import parse_wheel_name
from ..frontend.places import LateLock, Place
from ..installed.identity import Identity, is_compatible, read_identity
from ..system.platforms import Platform
from ..system.urls import file_name
from .refusals import several_locked, written_too_late
from .resolution import Resolution, installed_resolution

if TYPE_CHECKING:
    from ..locks.answer import Locked

_CUDA_PACKAGES = ("cuda-toolkit", "nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12")
"""The distributions whose version is that of torch's CUDA; the first one since torch 2.11."""


class Step(NamedTuple):
    """One place that was looked at, and the result."""

    why: str
    path: str
    found: str

    def __str__(self) -> str:
        """Return ``the running interpreter: /home/jo/.venv: torch 2.7.0``."""
        return ": ".join(part for part in self if part)


class Search:
    """The search for one runtime, with its steps and notes.

    :param name: the normalised name of the distribution.
    :param python: the version of the running interpreter, ``X.Y``.
    :param wants_cuda: whether the CUDA version of a locked torch is needed.
    """

    visible: Identity | None = None
    """The runtime in the build environment, which selects one of several locked ones."""

    def __init__(self, name: str, *, python: str, platform: Platform, wants_cuda: bool = False) -> None:
        self._wants_cuda = wants_cuda
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.name = name
        self._python = python
        self._platform = platform

    def note(self, text: str) -> None:
        """Add a line for the person that is no error."""
        self.notes.append(text)

    def step(self, why: str, path: object, found: object) -> None:
        """Add a place that was looked at."""
        self.steps.append(Step(why=why, path=str(path), found=str(found)))

    def through(self, places: Iterable[Place]) -> Resolution | None:
        """Return the runtime at the first place that has it.

        :raises ResolutionError: if a lock has several candidates.
        """
        is_target_known = False
        for place in places:
            found = self.in_locks(place)
            if found is None and not is_target_known:
                found = self.in_environment(place)
            if found is not None:
                self._admit_guess(place, found)
                return found
            is_target_known = is_target_known or place.is_target
            if place.ends:
                return None
        return None

    def pinned(self, pin: Pin, places: Iterable[Place]) -> Resolution:
        """Return the pinned runtime; with the installed one, if the target has one that the pin accepts.

        :raises ResolutionError: if the URL is not that of a wheel.
        """
        requirement = pin.requirement
        self.step(pin.origin, "", requirement)
        version = _wheel_version(pin) if requirement.url else next(iter(requirement.specifier)).version
        bare = Resolution(
            identity=Identity(name=self.name, version=version),
            how="pinned",
            origin=pin.origin,
            url=requirement.url,
            # A URL means one wheel: 2.12.0, built for CUDA, is not 2.12.0+cpu, although == accepts both.
            pin=None if requirement.url else requirement.specifier,
        )
        for place in places:
            found = self.in_environment(place)
            if found is not None and bare.accepts(found.identity, "exact"):
                return bare.found(found)
            if found is not None or place.is_target:
                break
        return bare

    def in_target(self, places: Iterable[Place]) -> Resolution | None:
        """Return the runtime that is installed in the target, without locks and other environments."""
        for place in places:
            if place.is_manager:
                continue
            found = self.in_environment(place)
            if found is not None:
                self._admit_guess(place, found)
            if found is not None or place.is_target or place.ends:
                return found
        return None

    def is_locked(self, place: Place, name: str) -> bool:
        """Return whether the locks of a place install another distribution."""
        return any(self._read_lock(path, name, place) for path in place.locks)

    def check_late(self, late: LateLock) -> None:
        """Refuse a lock that is not written yet, because its environment may still change.

        :raises ResolutionError: unless the runtime is certain to be installed first.
        """
        if self.name not in late.installed_first:
            raise written_too_late(self.name, late)

    def in_locks(self, place: Place) -> Resolution | None:
        """Return the runtime that the locks of a place install, for the selected part of the project.

        :raises ResolutionError: if they have several candidates.
        """
        if place.objection is not None:
            self.step(place.why, place.path, f"not read, and no folder above it: {place.objection}")
            self.notes += place.warnings
            return None
        candidates: list[Locked] = []
        for path in place.locks:
            found = self._read_lock(path, self.name, place)
            described = " or ".join(_described(locked) for locked in found) or f"no {self.name} for this selection"
            self.step(f"{place.why} ({place.selection.describe()})", path, described)
            candidates += [locked for locked in found if locked not in candidates]
        if not candidates:
            return None
        installed = self.in_environment(place)
        locked = candidates[0] if len(candidates) == 1 else self._select(candidates, place, installed)
        return self._from_lock(locked, place, installed)

    def _read_lock(self, path: Path, name: str, place: Place) -> Sequence[Locked]:
        from ..locks import find_locked  # noqa: PLC0415 - pip and uv pip install without a lock

        return find_locked(path, name, place.selection, self._platform)

    def _select(self, candidates: list[Locked], place: Place, installed: Resolution | None) -> Locked:
        """Return the candidate that is installed; a project manager's environment does not count, since it changes."""
        hints = [self.visible, None if installed is None or place.is_manager else installed.identity]
        for hint in hints:
            fitting = [c for c in candidates if hint is not None and is_compatible(hint, _identity(c), "exact")]
            if len(fitting) == 1:
                return fitting[0]
        raise several_locked(self.name, place, [_described(candidate) for candidate in candidates])

    def _from_lock(self, locked: Locked, place: Place, installed: Resolution | None) -> Resolution:
        bare = Resolution(
            identity=_identity(locked)._replace(cuda=self._locked_cuda(locked, place)),
            how="locked",
            origin=str(locked.lock),
            url=locked.url,
            sha256=locked.sha256,
            wanted=locked.wanted,
            missing=locked.missing,
        )
        if installed is None:
            if not (place.is_manager or place.ends):
                self.note(
                    f"no {self.name} is installed in the target; building against {self.name} {locked.version} in"
                    f" {locked.lock} ({place.why}); for another one, install it first or set RUNTIME_BACKEND_PIN"
                )
            return bare
        if bare.accepts(installed.identity, "exact"):
            return bare.found(installed)
        if not place.is_manager:
            self.note(
                f"{installed.identity} is installed in {installed.origin}, but {locked.lock} pins {locked.version}:"
                " building against the locked one"
            )
        return bare

    def _locked_cuda(self, locked: Locked, place: Place) -> str | None:
        """Return the CUDA version (X.Y) of a torch without a label: that of the libraries locked with it."""
        if not self._wants_cuda or "+" in locked.version:
            return None
        for name in _CUDA_PACKAGES:
            found = self._read_lock(locked.lock, name, place)
            if found:
                return ".".join(found[0].version.split(".")[:2]) if len(found) == 1 else None
        return None

    def in_environment(self, place: Place) -> Resolution | None:
        """Return the runtime that is installed in the environment of a place."""
        environment = place.environment
        if environment is None:
            if not place.locks and place.objection is None:
                self.step(place.why, place.path, "no environment")
            return None
        distribution = environment.distributions.find(self.name)
        if environment.python != self._python:
            found = f"an environment of Python {environment.python}, but this build runs Python {self._python}"
        elif distribution is None:
            found = f"no {self.name}"
        else:
            identity = read_identity(distribution, environment.distributions)
            self.step(place.why, environment.prefix, identity)
            return installed_resolution(identity, distribution, environment)
        self.step(place.why, environment.prefix, found)
        return None

    def _admit_guess(self, place: Place, found: Resolution) -> None:
        if place.is_guess:
            self.note(
                f"guess: building against {found.identity} of {found.origin} ({place.why}), because this system does"
                " not show the frontend's target; if it is another environment, set RUNTIME_BACKEND_TARGET"
            )


def _identity(locked: Locked) -> Identity:
    return Identity(name=locked.name, version=locked.version)


def _described(locked: Locked) -> str:
    return f"{locked.name} {locked.version}" + (f" ({locked.detail})" if locked.detail else "")


def _wheel_version(pin: Pin) -> str:
    named = parse_wheel_name(file_name(pin.requirement.url or ""))
    if named is None:
        raise ResolutionError(
            "pin-without-version",
            "{origin}: found {requirement!r}, expected the URL of a wheel: its file name must be"
            " NAME-VERSION-PYTHON-ABI-PLATFORM.whl",
            origin=pin.origin,
            requirement=str(pin.requirement),
        )
    return str(named[1])
