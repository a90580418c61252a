"""Reading locks: one reader a file, all of one signature.

``read(path, name, selection, platform)`` returns the locked runtimes of that name which the selection and the platform
leave: none, one, or several that cannot be told apart. It reads files, never an index: a wheel that the lock names
without a URL is answered as :class:`~runtime_backend.index.Wanted`. It raises
:class:`~runtime_backend.errors.LockError` and nothing else for whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from ..config.selection import Selection
from ..errors import LockError
from ..system.platforms import Platform
from .answer import Locked

__all__ = ["Locked", "find_locked"]

Reader = Callable[[Path, str, Selection, Platform], tuple[Locked, ...]]

READERS = (
    ("uv.lock", "uv"),
    ("pylock.toml", "pylock"),
    ("pylock.*.toml", "pylock"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("pdm.*.lock", "pdm"),
    ("pixi.lock", "pixi"),
    ("conda-lock.yml", "conda_lock"),
    ("*.conda-lock.yml", "conda_lock"),
    ("conda-*.lock", "conda_explicit"),
    ("Pipfile.lock", "pipfile"),
    ("*.lock", "pdm"),  # these two last: patterns of many names; pdm's own documents name locks as they like
    ("*.txt", "requirements"),
)
"""File name pattern -> the module of its reader, imported when such a file is read."""


def find_locked(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return what a lock has of that name, by the reader of its file name.

    :param name: the distribution's name, normalised.
    :raises LockError: for a file that is not what its name says, and for a name that no reader knows.
    """
    for pattern, module in READERS:
        if fnmatchcase(path.name, pattern):
            read: Reader = import_module(f".{module}", __name__).read
            return read(path, name, selection, platform)
    known = ", ".join(pattern for pattern, _ in READERS)
    raise LockError(f"{path}: no reader for a lock of this name; expected one of {known}")
