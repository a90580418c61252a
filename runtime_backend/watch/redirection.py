"""Standing between what a build prints and where that goes: this process's descriptors 1 and 2, for a while."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from ..system.progress import LineBuffer
from .descriptors import Descriptor, open_pipe
from .streams import flush_streams, own_streams

HOLD = 0.15
"""Seconds that the beginning of a line waits for its end."""

_TICK = 1.0
"""Seconds between two looks at what cannot be waited for: whether the build has closed what we wait for."""

_CHUNK = 1 << 16
_PIPE = 1 << 20
"""Bytes that a pipe holds at most, where nobody has raised the system's limit."""

_alone = threading.Lock()


def can_redirect() -> bool:
    """Return whether this process's output is to be redirected: not on a terminal, where ninja shows its own progress.

    Nor on Windows, whose pipes cannot be waited for together; nor where there is no descriptor to restore.
    """
    try:
        os.fstat(1), os.fstat(2)
    except OSError:
        return False
    return os.name == "posix" and not os.isatty(1)


@contextmanager
def redirect(annotate: Callable[[bytes], bytes], keep: Callable[[bytes], None]) -> Iterator[bool]:
    """Pass on what this process and those that it starts print, line by line, for a while.

    Yields False if it does nothing, because the process has too many descriptors. Within another call of this it does
    nothing either: the outer one has it all.

    :param annotate: makes of a line what is passed on.
    :param keep: gets everything, too; called in another thread, and must not print.
    """
    if not _alone.acquire(blocking=False):
        yield True
        return
    with ExitStack() as stack:
        stack.callback(_alone.release)
        is_redirected = False
        with suppress(OSError):
            stack.enter_context(_redirected(annotate, keep))
            is_redirected = True
        yield is_redirected


@contextmanager
def _redirected(annotate: Callable[[bytes], bytes], keep: Callable[[bytes], None]) -> Iterator[None]:
    with ExitStack() as stack:
        wake, stop = open_pipe()
        stack.callback(wake.close)
        stack.callback(stop.close)
        pump = _Pump(_open_streams(annotate, stack), wake, keep)
        thread = threading.Thread(target=pump.run, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(pump.end, stop)  # once all is restored
        for stream in pump.streams:
            stream.take(stack)
        stack.enter_context(own_streams())
        yield


class _Stream:
    """One pipe: from descriptors of this process to where these went before."""

    def __init__(self, descriptors: Sequence[int], annotate: Callable[[bytes], bytes], stack: ExitStack) -> None:
        self._descriptors = descriptors
        self.sink = Descriptor(os.dup(descriptors[0]))
        stack.callback(self.sink.close)
        self.source, self._entry = open_pipe()
        stack.callback(self.source.close)
        stack.callback(self._entry.close)
        os.set_blocking(self.source.number, False)
        self._lines = LineBuffer(annotate)
        self._since = 0.0

    def take(self, stack: ExitStack) -> None:
        """Let the descriptors lead into the pipe, until the stack is left."""
        flush_streams()
        for descriptor in self._descriptors:
            os.dup2(self._entry.number, descriptor)
        self._entry.close()
        stack.callback(self._restore)

    def _restore(self) -> None:
        flush_streams()
        # Where the build has closed everything, nobody knows any more where the output went.
        sink = self.sink.number if self.sink.is_ours else os.open(os.devnull, os.O_WRONLY)
        for descriptor in self._descriptors:
            os.dup2(sink, descriptor)
        if sink not in (*self._descriptors, self.sink.number):
            os.close(sink)

    def stop_annotating(self) -> None:
        """Pass everything on as it is from now on."""
        self._lines = LineBuffer(lambda line: line)

    @property
    def is_holding(self) -> bool:
        """Whether something waits for the end of its line."""
        return self._lines.is_holding

    def read(self) -> bytes | None:
        """Return what can be passed on now; None at the end of the pipe, and where the build has closed it."""
        try:
            data = self.source.read(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        if not data:
            return None
        was_holding = self.is_holding
        told = self._lines.feed(data)
        if told or not was_holding:
            self._since = time.monotonic()
        return told

    def drain(self) -> bytes:
        """Return all that is in the pipe, whoever may still have it open: a compiler cache's server outlives builds."""
        parts = []
        for _ in range(_PIPE // _CHUNK):
            data = self.read()
            if data is None:
                break
            parts.append(data)
        return b"".join([*parts, self._lines.flush()])

    def release(self) -> bytes:
        """Return what has waited long enough for the end of its line."""
        return self._lines.flush() if time.monotonic() - self._since >= HOLD else b""


def _open_streams(annotate: Callable[[bytes], bytes], stack: ExitStack) -> list[_Stream]:
    """Return one for both descriptors where these are the same, as under pip: then the order of all is kept."""
    groups = [(1, 2)] if os.path.sameopenfile(1, 2) else [(1,), (2,)]
    return [_Stream(group, annotate, stack) for group in groups]


class _Pump:
    """Passes everything on, in a thread of its own.

    :param wake: becomes readable at the end.
    """

    def __init__(self, streams: Sequence[_Stream], wake: Descriptor, keep: Callable[[bytes], None]) -> None:
        self.streams = streams
        self._wake = wake
        self._keep = keep
        self._is_over = threading.Event()
        # No descriptor of its own, as the default one has: a build may close it.
        self._selector = selectors.PollSelector()
        self._selector.register(wake.number, selectors.EVENT_READ, None)
        for stream in streams:
            self._selector.register(stream.source.number, selectors.EVENT_READ, stream)

    def end(self, stop: Descriptor) -> None:
        """Let the thread end."""
        self._is_over.set()
        with suppress(OSError):  # the build has closed it: the thread looks up by itself
            stop.write(b".")  # closing alone is not seen while a fork has it, too

    def run(self) -> None:
        """Pass on, until it is over."""
        try:
            self._follow_and_drain(self._pass_on)
        except BaseException:
            # Whatever has failed: a pipe that nobody reads would stop the build for ever, and lose what is in it.
            for stream in self.streams:
                stream.stop_annotating()
            self._follow_and_drain(lambda stream, data: _write(stream.sink, data))
            raise

    def _follow_and_drain(self, pass_on: Callable[[_Stream, bytes], None]) -> None:
        self._follow(pass_on)
        for stream in self.streams:
            pass_on(stream, stream.drain())

    def _pass_on(self, stream: _Stream, data: bytes) -> None:
        if data:
            _write(stream.sink, data)
            self._keep(data)

    def _follow(self, pass_on: Callable[[_Stream, bytes], None]) -> None:
        while not self._is_over.is_set():
            is_holding = any(stream.is_holding for stream in self.streams)
            for key, _ in self._selector.select(HOLD if is_holding else _TICK):
                if key.data is not None:
                    self._read(key.data, pass_on)
                elif not self._wake.is_ours:
                    self._selector.unregister(key.fd)
            for stream in self.streams:
                pass_on(stream, stream.release())

    def _read(self, stream: _Stream, pass_on: Callable[[_Stream, bytes], None]) -> None:
        data = stream.read()
        if data is None:
            self._selector.unregister(stream.source.number)
        else:
            pass_on(stream, data)


def _write(descriptor: Descriptor, data: bytes) -> None:
    rest = memoryview(data)
    with suppress(OSError):  # nobody reads it any more; the build goes on all the same
        while rest:
            rest = rest[_write_some(descriptor, rest) :]


def _write_some(descriptor: Descriptor, data: memoryview) -> int:
    try:
        return descriptor.write(data)
    except BlockingIOError:  # the frontend may have made it so, and has not read yet
        time.sleep(0.01)
        return 0
