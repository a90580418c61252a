"""Writing in one step: readers see the old content or the complete new content; unfinished files are removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .holding import aside, asides, remove


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a new name next to a path; anything with that name is removed after the block.

    In the cache, hold the lock of the path during the block, so that sweeping keeps the new file (:mod:`.holding`).
    """
    new = aside(path)
    try:
        yield new
    finally:
        with suppress(OSError):  # in the cache, a later build removes it
            remove(new)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new name next to a path, for a file or a link, which replaces the path in one step after the block.

    If the block raises, the path keeps its content. A folder at the path cannot be replaced.

    :raises OSError: if the path cannot be replaced.
    """
    with unfinished(path) as new:
        yield new
        new.replace(path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """As :func:`replacing`, for a folder: the block makes it under the new name.

    If the block or a renaming fails, a folder at the path stays, or comes back. For a path outside the cache, where
    nothing is swept: what a killed process left next to the path is removed first.
    """
    for left in asides(path):
        remove(left)
    with unfinished(path) as new, unfinished(path) as old:
        yield new
        if path.is_dir():
            path.rename(old)
        try:
            new.rename(path)
        finally:
            if old.is_dir() and not path.is_dir():
                old.rename(path)


def write(path: Path, content: bytes) -> None:
    """Write a file in one step.

    :raises OSError: if it cannot be written.
    """
    with replacing(path) as new:
        new.write_bytes(content)
