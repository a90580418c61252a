"""Python's own streams, while the descriptors below them lead elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_STREAMS = {"stdout": 1, "stderr": 2}


@contextmanager
def own_streams() -> Iterator[None]:
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
        flush_streams()
        for name, stream in own.items():
            if getattr(sys, name) is stream:
                setattr(sys, name, before[name])


def _leads_to(name: str, descriptor: int) -> bool:
    with suppress(AttributeError, OSError, ValueError):  # as for flush_streams; a stream may have no descriptor
        return bool(getattr(sys, name).fileno() == descriptor)
    return False


def _open_stream(descriptor: int, like: TextIO) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding=like.encoding, errors=like.errors, closefd=False)


def flush_streams() -> None:
    """Write what Python has not written yet."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, nobody reads it, it is closed
            stream.flush()
