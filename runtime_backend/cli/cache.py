"""``runtime-backend cache``: what lies in our cache, and taking it out again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..cache import find_cache
from ..files import is_folder, list_names
from .terminal import out, say

KINDS = {
    "fetched": "runtimes that builds fetched",
    "overlays": "links to the runtimes of environments",
    "toolkits": "CUDA compilers out of wheels",
    "cuda": "links that make a CUDA_HOME of them",
    "compilers": "scripts that put a compiler cache in front",
    "sources": "upstream sources of wrappers",
    "index": "answers of package indexes",
    "asked": "answers of frontends, kept for a day",
    "verified": "wheels whose hash was checked here",
    "bytecode": "compiled Python of builds",
    "builds": "output and record of the last builds",
}
"""The folders of the cache. What a build needs of them is made again at any time."""


class Entry(NamedTuple):
    """One thing in the cache."""

    kind: str
    path: Path
    size: int
    """Bytes on disk."""


def own_cache() -> Path:
    """Return the folder of the cache of the person who calls."""
    named = os.environ.get("RUNTIME_BACKEND_CACHE_DIR")
    return find_cache(Path(named) if named else None, os.environ)


def list_cache(cache: Path) -> list[Entry]:
    """Return what is in the cache: the fetched runtimes one by one, the other kinds each as a whole."""
    entries = []
    for kind in KINDS:
        paths = _fetched(cache / kind) if kind == "fetched" else [cache / kind]
        entries += [Entry(kind=kind, path=path, size=_size(path)) for path in paths if is_folder(path)]
    return entries


def show_cache(*, prune: bool) -> int:
    """Print what is in the cache, or take it out; return the exit code."""
    cache = own_cache()
    entries = list_cache(cache)
    total = sum(entry.size for entry in entries)
    for entry in entries:
        out(f"{_megabytes(entry.size)}  {entry.kind:9}  {entry.path}")
    out(f"{_megabytes(total)}  in {cache}")
    if prune:
        left = [path for entry in entries for path in _remove(entry.path)]
        for path in left:
            say(f"error: {path} cannot be removed")
        out("nothing is left of it" if not left else "the rest is gone")
        return 1 if left else 0
    return 0


def _fetched(folder: Path) -> list[Path]:
    return [folder / name for name in list_names(folder) if is_folder(folder / name)]


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in _files(path))


def _files(path: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(path):
        yield from (Path(folder) / name for name in names)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:10.1f} MB"


def _remove(path: Path) -> list[Path]:
    """Remove a folder, out of sight first, so that no build takes a half of it; return what is left."""
    try:
        hidden = path.rename(path.with_name(f".old-{os.getpid()}-{path.name}"))
    except OSError:
        return [path]
    shutil.rmtree(hidden, ignore_errors=True)
    return [hidden] if is_folder(hidden) else []
