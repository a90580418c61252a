"""Removing unused content from the cache, and what interrupted processes left unfinished."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..system.files import is_folder, is_there, list_names
from .holding import LONGEST, UNFINISHED, held_if_free, lock_of, remove, remove_if_free, remove_lock


class Left(NamedTuple):
    """Entries that were not removed."""

    in_use: tuple[Path, ...] = ()
    failed: tuple[Path, ...] = ()

    def __or__(self, other: Left) -> Left:
        """Return the union."""
        return Left(in_use=(*self.in_use, *other.in_use), failed=(*self.failed, *other.failed))


def prune(folder: Path, *, kept: float = 0) -> Left:
    """Remove the unused entries of a folder and of the folder ``.held`` in it.

    The folder itself stays, since a build may be about to make an entry in it.

    :param kept: seconds for which an entry is kept after its last lock: a frontend uses entries without a lock.
    """
    left = Left()
    if not is_folder(folder):
        return left
    with held_if_free(folder) as is_free:
        if not is_free:
            return Left(in_use=(folder,))
        for name in dict.fromkeys(name.removesuffix(".lock") for name in list_names(folder)):
            left |= prune(folder / name) if name == ".held" else remove_unused(folder / name, kept)
        remove_lock(folder)
    return left


def remove_unused(path: Path, kept: float = 0) -> Left:
    """Remove one entry, unless a process uses it.

    :param kept: see :func:`prune`.
    """
    try:
        is_gone = not _is_recent(path, kept) and remove_if_free(path)
    except OSError:
        return Left(failed=(path,))
    return Left() if is_gone else Left(in_use=(path,))


def _is_recent(path: Path, seconds: float) -> bool:
    return bool(seconds) and is_there(lock_of(path)) and time.time() - lock_of(path).stat().st_mtime < seconds


def sweep(cache: Path) -> None:
    """Remove what interrupted processes left unfinished, in every folder of the cache.

    An entry without a lock is of an earlier version, and is removed when it is two days old.
    """
    folders = [cache / name for name in list_names(cache)]
    for folder in [cache, *folders, *(folder / ".held" for folder in folders)]:
        for name in list_names(folder):
            if name.startswith(UNFINISHED) and not name.endswith(".lock"):
                with suppress(OSError):  # its process has just finished it, or it belongs to another person
                    _sweep(folder / name)


def _sweep(path: Path) -> None:
    if is_there(lock_of(path)):
        remove_if_free(path)
    elif time.time() - path.lstat().st_mtime > LONGEST:
        remove(path)
