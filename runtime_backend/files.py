"""Asking the disk: what is not there, or may not be looked at, is answered with nothing. No question here raises."""

from __future__ import annotations

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether a file is there; a path that may not be looked at, or is too long for one, is none."""
    return os.path.isfile(path)  # noqa: PTH113 - before Python 3.14, Path.is_file raises for both


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, likewise."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_there(path: Path) -> bool:
    """Return whether a path leads somewhere, likewise."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def read_text(path: Path) -> str:
    """Return a file's text; nothing where it cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def list_names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted, so that every hook finds the same first one."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
