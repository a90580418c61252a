"""Keeping the objects of an editable of setuptools, so that the next installation compiles only what changed.

setuptools compiles an editable in a temporary folder. torch's BuildExtension compiles by ninja, which compiles again
what is older than its sources and headers, or had other options: it needs a folder and options that stay the same.
setuptools itself compares an extension with its sources only, not with headers and options: without ninja, everything
is compiled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ..store.atomic import replacing
from ..store.cache import open_folder
from ..store.holding import exclusively, remove
from ..store.names import digest
from .keeping import find_stem


class Objects(NamedTuple):
    """The folder for the objects of one source folder and its runtimes."""

    folder: str
    """Relative to the source folder."""
    place: Path
    """The name in the cache for the build environment, and for the lock."""

    @contextmanager
    def held(self, prefix: Path | None, say: Callable[[str], None]) -> Iterator[Path | None]:
        """Hold the folder for one build at a time; yield the build environment at a path that stays, if it can be done.

        setuptools passes a folder in the environment to the compiler, so a new path would be a new option.

        :param prefix: an environment that this build alone uses; None for one that stays.
        :raises OSError: if the cache cannot be written to.
        """
        with ExitStack() as stack:
            open_folder(self.place.parent)
            stack.enter_context(exclusively(self.place, lambda: say("another build of this editable is running")))
            if prefix is None or os.name != "posix":  # links to folders need a permission on Windows
                yield None
                return
            stack.callback(remove, self.place)
            with replacing(self.place) as new:
                new.symlink_to(prefix, target_is_directory=True)
            yield self.place


def plan_objects(cache: Path, source: Path, label: str) -> Objects:
    """Return the folder for objects.

    :param label: the name of the build folder for the runtimes.
    """
    import sysconfig  # noqa: PLC0415 - only an editable of setuptools needs it

    folder = f"build/{label}/editable-{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
    stem = find_stem(cache, source)
    return Objects(folder=folder, place=stem.with_name(f"{stem.name}-objects-{digest([folder], 8)}"))
