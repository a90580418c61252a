"""Reading locks: one module per format, all with the same function.

``read(path, name, selection, platform)`` returns the locked runtimes of that name that the selection and the platform
leave: none, one, or several that cannot be distinguished. It reads files, never an index: for a wheel without a URL, it
returns a :class:`~runtime_backend.index.Wanted`. Whatever the file contains, it raises nothing but
:class:`~runtime_backend.errors.LockError`.
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
    ("*.lock", "pdm"),  # last, since these two match many names; pdm's documentation uses any names for locks
    ("*.txt", "requirements"),
)
"""File name pattern -> the module of its reader, imported when such a file is read."""


def find_locked(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the runtimes of a name in a lock, using the reader for its file name.

    :param name: the distribution's normalised name.
    :raises LockError: if the file is not in the format of its name, or no reader matches its name.
    """
    for pattern, module in READERS:
        if fnmatchcase(path.name, pattern):
            read: Reader = import_module(f".{module}", __name__).read
            return read(path, name, selection, platform)
    known = ", ".join(pattern for pattern, _ in READERS)
    raise LockError(
        "lock-of-unknown-kind",
        "{path}: found no reader for a lock of this name, expected one of {known}",
        path=path,
        known=known,
    )
