"""Folders outside of the source tree that variables or build scripts name: what is in them, without reading files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..store.names import digest
from ..system.files import is_file, is_folder, list_names

MOST_FILES = 10_000


def describe_place(path: Path) -> str | None:
    """Return a digest of what is at a path outside the source tree, by names, sizes and times; None if nothing is.

    An environment of conda is described by its packages.

    :raises NoAnswer: if it cannot be listed, or has too many files.
    """
    if is_file(path):
        return digest([_describe(path)])
    packages = describe_packages(path)
    if packages is not None or not is_folder(path):
        return packages
    texts = []
    for text in _list(path):
        texts.append(text)
        if len(texts) > MOST_FILES:
            raise NoAnswer(
                f"{path}, which a variable or a build script names, has more than {MOST_FILES} files to compare"
            )
    return digest(sorted(texts)) if texts else None


def describe_packages(prefix: Path) -> str | None:
    """Return a digest of the packages of an environment of conda; None if it is none."""
    packages = [name for name in list_names(prefix / "conda-meta") if name.endswith(".json")]
    return digest(packages) if packages else None


def _list(path: Path) -> Iterator[str]:
    for inside, folders, names in os.walk(path, onerror=_refuse):
        here = Path(inside)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in (*names, *links):
            yield f"{os.path.relpath(here / name, path)} {_describe(here / name)}"


def _refuse(error: OSError) -> None:
    raise NoAnswer(f"{error.filename} cannot be read: {reason(error, error.filename)}")


def _describe(path: Path) -> str:
    target = os.path.realpath(path) if path.is_symlink() else ""
    try:
        found = path.stat()
    except OSError:  # a link to nothing
        return target
    return f"{target} {found.st_size} {found.st_mtime_ns}"
