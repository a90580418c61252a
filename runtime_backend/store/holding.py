"""Locks on the content of the cache: a process locks what it makes or uses; unlocked content may be removed.

Each entry that processes share has a file next to it, which they lock::

    <cache>/fetched/torch-2.7.0.cu126-5f1c…                a folder

    <cache>/fetched/torch-2.7.0.cu126-5f1c….lock           locked by the process that makes it, or by those that use it
    <cache>/fetched/.new-torch-2.7.0.cu126-5f1c…-0a1b2c3d  unfinished, or half removed; covered by the same lock


The system releases a lock when the last process that has it ends for any reason. So a lock also works for processes in
another container or on another host, unlike process ids and ages.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from ..system.files import list_names

LONGEST = 2 * 24 * 3600
"""Seconds after which an entry counts as unused, if the file system has no locks: no build takes two days."""

UNFINISHED = (".new-", ".passing-", "tree-", ".git-", ".old-")
"""Prefixes of entries that only their process uses; earlier versions wrote the last two."""
_ASIDE = r"\.new-(.+)-[0-9a-f]{8}"


def lock_of(path: Path) -> Path:
    """Return the lock file of an entry of the cache."""
    aside_of = re.fullmatch(_ASIDE, path.name)
    return path.with_name(f"{path.name if aside_of is None else aside_of[1]}.lock")


def aside(path: Path) -> Path:
    """Return a new name next to a path, for unfinished content; use it only while the path's lock is held."""
    return path.with_name(f".new-{path.name}-{os.urandom(4).hex()}")


def asides(path: Path) -> list[Path]:
    """Return what has such a name next to a path."""
    beside = (path.with_name(name) for name in list_names(path.parent) if name.startswith(f".new-{path.name}-"))
    return [found for found in beside if lock_of(found) == lock_of(path)]


@contextmanager
def exclusively(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[int]:
    """Wait until no other process makes or uses an entry, lock it, and yield the descriptor of the lock.

    A child process that inherits the descriptor holds the lock as well.

    :param on_wait: called once if another process holds the lock.
    :raises OSError: if the lock file cannot be made.
    """

    def lock(descriptor: int) -> bool | None:
        found = _lock(descriptor, is_shared=False, is_waiting=False)
        if found is not False:
            return found
        if on_wait is not None:
            on_wait()
        return _lock(descriptor, is_shared=False, is_waiting=True)

    with _locked(path, lock) as (descriptor, _):
        yield descriptor


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Prevent an entry from being replaced or removed; other processes may use it, too.

    Waits while a process makes it. If no lock file can be made, there is no lock.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_locked(path, partial(_lock, is_shared=True, is_waiting=True)))
        yield


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Yield whether no other process makes or uses an entry; if so, lock it during the block.

    :raises OSError: if the lock file cannot be made.
    """

    def lock(descriptor: int) -> bool:
        found = _lock(descriptor, is_shared=False, is_waiting=False)
        # None: the file system has no locks.
        return time.time() - os.fstat(descriptor).st_mtime > LONGEST if found is None else found

    with _locked(path, lock) as (_, is_free):
        yield bool(is_free)


@contextmanager
def _locked(path: Path, lock: Callable[[int], bool | None]) -> Iterator[tuple[int, bool | None]]:
    """Lock an entry's file. The file is removed with the entry, so retry until the locked file is the current one.

    :param lock: locks a descriptor; returns False if another process holds the lock.
    """
    place = lock_of(path)
    while True:
        descriptor = _open(place)
        try:
            found = lock(descriptor)
            if found is False or _is_still(descriptor, place):
                if found is not False:
                    _touch(descriptor)
                yield descriptor, found
                return
        finally:
            os.close(descriptor)


def remove_if_free(path: Path) -> bool:
    """Remove a file or folder and its lock, unless a process makes or uses it; return whether it is gone.

    :raises OSError: if it cannot be removed.
    """
    with held_if_free(path) as is_free:
        if is_free:
            remove(path)
            remove_lock(path)
    return is_free


def remove_lock(path: Path) -> None:
    """Remove an entry's lock file; call it only while the lock is held."""
    with suppress(OSError):  # Windows cannot remove an open file
        lock_of(path).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or folder. A folder is renamed first, so that no process uses a half of it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    import shutil  # noqa: PLC0415 - rarely needed

    hidden = path if path.name.startswith(UNFINISHED) else path.rename(aside(path))
    shutil.rmtree(hidden)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        with suppress(OSError):  # another person's, or on a read-only disk: reading is enough for a lock
            return os.open(path, os.O_RDONLY)
        raise


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _touch(descriptor: int) -> None:
    with suppress(OSError, NotImplementedError):  # another person's, or not supported by the system
        os.utime(descriptor)


if sys.platform == "win32":  # pragma: no cover - Windows
    _WHOLE = 1 << 30

    def _lock(descriptor: int, *, is_shared: bool, is_waiting: bool) -> bool | None:
        """Lock a file. Windows has no shared locks: each process that shares locks a different byte."""
        import msvcrt  # noqa: PLC0415 - only on Windows

        os.lseek(descriptor, 1 + int.from_bytes(os.urandom(3), "big") if is_shared else 0, os.SEEK_SET)
        while True:
            with suppress(OSError):
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1 if is_shared else _WHOLE)
                return True
            if not is_waiting:
                return False
            time.sleep(0.1)

else:

    def _lock(descriptor: int, *, is_shared: bool, is_waiting: bool) -> bool | None:
        """Lock a file; return False if another process holds the lock, None if the file system has no locks."""
        import fcntl  # noqa: PLC0415 - not on Windows

        try:
            fcntl.flock(
                descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if is_waiting else fcntl.LOCK_NB)
            )
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True
