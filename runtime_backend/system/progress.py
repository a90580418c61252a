"""How far a step is: lines of a build that count, with the time that has passed and is left; a line now and then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 10.0
"""Seconds between two lines about a step that prints nothing itself."""

# ninja's `[3/12] `, and the `[ 25%] ` of CMake's makefiles; not what a build within this build has told already.
_COUNT = re.compile(rb"\[(?:(\d{1,9})/(\d{1,9})| *(\d{1,9})%)\] (?!\(\d+:\d\d)")


_LONGEST = 1 << 16
"""Bytes of a line that are held back."""


class Estimate:
    """What is made of the counts of one build, which may run several tools, one after the other.

    :param clock: seconds, from anywhere.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._done = self._total = 0
        self._start = self._last = clock()

    def annotate(self, line: bytes) -> bytes:
        """Return a line; one that counts with the time since its count began, and about how long it will go on."""
        found, now, before = _COUNT.match(line), self._clock(), self._last
        self._last = now
        if found is None:
            return line
        done, total = (int(number) for number in (found[1] or found[3], found[2] or b"100"))
        # Another total, or a count that goes back, is another run. It began with the line before: ninja counts what is
        # finished, and its first line comes when the first compiler is done.
        if total != self._total or done < self._done:
            self._start = before
        self._done, self._total = done, total
        passed = now - self._start
        left = f", about {minutes(passed / done * (total - done))} left" if 0 < done < total else ""
        return b"%s(%s%s) %s" % (found[0], minutes(passed).encode(), left.encode(), line[found.end() :])


class LineBuffer:
    """What one stream has printed and is not passed on yet: the beginning of a line.

    :param annotate: makes of a line, or of the beginning of one, what is passed on.
    """

    def __init__(self, annotate: Callable[[bytes], bytes]) -> None:
        self._annotate = annotate
        self._held = b""
        self._is_begun = False

    @property
    def is_holding(self) -> bool:
        """Whether there is the beginning of a line whose end has not come."""
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """Take what was printed, and return the lines that are whole now."""
        *lines, self._held = (self._held + data).split(b"\n")
        told = b"".join(self._pass_on(line + b"\n") for line in lines)
        return told + self.flush() if len(self._held) > _LONGEST else told

    def flush(self) -> bytes:
        """Return the beginning of a line: a prompt, or dots, which are to be seen before their line ends."""
        data, self._held = self._held, b""
        return self._pass_on(data) if data else b""

    def _pass_on(self, data: bytes) -> bytes:
        is_rest, self._is_begun = self._is_begun, not data.endswith(b"\n")
        return data if is_rest else self._annotate(data)


@contextmanager
def ticking(tell: Callable[[str], None]) -> Iterator[None]:
    """Call from time to time, with the time that has passed, while a step runs that prints nothing itself."""
    from threading import Event, Thread  # noqa: PLC0415 - few hooks have such a step

    start, is_over = time.monotonic(), Event()

    def tick() -> None:
        while not is_over.wait(PATIENCE):
            tell(minutes(time.monotonic() - start))

    thread = Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def minutes(seconds: float) -> str:
    """Return a time as people read it: ``1:20``, ``1:01:20``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
