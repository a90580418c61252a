"""Reporting progress: the elapsed and remaining time in numbered lines of a build, and lines at intervals."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 10.0
"""Seconds between two lines about a step that has no output of its own."""

# ninja's `[3/12] `, and the `[ 25%] ` of CMake's makefiles; not lines that a nested build has annotated already.
_COUNT = re.compile(rb"\[(?:(\d{1,9})/(\d{1,9})| *(\d{1,9})%)\] (?!\(\d+:\d\d)")


_LONGEST = 1 << 16
"""The most bytes of an incomplete line that are held back."""


class Estimate:
    """Estimates the remaining time from the counts in a build's output, which may come from several tools in turn.

    :param clock: returns seconds since any moment.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._done = self._total = 0
        self._start = self._last = clock()

    def annotate(self, line: bytes) -> bytes:
        """Return a line; a numbered line gets the time since its run began, and the estimated remaining time."""
        found, now, before = _COUNT.match(line), self._clock(), self._last
        self._last = now
        if found is None:
            return line
        done, total = (int(number) for number in (found[1] or found[3], found[2] or b"100"))
        # Another total, or a smaller count, is another run. It began at the previous line: ninja counts finished
        # commands, so its first line appears when the first compiler is done.
        if total != self._total or done < self._done:
            self._start = before
        self._done, self._total = done, total
        passed = now - self._start
        left = f", about {minutes(passed / done * (total - done))} left" if 0 < done < total else ""
        return b"%s(%s%s) %s" % (found[0], minutes(passed).encode(), left.encode(), line[found.end() :])


class LineBuffer:
    """Holds the incomplete last line of a stream.

    :param annotate: returns the text to forward for a line, or for the beginning of one.
    """

    def __init__(self, annotate: Callable[[bytes], bytes]) -> None:
        self._annotate = annotate
        self._held = b""
        self._is_begun = False

    @property
    def is_holding(self) -> bool:
        """Whether it holds an incomplete line."""
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """Add output, and return the complete lines."""
        *lines, self._held = (self._held + data).split(b"\n")
        ready = b"".join(self._pass_on(line + b"\n") for line in lines)
        return ready + self.flush() if len(self._held) > _LONGEST else ready

    def flush(self) -> bytes:
        """Return the incomplete line: a prompt, or dots, which must be visible before the line ends."""
        data, self._held = self._held, b""
        return self._pass_on(data) if data else b""

    def _pass_on(self, data: bytes) -> bytes:
        is_rest, self._is_begun = self._is_begun, not data.endswith(b"\n")
        return data if is_rest else self._annotate(data)


@contextmanager
def ticking(report: Callable[[str], None]) -> Iterator[None]:
    """Report the elapsed time at intervals, while a step runs that has no output of its own."""
    from threading import Event, Thread  # noqa: PLC0415 - few hooks have a step like that

    start, is_over = time.monotonic(), Event()

    def tick() -> None:
        while not is_over.wait(PATIENCE):
            report(minutes(time.monotonic() - start))

    thread = Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def minutes(seconds: float) -> str:
    """Format a time for people: ``1:20``, ``1:01:20``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
