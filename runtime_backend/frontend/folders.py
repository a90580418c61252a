"""Finding locks and projects in a folder, and upward from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..formats.toml import TOMLDecodeError, loads
from ..system.files import is_file, list_names, read_text
from ..system.trust import EVERYBODY, Trust


def upward(start: Path) -> Iterator[Path]:
    """Yield the folder and its parents."""
    yield start
    yield from start.parents


def upward_in(trust: Trust, start: Path) -> Iterator[Path]:
    """Yield the folder and its parents, up to the first one that is not trusted."""
    return takewhile(lambda folder: trust.objection(folder) is None, upward(start))


LOCK_NAMES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "conda-lock.yml")
"""The locks of a folder, of which the first one counts. Requirements files are locks only if they are named."""


def find_home(environ: Mapping[str, str]) -> Path:
    """Return the home folder in a person's variables, else in the system's user database."""
    home = environ.get("HOME")
    return Path(os.path.expanduser("~") if home is None else home or os.devnull)  # noqa: PTH111 - Path.home raises


_BUILD_LOCK = r"(?m)^\[tool\.runtime-backend\]"
"""What `runtime-backend lock` adds to a lock."""


def find_locks(folder: Path) -> tuple[Path, ...]:
    """Return the lock of a folder; several only if it has nothing but named pylocks (PEP 751).

    A build lock is none of them: it locks what builds use.
    """
    found = next((folder / name for name in LOCK_NAMES if is_file(folder / name)), None)
    if found is not None:
        return (found,)
    named = (folder / name for name in list_names(folder) if _is_named_pylock(name))
    return tuple(path for path in named if not re.search(_BUILD_LOCK, read_text(path)))


def _is_named_pylock(name: str) -> bool:
    """Return whether it is ``pylock.<name>.toml``, without a dot in the name (PEP 751)."""
    return name.startswith("pylock.") and name.endswith(".toml") and name.count(".") == 2  # noqa: PLR2004


def find_project(start: Path, trust: Trust = EVERYBODY) -> Path | None:
    """Return the nearest folder upward with a pyproject.toml.

    :param trust: everybody's for a frontend's own project, since the frontend reads that file, too.
    """
    return next((folder for folder in upward_in(trust, start) if is_file(folder / "pyproject.toml")), None)


def find_lock_upward(project: Path, name: str, trust: Trust) -> Path | None:
    """Return the nearest file of that name in a frontend's project, or in trusted folders above."""
    folders = upward_in(trust.including(project), project)
    return next((folder / name for folder in folders if is_file(folder / name)), None)


def read_toml(path: Path) -> Mapping[str, Any]:
    """Return a foreign TOML file's document; empty if it cannot be read."""
    try:
        return loads(read_text(path))
    except TOMLDecodeError:
        return {}
