"""Stopping: a signal ends this process like Ctrl-C, with its child processes, and without unfinished files.

By default, SIGTERM ends a process at once: its child processes (pip, uv, git, ninja) continue, and no ``finally``
removes unfinished files. A cancelled frontend (CI, ``timeout``, a closed terminal) sends the signal to us only, or to
all.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from .files import list_names, read_text

PATIENCE = 3.0
"""Seconds for a process to remove its own files before the next signal."""
REPEATED = 10.0
"""Seconds in which a repeated signal counts as the first one: ``timeout`` signals us, then the group."""

SIGNALS = (signal.SIGTERM,) if os.name == "nt" else (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""Signals that end a process, in order: on SIGINT, pip removes its temporary folders, and ninja ends its compilers."""


_PR_SET_PDEATHSIG = 1
"""From prctl(2)."""


class Stopped(BaseException):
    """A signal asks this process to end. It is a BaseException, so that build scripts do not catch it.

    :param number: the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number


@contextmanager
def orderly() -> Iterator[None]:
    """End this process in an orderly way on SIGTERM and SIGHUP, unless they are handled already."""
    owner, first = os.getpid(), list[float]()

    def stop(number: int, _: FrameType | None) -> None:
        if os.getpid() != owner:  # a fork of a build script, which may end at once
            _end_self(number)
        elif not first:
            first.append(time.monotonic())
            end(find_descendants(owner))
            raise Stopped(number)
        elif time.monotonic() - first[0] > REPEATED:
            _end_self(number)

    taken = [number for number in _asked_to_end() if _take(number, stop)]
    try:
        yield
    except Stopped as stopped:
        _release(taken)
        _end_self(stopped.number)
        raise  # if the signal is blocked
    finally:
        _release(taken)


def _asked_to_end() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _take(number: signal.Signals, stop: Callable[[int, FrameType | None], None]) -> bool:
    """Return whether a signal is handled here now: not if it is ignored (``nohup``), or in a thread."""
    if signal.getsignal(number) is not signal.SIG_DFL:
        return False
    with suppress(ValueError):
        signal.signal(number, stop)
        return True
    return False


def _release(taken: Sequence[signal.Signals]) -> None:
    for number in taken:
        signal.signal(number, signal.SIG_DFL)


def _end_self(number: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        # It is missing, not read, closed, or was being written to when the signal arrived.
        with suppress(AttributeError, OSError, ValueError, RuntimeError):
            stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_with(parent: int) -> None:
    """Make this process end when its parent ends for any reason (Linux).

    :param parent: the parent's process id; it may have ended already.
    """
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):  # a Python without ctypes, a C library without prctl
            import ctypes  # noqa: PLC0415 - only child processes need it

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if not _is_running(parent):
            os.kill(os.getpid(), signal.SIGTERM)


def find_descendants(process: int, proc: Path = Path("/proc")) -> list[int]:
    """Return the ids of a process's children, their children, and so on; empty if procfs does not list them."""
    tasks = proc / str(process) / "task"
    found = [int(word) for task in list_names(tasks) for word in read_text(tasks / task / "children").split()]
    return [descendant for child in found for descendant in (child, *find_descendants(child, proc))]


def end(processes: Sequence[int], patience: float = PATIENCE) -> None:
    """End processes, with each of :data:`SIGNALS` in turn for those that still run."""
    running = list(processes)
    for number in SIGNALS:
        for process in running:
            with suppress(OSError):
                os.kill(process, number)
        until = time.monotonic() + patience
        while running and time.monotonic() < until:
            running = [process for process in running if _is_running(process)]
            time.sleep(0.01 if running else 0)
        if not running:
            return


def _is_running(process: int, proc: Path = Path("/proc")) -> bool:
    """Return whether a process runs, and is not a zombie that its parent has not waited for."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return read_text(proc / str(process) / "stat").rpartition(")")[2].split()[:1] != ["Z"]
