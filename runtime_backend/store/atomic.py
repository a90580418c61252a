"""Writing in one step: whoever looks finds the old one, or the whole of the new one; what is unfinished is removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .holding import aside, remove


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a new name next to a path; what has that name after the block is removed.

    In the cache, the path's lock is held meanwhile, so that the sweeping spares it (:mod:`.holding`).
    """
    new = aside(path)
    try:
        yield new
    finally:
        with suppress(OSError):  # in the cache, a later build removes it
            remove(new)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new name next to a path, for a file or a link; after the block that is at the path, in one step.

    Where the block raises, what was there stays. A folder at the path is in the way.

    :raises OSError: when it cannot be put there.
    """
    with unfinished(path) as new:
        yield new
        new.replace(path)


def write(path: Path, content: bytes) -> None:
    """Write a file in one step.

    :raises OSError: when it cannot be written.
    """
    with replacing(path) as new:
        new.write_bytes(content)
