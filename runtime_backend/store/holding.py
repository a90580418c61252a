"""Holding what is in the cache: it is locked while a process makes or uses it; what no process holds may be removed.

Next to everything that several processes share is a file that they lock::

    <cache>/fetched/torch-2.7.0.cu126-5f1c…                a folder
    <cache>/fetched/torch-2.7.0.cu126-5f1c….lock           locked by the process that makes it, or by those that use it
    <cache>/fetched/.new-torch-2.7.0.cu126-5f1c…-0a1b2c3d  unfinished, or half removed; for the holder of the lock

The system releases a lock when the last process that has it ends, however it ends. So a lock shows what is alive in
another container or on another host too, where process ids and ages show nothing.
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

LONGEST = 2 * 24 * 3600
"""Seconds after which something belongs to nobody, where no lock shows it: no build takes two days."""

UNFINISHED = (".new-", ".passing-", "tree-", ".git-", ".old-")
"""Beginnings of the names of what goes with its process; earlier versions wrote the last two."""
_ASIDE = r"\.new-(.+)-[0-9a-f]{8}"


def lock_of(path: Path) -> Path:
    """Return the file that is locked for something in the cache."""
    aside_of = re.fullmatch(_ASIDE, path.name)
    return path.with_name(f"{path.name if aside_of is None else aside_of[1]}.lock")


def aside(path: Path) -> Path:
    """Return a new name next to a path, for what is not finished yet: to be used while the path's lock is held."""
    return path.with_name(f".new-{path.name}-{os.urandom(4).hex()}")


@contextmanager
def exclusively(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[int]:
    """Wait until no other process makes or uses something, keep them out, and yield the descriptor of the lock.

    A child process that gets the descriptor has the lock as well.

    :param on_wait: called once if there is another process.
    :raises OSError: when the lock file cannot be made.
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
    """Keep something from being replaced or removed, with all other processes that use it.

    Waits while one makes it. Where no lock file can be made, it is used without one.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_locked(path, partial(_lock, is_shared=True, is_waiting=True)))
        yield


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Yield whether no other process makes or uses something; if so, keep them out meanwhile.

    :raises OSError: when the lock file cannot be made.
    """

    def lock(descriptor: int) -> bool:
        found = _lock(descriptor, is_shared=False, is_waiting=False)
        # None: the file system has no locks.
        return time.time() - os.fstat(descriptor).st_mtime > LONGEST if found is None else found

    with _locked(path, lock) as (_, is_free):
        yield bool(is_free)


@contextmanager
def _locked(path: Path, lock: Callable[[int], bool | None]) -> Iterator[tuple[int, bool | None]]:
    """Lock the file of something in the cache: the file that others open now, since it is removed with what it is for.

    :param lock: locks a descriptor; False: another process has it.
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
    """Remove a file or a folder, with its lock, unless a process makes or uses it; return whether it is gone.

    :raises OSError: when it cannot be removed.
    """
    with held_if_free(path) as is_free:
        if is_free:
            remove(path)
            remove_lock(path)
    return is_free


def remove_lock(path: Path) -> None:
    """Remove the file that is locked for something; to be called while it is."""
    with suppress(OSError):  # Windows removes no open file
        lock_of(path).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or a folder; a folder is out of sight first, so that no process takes the half of it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    import shutil  # noqa: PLC0415 - hardly ever needed

    hidden = path if path.name.startswith(UNFINISHED) else path.rename(aside(path))
    shutil.rmtree(hidden)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        with suppress(OSError):  # another person's, or on a read-only disk: that it can be read is enough to lock it
            return os.open(path, os.O_RDONLY)
        raise


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _touch(descriptor: int) -> None:
    with suppress(OSError, NotImplementedError):  # another person's; a system that cannot
        os.utime(descriptor)


if sys.platform == "win32":  # pragma: no cover - Windows
    _WHOLE = 1 << 30

    def _lock(descriptor: int, *, is_shared: bool, is_waiting: bool) -> bool | None:
        """As below. There are no shared locks: each process that shares locks a byte of its own."""
        import msvcrt  # noqa: PLC0415 - hardly ever needed

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
        """Lock a file; return False where another process has it, and None where the file system has no locks."""
        import fcntl  # noqa: PLC0415 - hardly ever needed

        try:
            fcntl.flock(
                descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if is_waiting else fcntl.LOCK_NB)
            )
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True
