"""What a detector yields: a place to look at, and how far it is to be believed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..config.selection import Selection
from ..system.trust import trusting
from .environments import Environment

_DEFAULT = Selection()


class LateLock(NamedTuple):
    """A lock that a project manager writes only after it has installed: on disk is the old one, or none."""

    command: str
    """``poetry add``."""
    name: str
    """The lock's file name."""
    installed_first: frozenset[str]
    """The distributions that are certain to be installed before the package is built; normalised."""
    way_out: str
    """The commands that lock first, and then install."""


class Place(NamedTuple):
    """One place to look at: the locks of a folder, an environment, or a folder's locks and the environment beside them.

    Where there are both, the lock is believed first: beside a lock, the environment may be empty or out of date.
    """

    why: str
    """What led here: ``uv --python``, ``the running interpreter`` …"""
    path: Path
    environment: Environment | None = None
    locks: tuple[Path, ...] = ()
    selection: Selection = _DEFAULT
    is_target: bool = False
    """True: this is the target, whatever it holds; other environments are not looked at any more."""
    is_manager: bool = False
    """True: a project manager is at work, so the lock is about to be installed, and the environment is out of date."""
    removes_others: bool = False
    """True: the project manager removes what its lock does not reach."""
    late: LateLock | None = None
    """Where the lock is written too late to be believed; ``locks`` is empty then."""
    is_guess: bool = False
    """True: several could be meant, and nothing names one."""
    ends: bool = False
    """True: nothing is looked at after this place."""
    objection: str | None = None
    """Why what lies here is not believed: somebody else may have put it there. The place is empty then."""
    hidden: tuple[Path, ...] = ()
    """What is not believed."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Word of what is not believed, and how to have it believed."""
        why = f"is not used: another user may have put it there ({self.path}: {self.objection})"
        return tuple(f"{path} {why}; if you trust it, set {trusting(path.parent)}" for path in self.hidden)


class Named(NamedTuple):
    """A path that somebody named, and by what."""

    path: Path
    origin: str


class Stated(NamedTuple):
    """What the consumer says of its target, for where the frontend's own ways do not tell."""

    environment: Path | None
    lock: Path | None
    origin: str
