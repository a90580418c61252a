"""Locks and environments by folder: what lies in a folder, and upward from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..files import is_file, list_names


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
    return tuple(folder / name for name in list_names(folder) if _is_named_pylock(name))


def _is_named_pylock(name: str) -> bool:
    """PEP 751: ``pylock.<name>.toml``, the name without a dot."""
    return name.startswith("pylock.") and name.endswith(".toml") and name.count(".") == 2  # noqa: PLR2004


def find_project(start: Path) -> Path | None:
    """Return the nearest folder upward that has a pyproject.toml."""
    return next((folder for folder in upward(start) if is_file(folder / "pyproject.toml")), None)


def find_lock_upward(start: Path, name: str) -> Path | None:
    """Return the nearest file of that name, upward."""
    return next((folder / name for folder in upward(start) if is_file(folder / name)), None)
