"""Being stopped: a signal ends this process as Ctrl-C does, with what it has started, and with nothing left unfinished.

By default SIGTERM ends a process at once: pip, uv, git or ninja go on below it, and no ``finally`` removes what they
were writing to. A frontend that is cancelled (CI, ``timeout``, a closed terminal) sends it to us alone, or to all.
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
"""Seconds in which a process may remove its own files before it is asked less kindly."""
REPEATED = 10.0
"""Seconds for which the same signal is taken for the first one: ``timeout`` sends it to us, then to the group."""

SIGNALS = (signal.SIGTERM,) if os.name == "nt" else (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
"""What ends a process, ever less kindly: on SIGINT pip removes its temporary folders, and ninja ends its compilers."""


_PR_SET_PDEATHSIG = 1
"""prctl(2)."""


class Stopped(BaseException):
    """A signal asks this process to end; no build script takes it for a failure of its own.

    :param number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number


@contextmanager
def orderly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process in an orderly way, unless somebody else handles them."""
    owner, first = os.getpid(), list[float]()

    def stop(number: int, _: FrameType | None) -> None:
        if os.getpid() != owner:  # a fork of a build script, which may be ended at once
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
        raise  # where the signal is blocked
    finally:
        _release(taken)


def _asked_to_end() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _take(number: signal.Signals, stop: Callable[[int, FrameType | None], None]) -> bool:
    """Return whether a signal is handled here now: not where it is ignored (``nohup``), nor in a thread."""
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
        # There is none, nobody reads it, it is closed, or the signal came in the middle of writing to it.
        with suppress(AttributeError, OSError, ValueError, RuntimeError):
            stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_with(parent: int) -> None:
    """Ask this process to end as soon as the one that has started it has ended, whatever has ended that (Linux).

    :param parent: its number; it may have ended already.
    """
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):  # a Python without ctypes, a C library without prctl
            import ctypes  # noqa: PLC0415 - only a child needs it

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if not _is_running(parent):
            os.kill(os.getpid(), signal.SIGTERM)


def find_descendants(process: int, proc: Path = Path("/proc")) -> list[int]:
    """Return the children of a process, their children, and so on; nothing where procfs does not list them."""
    tasks = proc / str(process) / "task"
    found = [int(word) for task in list_names(tasks) for word in read_text(tasks / task / "children").split()]
    return [descendant for child in found for descendant in (child, *find_descendants(child, proc))]


def end(processes: Sequence[int], patience: float = PATIENCE) -> None:
    """End processes: as Ctrl-C does, and those that go on after some seconds in ever less kind ways."""
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
    """Return whether a process is there, and does not merely wait for its parent to take note of its end."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return read_text(proc / str(process) / "stat").rpartition(")")[2].split()[:1] != ["Z"]
