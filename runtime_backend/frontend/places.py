"""The results of detectors: places to look at, and how reliable they are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..config.selection import Selection
from ..system.trust import trusting
from .environments import Environment

_DEFAULT = Selection()


class LateLock(NamedTuple):
    """A lock that a project manager writes only after the installation; on disk is the old one, or none."""

    command: str
    """``poetry add``."""
    name: str
    """The lock's file name."""
    installed_first: frozenset[str]
    """Normalised names of distributions that are certain to be installed before the package is built."""
    way_out: str
    """The commands that lock first and then install."""


class Place(NamedTuple):
    """One place to look at: a folder's locks, an environment, or both.

    If there are both, the locks win, because the environment may be empty or out of date.
    """

    why: str
    """The reason to look here: ``uv --python``, ``the running interpreter`` …"""
    path: Path
    environment: Environment | None = None
    locks: tuple[Path, ...] = ()
    selection: Selection = _DEFAULT
    is_target: bool = False
    """Whether this is the target, whatever it contains, so that other environments do not count."""
    is_manager: bool = False
    """Whether a project manager is at work: it is about to install the lock, and the environment is out of date."""
    removes_others: bool = False
    """Whether the project manager removes distributions that the lock does not reach."""
    late: LateLock | None = None
    """Set if the lock is written too late; ``locks`` is then empty."""
    is_guess: bool = False
    """Whether other places are equally possible."""
    ends: bool = False
    """Whether the search ends after this place."""
    objection: str | None = None
    """Why the files here are not trusted: another user may have written them. The place is then empty."""
    hidden: tuple[Path, ...] = ()
    """The paths that are not trusted."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line for each path that is not trusted, with the setting that trusts it."""
        why = f"is not used: another user may have written it ({self.path}: {self.objection})"
        return tuple(f"{path} {why}; if you trust it, set {trusting(path.parent)}" for path in self.hidden)


class Named(NamedTuple):
    """A path that was named for this call, and its origin."""

    path: Path
    origin: str


class Stated(NamedTuple):
    """The consumer's ``target`` table, used if the frontend does not name the target."""

    environment: Path | None
    lock: Path | None
    origin: str
