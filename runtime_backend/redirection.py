"""Standing between what a build prints and where that goes: this process's descriptors 1 and 2, for a while."""

from __future__ import annotations

import os
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TextIO

from .progress import LineBuffer

HOLD = 0.15
"""Seconds that the beginning of a line waits for its end."""

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
def redirect(annotate: Callable[[bytes], bytes], keep: Callable[[bytes], None]) -> Iterator[None]:
    """Pass on what this process and those that it starts print, line by line, for a while.

    Within another call of this it does nothing: the outer one has it all.

    :param annotate: makes of a line what is passed on.
    :param keep: gets everything, too; called in another thread, and must not print.
    """
    if not _alone.acquire(blocking=False):
        yield
        return
    with ExitStack() as stack:
        stack.callback(_alone.release)
        wake, stop = os.pipe()
        stack.callback(os.close, wake)
        streams = _open_streams(annotate, stack)
        # Made here: in the thread, it might get the number of a descriptor that a build has closed.
        selector = stack.enter_context(selectors.DefaultSelector())
        selector.register(wake, selectors.EVENT_READ, None)
        for stream in streams:
            selector.register(stream.source, selectors.EVENT_READ, stream)
        pump = threading.Thread(target=_pump, args=(streams, selector, keep), daemon=True)
        pump.start()
        stack.callback(pump.join)
        stack.callback(os.close, stop)
        stack.callback(os.write, stop, b".")  # once all is restored; closing alone is not seen while a fork has it, too
        for stream in streams:
            stream.take(stack)
        stack.enter_context(_own_streams())
        yield


class _Stream:
    """One pipe: from descriptors of this process to where these went before."""

    def __init__(self, descriptors: Sequence[int], annotate: Callable[[bytes], bytes], stack: ExitStack) -> None:
        self._descriptors = descriptors
        self.sink = os.dup(descriptors[0])
        stack.callback(os.close, self.sink)
        self.source, self._entry = os.pipe()
        stack.callback(os.close, self.source)
        os.set_blocking(self.source, False)
        self._lines = LineBuffer(annotate)
        self._since = 0.0

    def take(self, stack: ExitStack) -> None:
        """Let the descriptors lead into the pipe, until the stack is left."""
        _flush()
        for descriptor in self._descriptors:
            os.dup2(self._entry, descriptor)
        os.close(self._entry)
        stack.callback(self._restore)

    def _restore(self) -> None:
        _flush()
        for descriptor in self._descriptors:
            os.dup2(self.sink, descriptor)

    @property
    def is_holding(self) -> bool:
        """Whether something waits for the end of its line."""
        return self._lines.is_holding

    def read(self) -> bytes | None:
        """Return what can be passed on now; None at the end of the pipe."""
        try:
            data = os.read(self.source, _CHUNK)
        except BlockingIOError:
            return b""
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


@contextmanager
def _own_streams() -> Iterator[None]:
    """Give Python streams of its own for a while.

    Those of before may remember that they can seek, where the output goes into a file, and fail in a pipe as soon as
    somebody reconfigures them: meson-python does.
    """
    before = {name: getattr(sys, name) for name, descriptor in _STREAMS.items() if _leads_to(name, descriptor)}
    own = {name: _open_stream(_STREAMS[name], stream) for name, stream in before.items()}
    vars(sys).update(own)
    try:
        yield
    finally:
        _flush()
        for name, stream in own.items():
            if getattr(sys, name) is stream:
                setattr(sys, name, before[name])


_STREAMS = {"stdout": 1, "stderr": 2}


def _leads_to(name: str, descriptor: int) -> bool:
    with suppress(AttributeError, OSError, ValueError):  # as for _flush; a stream may have no descriptor
        return bool(getattr(sys, name).fileno() == descriptor)
    return False


def _open_stream(descriptor: int, like: TextIO) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding=like.encoding, errors=like.errors, closefd=False)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, nobody reads it, it is closed
            stream.flush()


def _pump(streams: Sequence[_Stream], selector: selectors.BaseSelector, keep: Callable[[bytes], None]) -> None:
    """Pass everything on, until there is something in the descriptor that is no stream's."""

    def pass_on(stream: _Stream, data: bytes) -> None:
        if data:
            _write(stream.sink, data)
            keep(data)

    is_over = False
    while not is_over:
        for key, _ in selector.select(HOLD if any(stream.is_holding for stream in streams) else None):
            if key.data is None:
                is_over = True
            else:
                _read(key.data, selector, pass_on)
        for stream in streams:
            pass_on(stream, stream.release())
    for stream in streams:
        pass_on(stream, stream.drain())


def _read(stream: _Stream, selector: selectors.BaseSelector, pass_on: Callable[[_Stream, bytes], None]) -> None:
    data = stream.read()
    if data is None:
        selector.unregister(stream.source)
    else:
        pass_on(stream, data)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    with suppress(OSError):  # nobody reads it any more; the build goes on all the same
        while rest:
            rest = rest[_write_some(descriptor, rest) :]


def _write_some(descriptor: int, data: memoryview) -> int:
    try:
        return os.write(descriptor, data)
    except BlockingIOError:  # the frontend may have made it so, and has not read yet
        time.sleep(0.01)
        return 0
