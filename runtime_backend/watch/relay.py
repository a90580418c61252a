"""Running a process whose output is forwarded, line by line, to the output of this process.

Each of its two streams is a pipe with a thread that reads it: Windows cannot wait for several pipes.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from ..system.progress import LineBuffer
from ..system.stopping import end, find_descendants

HOLD = 0.15
"""Seconds that an incomplete line waits for its end, and that remaining output is waited for after the process ended.
"""
GRACE = 1.0
"""Seconds for a process to end by itself after Ctrl-C, which a terminal sends to it as well."""

_TICK = 1.0
"""Seconds between two checks for Ctrl-C on Windows."""
_LAST = 1.0
"""Total seconds of further waiting if output still arrives after the process itself has ended."""
_CHUNK = 1 << 16
_WAITING = 16
"""Chunks that are read ahead: a frontend that does not read its pipe thus pauses the build."""
_MOST = (1 << 20) + _WAITING * _CHUNK
"""The most bytes in transit when a process ends: the capacity of a pipe, and the chunks waiting here."""


def can_follow() -> bool:
    """Return whether there is an output, and it is not a terminal, where ninja shows its own progress."""
    try:
        os.fstat(1), os.fstat(2)
    except OSError:
        return False
    return not os.isatty(1)


def run_plain(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
    """Run a command on the streams of this process, and return its exit code."""
    _flush()
    # Under tox, standard input carries the frontend's own commands. At a terminal, the command may prompt the person.
    stdin = None if os.isatty(0) else subprocess.DEVNULL
    process = subprocess.Popen(command, env=environ, cwd=folder, stdin=stdin)  # noqa: S603 - the caller's
    with _ended(process):
        return process.wait()


def run_followed(
    command: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    annotate: Callable[[bytes], bytes],
    keep: Callable[[bytes], None],
) -> int | None:
    """Run a command, forward its output, and return its exit code; None if this process has too many open files.

    :param annotate: returns the text to forward for a line.
    :param keep: gets everything that is forwarded.
    """
    is_one = os.path.sameopenfile(1, 2)  # as under pip: then one pipe keeps the order
    _flush()
    try:
        process = subprocess.Popen(  # noqa: S603 - the caller's
            command,
            env=environ,
            cwd=folder,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if is_one else subprocess.PIPE,
        )
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
        return None
    pipes = zip((process.stdout, process.stderr), (1, 2), strict=True)
    relay = _Relay(process, [_Stream(pipe, sink, annotate) for pipe, sink in pipes if pipe is not None], keep)
    with closing(relay):
        try:
            with _ended(process):
                relay.start()
                relay.follow()
        except BaseException:
            relay.follow()  # forwards the remaining output
            raise
    return process.returncode


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process and its descendants if waiting for it is interrupted."""
    try:
        yield
    except BaseException:
        tree = [process.pid, *find_descendants(process.pid)]
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        end(tree)
        process.wait()
        raise


def _flush() -> None:
    """Flush Python's streams, so that their content precedes the output of the process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # it is missing, not read, or closed
            stream.flush()


class _Stream:
    """One pipe, and the descriptor of this process to which its content is forwarded."""

    def __init__(self, pipe: IO[bytes], sink: int, annotate: Callable[[bytes], bytes]) -> None:
        self.pipe = pipe
        self.sink = sink
        self._lines = LineBuffer(_harmless(annotate))
        self._since = 0.0

    @property
    def is_holding(self) -> bool:
        """Whether an incomplete line is waiting."""
        return self._lines.is_holding

    def feed(self, data: bytes) -> bytes:
        """Add data, and return what can be forwarded now."""
        was_holding = self.is_holding
        ready = self._lines.feed(data)
        if ready or not was_holding:
            self._since = time.monotonic()
        return ready

    def release(self, patience: float = HOLD) -> bytes:
        """Return the incomplete line if it has waited long enough."""
        return self._lines.flush() if time.monotonic() - self._since >= patience else b""


def _harmless(annotate: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Wrap a function so that its exceptions leave the line unchanged: a bug there must not stop a build."""

    def annotated(line: bytes) -> bytes:
        try:
            return annotate(line)
        except Exception:  # noqa: BLE001 - any bug
            return line

    return annotated


class _Relay:
    """Forwards the output of one process, in the thread that waits for the process."""

    def __init__(
        self, process: subprocess.Popen[bytes], streams: Sequence[_Stream], keep: Callable[[bytes], None]
    ) -> None:
        self._process = process
        self._streams = streams
        self._keep = keep
        self._arrived: Queue[tuple[_Stream | None, bytes]] = Queue(_WAITING)
        self._open = set(streams)
        self._is_running = True
        self._is_over = threading.Event()
        self._time_left, self._bytes_left = _LAST, len(streams) * _MOST

    def start(self) -> None:
        """Start the threads."""
        for stream in self._streams:
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()
        threading.Thread(target=self._await_end, daemon=True).start()

    def _await_end(self) -> None:
        self._process.wait()
        self._arrived.put((None, b""))

    def _read(self, stream: _Stream) -> None:
        with stream.pipe:
            while not self._is_over.is_set():
                data = stream.pipe.read(_CHUNK)
                self._arrived.put((stream, data))
                if not data:
                    return

    def follow(self) -> None:
        """Forward the output until the process has ended and all of it is forwarded.

        The server of a compiler cache may keep the pipes open for hours, so the end of the pipes is not awaited.
        """
        while (self._is_running or self._open) and min(self._time_left, self._bytes_left) > 0:
            is_holding = not self._is_running or any(stream.is_holding for stream in self._streams)
            start = time.monotonic()
            try:
                stream, data = self._arrived.get(timeout=HOLD if is_holding else _TICK)
            except Empty:
                if not self._is_running:
                    break
                stream, data = None, b""
            else:
                self._take(stream, data)
            if not self._is_running:
                self._time_left -= time.monotonic() - start
                self._bytes_left -= len(data)
            for each in self._streams:
                self._pass_on(each, each.release())

    def _take(self, stream: _Stream | None, data: bytes) -> None:
        if stream is None:
            self._is_running = False
        elif data:
            self._pass_on(stream, stream.feed(data))
        else:
            self._open.discard(stream)

    def close(self) -> None:
        """Forward the rest, and let the threads end."""
        self._is_over.set()
        with suppress(Empty):
            while True:
                self._take(*self._arrived.get_nowait())
        for stream in self._streams:
            self._pass_on(stream, stream.release(0))

    def _pass_on(self, stream: _Stream, data: bytes) -> None:
        if data:
            _write(stream.sink, data)
            self._keep(data)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    with suppress(OSError):  # the reader is gone; the build continues
        while rest:
            rest = rest[_write_some(descriptor, rest) :]


def _write_some(descriptor: int, data: memoryview) -> int:
    try:
        return os.write(descriptor, data)
    except BlockingIOError:  # a non-blocking pipe of the frontend is full
        time.sleep(0.01)
        return 0
