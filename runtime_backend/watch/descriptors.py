"""Descriptors of ours in a process in which a build may close any of them, and open something else under its number."""

from __future__ import annotations

import os
from contextlib import suppress

_HIGH = 512
"""Where ours begin, if the process may have so many: who closes descriptors that he does not know, closes the first."""


class Descriptor:
    """One descriptor, which is used only as long as it is what it was.

    :param number: becomes ours.
    """

    def __init__(self, number: int) -> None:
        self.number = _moved_up(number)
        self._mark = _mark_of(self.number)

    @property
    def is_ours(self) -> bool:
        """Whether it is still open, and not something else by now."""
        return self._mark is not None and _mark_of(self.number) == self._mark

    def close(self) -> None:
        """Close it, unless somebody else did."""
        if self.is_ours:
            os.close(self.number)

    def read(self, size: int) -> bytes:
        """Return what is there; nothing at the end.

        :raises OSError: also when it is not ours any more.
        """
        self._check()
        return os.read(self.number, size)

    def write(self, data: bytes | memoryview) -> int:
        """Write, and return how much was taken.

        :raises OSError: likewise.
        """
        self._check()
        return os.write(self.number, data)

    def _check(self) -> None:
        if not self.is_ours:
            raise OSError("the build has closed the descriptor")


def open_pipe() -> tuple[Descriptor, Descriptor]:
    """Return (the end to read from, the end to write to).

    :raises OSError: when the process has too many descriptors.
    """
    source, entry = os.pipe()
    return Descriptor(source), Descriptor(entry)


def _moved_up(number: int) -> int:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:  # pragma: no cover - Windows
        return number
    with suppress(OSError):  # the limit is lower
        moved = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _HIGH)
        os.close(number)
        return moved
    return number


def _mark_of(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino
