"""A command that installs, as far as a decision needs it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from ..arguments import Arguments
from ..processes import Process

Counted = Literal["environment", "own", "folder", "nothing"]
"""What a frontend counts as installed: the whole environment; without what a virtual environment borrows from the
system's (uv); the folder of ``--target`` or ``--prefix`` alone (uv); nothing at all (``pip wheel``, ``--target``)."""

_FALSE = ("", "0", "false", "no", "off", "n", "f")


class Option(NamedTuple):
    """An option of a command, wherever it was set."""

    name: str
    """As the command line spells it: ``--upgrade``, ``-U``."""
    value: str
    """Empty for a flag."""
    origin: str
    """``--upgrade``, ``PIP_UPGRADE``, ``/etc/pip.conf: upgrade``."""


class Installation(NamedTuple):
    """A command that installs what its own resolver chooses."""

    program: str
    """``pip install``, ``pip wheel``, ``uv pip install``, ``uv pip sync``, ``uv run``, ``uv tool install`` …"""
    process: Process
    start: int
    """The index of the first word in the process's argv that is the frontend's own."""
    cwd: Path
    """The folder that relative paths of the command start from."""
    arguments: Arguments
    """Of the command line alone."""
    words: tuple[str, ...]
    """What is named by position: requirements, paths, URLs."""
    editables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Requirements files."""
    constraints: tuple[str, ...] = ()
    """Constraints files."""
    has_no_dependencies: bool = False
    """``--no-deps``: what the named packages require counts for nothing."""
    obstacle: str | None = None
    """Why satisfied requirements do not prove that nothing moves: an option, a variable, a setting."""
    upgrades: bool = False
    """Whether pip replaces what is there already (``--upgrade``)."""
    removes: bool = False
    """Whether it removes what it does not install (``uv pip sync``, ``--exact``)."""
    counted: Counted = "environment"
    folder: Path | None = None
    """The site-packages of ``--target`` or ``--prefix``."""
    settings: Mapping[str, str] = MappingProxyType({})
    """What pip's configuration files say for this command, as pip's variables: ``PIP_INDEX_URL`` …"""
    unanswerable: str | None = None
    """Why no dry run can be made."""

    @property
    def is_installing(self) -> bool:
        """Whether an environment is changed; ``pip wheel`` only collects wheels."""
        return self.program not in ("pip wheel", "pip download", "pip lock")

    @property
    def unaskable(self) -> str | None:
        """Why a dry run of the same command would not say the same; None if it would."""
        if self.unanswerable is not None:
            return self.unanswerable
        streams = [f for f in (*self.files, *self.constraints, *self.words) if _is_stream(f, self.cwd)]
        if streams:
            return f"{self.program} has read its requirements from a stream ({streams[0]}), which cannot be read again"
        cloned = [e for e in self.editables if "+" in e.partition("://")[0] and "://" in e]
        if cloned and self.program.startswith("pip "):
            return f"a dry run of pip would clone {cloned[0].partition('@')[0]} into its source folder"
        return None

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables of the frontend's process."""
        return self.process.environ


def _is_stream(text: str, cwd: Path) -> bool:
    """Return whether a file is standard input, a descriptor or a pipe: what ``<(command)`` leads to in a shell."""
    if text == "-" or text.startswith(("/dev/stdin", "/dev/fd/", "/proc/self/fd/")):
        return True
    try:
        return stat.S_ISFIFO(os.stat(cwd / text).st_mode)  # noqa: PTH116 - Path.stat raises ValueError for some words
    except (OSError, ValueError):
        return False


def first_obstacle(options: Iterable[Option], harmless: frozenset[str]) -> str | None:
    """Return where the first option was set that is not known for harmless."""
    return next((option.origin for option in options if option.name not in harmless), None)


def values_of(options: Sequence[Option], *names: str) -> tuple[str, ...]:
    """Return every value given to an option, under any of its names."""
    return tuple(option.value for option in options if option.name in names)


def is_off(value: str) -> bool:
    """Return whether a variable or a setting switches its option off."""
    return value.strip().lower() in _FALSE
