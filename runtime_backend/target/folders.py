"""Locks and environments by folder: what lies in a folder, and upward from it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether a file is there; a path that may not be looked at, or is too long for one, is none."""
    return os.path.isfile(path)  # noqa: PTH113 - before Python 3.14, Path.is_file raises for both


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, likewise."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def read_text(path: Path) -> str:
    """Return a file's text; nothing where it cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def upward(start: Path) -> Iterator[Path]:
    """Yield the folder and its parents."""
    yield start
    yield from start.parents


def find_locks(folder: Path) -> tuple[Path, ...]:
    """Return the lock that speaks for a folder; several only if it holds several named pylocks (PEP 751) alone."""
    for names in (["uv.lock"], ["pylock.toml"]):
        found = tuple(folder / name for name in names if is_file(folder / name))
        if found:
            return found
    return tuple(folder / name for name in sorted(_listed(folder)) if _is_named_pylock(name))


def _is_named_pylock(name: str) -> bool:
    """PEP 751: ``pylock.<name>.toml``, the name without a dot."""
    return name.startswith("pylock.") and name.endswith(".toml") and name.count(".") == 2  # noqa: PLR2004


def find_project(start: Path) -> Path | None:
    """Return the nearest folder upward that has a pyproject.toml."""
    return next((folder for folder in upward(start) if is_file(folder / "pyproject.toml")), None)


def find_lock_upward(start: Path, name: str) -> Path | None:
    """Return the nearest file of that name, upward."""
    return next((folder / name for folder in upward(start) if is_file(folder / name)), None)


def _listed(folder: Path) -> Sequence[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
