"""``runtime-backend cache``: listing, verifying, and cleaning our cache."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import CommandError
from ..formats.tables import did_you_mean, one_of
from ..store.cache import find_cache
from ..store.sweeping import Left, prune, remove_unused, sweep
from ..system.files import is_closed, is_file, is_folder, list_names
from .kept.removal import report_failed
from .terminal import out

KINDS = {
    "fetched": "runtimes that builds fetched",
    "overlays": "links to the runtimes of environments",
    "environments": "build environments of editables that rebuild themselves",
    "toolkits": "CUDA compilers from wheels",
    "cuda": "links to those, laid out as a CUDA_HOME",
    "compilers": "scripts that call the compiler through a compiler cache",
    "sources": "upstream sources of wrappers",
    "index": "answers of package indexes",
    "asked": "answers of frontends, kept for a day",
    "verified": "wheels whose hash was checked",
    "bytecode": "compiled Python of builds",
    "store": "finished wheels, and what the last builds looked for",
    "builds": "output and record of the last builds",
}
"""The folders of the cache. A build makes again what it needs; an editable that lacks its environment says so."""
_LISTED = ("fetched", "environments", "store")
"""Kinds whose entries are listed one by one."""


_NAMED = "RUNTIME_BACKEND_CACHE_DIR names another folder for the cache."
_HANDED_OVER = {"verified": 3600}
"""Seconds for which a frontend may still install a wheel that it got; it holds no lock of ours."""


class Entry(NamedTuple):
    """One entry of the cache."""

    kind: str
    path: Path
    size: int
    """Bytes on disk."""


def own_cache() -> Path:
    """Return the folder of the person's cache.

    :raises CommandError: if it is a file, or cannot be read.
    """
    named = os.environ.get("RUNTIME_BACKEND_CACHE_DIR")
    # As in a build: relative to the working directory, with ~ as the home folder.
    path = Path(os.path.abspath(os.path.expanduser(named))) if named else None  # noqa: PTH100, PTH111 - never raise
    cache = find_cache(path, os.environ)
    if is_file(cache):
        raise CommandError(
            "no-cache-folder",
            "{cache}: found a file, expected the folder of the cache",
            hint=_NAMED,
            cache=cache,
        )
    if is_closed(cache):
        raise CommandError("folder-unreadable", "{cache}: cannot be read: permission denied", hint=_NAMED, cache=cache)
    return cache


def list_cache(cache: Path) -> list[Entry]:
    """Return the entries of the cache: each fetched runtime, environment and wheel, and each other kind as a whole."""
    entries = []
    for kind in KINDS:
        paths = _entries(cache / kind) if kind in _LISTED else [cache / kind]
        entries += [Entry(kind=kind, path=path, size=_size(path)) for path in paths if is_folder(path)]
    return entries


def run_cache(action: str, kinds: Sequence[str]) -> int:
    """List, measure, verify, prune or clean the cache; return the exit code.

    :param kinds: the kinds to clean; empty for all.
    :raises CommandError: for an unknown kind, or if an action other than ``clean`` gets kinds.
    """
    if kinds and action != "clean":
        raise CommandError(
            "too-many-arguments",
            "cache {action}: found {found!r}, expected nothing after {action}",
            action=action,
            found=kinds[0],
        )
    for kind in kinds:
        if kind not in KINDS:
            raise CommandError(
                "unknown-kind-of-cache",
                "found the kind {kind!r}{did_you_mean}, expected {known}",
                kind=kind,
                did_you_mean=did_you_mean(kind, list(KINDS)),
                known=one_of(list(KINDS)),
            )
    cache = own_cache()
    if action == "verify":
        from .kept.verification import verify_cache  # noqa: PLC0415 - only this action needs hashing and archives

        return verify_cache(cache)
    if action in ("prune", "clean"):
        before = _size(cache)
        left = _prune(cache) if action == "prune" else _clean(cache, kinds or list(KINDS))
        return _report_left(left, cache, before - _size(cache))
    entries = list_cache(cache)
    total = sum(entry.size for entry in entries)
    if action == "size":
        out(f"{total / 1e6:.1f} MB in {cache}")
        return 0
    for entry in entries:
        out(f"{_column(entry.size)}  {entry.kind:12}  {entry.path}")
    out(f"{_column(total)}  in {cache}")
    return 0


def links_in(folder: Path) -> list[Path]:
    """Return all links in a folder, at any depth."""
    paths = (Path(inside) / name for inside, *names in os.walk(folder) for name in [*names[0], *names[1]])
    return [path for path in paths if path.is_symlink()]


def _prune(cache: Path) -> Left:
    """Remove what no build will use again."""
    from .kept.pruning import find_unused  # noqa: PLC0415 - only this action needs it

    sweep(cache)
    left = Left()
    for path in find_unused(cache):
        left |= remove_unused(path)
    return left


def _clean(cache: Path, kinds: Sequence[str]) -> Left:
    """Remove everything that no build is using."""
    sweep(cache)
    left = Left()
    for kind in kinds:
        left |= prune(cache / kind, kept=_HANDED_OVER.get(kind, 0))
    return left


def _report_left(left: Left, cache: Path, freed: int) -> int:
    report_failed(left)
    for path in left.in_use:
        out(f"kept, because a build uses it: {path}")
    out(f"removed {freed / 1e6:.1f} MB from {cache}")
    return 1 if left.failed else 0


def _entries(folder: Path) -> list[Path]:
    return [folder / name for name in list_names(folder) if is_folder(folder / name)]


def _size(path: Path) -> int:
    return sum(map(_bytes, _files(path)))


def _bytes(path: Path) -> int:
    with suppress(OSError):  # a build has just removed it
        return path.lstat().st_size
    return 0


def _files(path: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(path):
        yield from (Path(folder) / name for name in names)


def _column(size: int) -> str:
    """Format a size, right-aligned."""
    return f"{size / 1e6:10.1f} MB"
