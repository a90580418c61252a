"""A parsed command that installs."""

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
"""The distributions that a frontend counts as installed: those of the whole environment; without those of the system in
a virtual environment (uv); only those in the folder of ``--target`` or ``--prefix`` (uv); none (``pip wheel``,
``--target``)."""

_FALSE = ("", "0", "false", "no", "off", "n", "f")


class Option(NamedTuple):
    """An option of a command, wherever it was set."""

    name: str
    """The spelling on the command line: ``--upgrade``, ``-U``."""
    value: str
    """Empty for a flag."""
    origin: str
    """``--upgrade``, ``PIP_UPGRADE``, ``/etc/pip.conf: upgrade``."""


class Installation(NamedTuple):
    """A command that installs with its own resolver."""

    program: str
    """``pip install``, ``pip wheel``, ``uv pip install``, ``uv pip sync``, ``uv run``, ``uv tool install`` …"""
    process: Process
    start: int
    """The index of the frontend's first argument in the process's argv."""
    cwd: Path
    """The folder to which paths in the command are relative."""
    arguments: Arguments
    """Those on the command line, without variables and settings."""
    words: tuple[str, ...]
    """Positional arguments: requirements, paths, URLs."""
    editables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Requirements files."""
    constraints: tuple[str, ...] = ()
    """Constraints files."""
    has_no_dependencies: bool = False
    """``--no-deps``: the requirements of the named packages are ignored."""
    obstacle: str | None = None
    """The option, variable or setting because of which satisfied requirements prove nothing."""
    upgrades: bool = False
    """Whether pip replaces installed distributions (``--upgrade``)."""
    removes: bool = False
    """Whether it removes other distributions (``uv pip sync``, ``--exact``)."""
    counted: Counted = "environment"
    folder: Path | None = None
    """The site-packages of ``--target`` or ``--prefix``."""
    settings: Mapping[str, str] = MappingProxyType({})
    """The settings in pip's configuration files for this command, as pip's variables: ``PIP_INDEX_URL`` …"""
    unanswerable: str | None = None
    """Why no dry run is possible."""

    @property
    def is_installing(self) -> bool:
        """Whether an environment is changed; ``pip wheel`` only collects wheels."""
        return self.program not in ("pip wheel", "pip download", "pip lock")

    @property
    def unaskable(self) -> str | None:
        """Why a dry run of the same command would give another result; None if it would give the same one."""
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
    """Return whether a file is standard input, a descriptor or a pipe, such as ``<(command)`` in a shell."""
    if text == "-" or text.startswith(("/dev/stdin", "/dev/fd/", "/proc/self/fd/")):
        return True
    try:
        return stat.S_ISFIFO(os.stat(cwd / text).st_mode)  # noqa: PTH116 - Path.stat raises ValueError for some texts
    except (OSError, ValueError):
        return False


def first_obstacle(options: Iterable[Option], harmless: frozenset[str]) -> str | None:
    """Return the origin of the first option that is not known to be harmless."""
    return next((option.origin for option in options if option.name not in harmless), None)


def values_of(options: Sequence[Option], *names: str) -> tuple[str, ...]:
    """Return all values of an option, under any of its names."""
    return tuple(option.value for option in options if option.name in names)


def is_off(value: str) -> bool:
    """Return whether the value of a variable or a setting turns its option off."""
    return value.strip().lower() in _FALSE
