"""Where this person's cache lies."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path


def find_cache(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of our cache, which need not exist yet.

    :param named: the one that the settings name.
    """
    if named is not None:
        return named
    if os.name == "nt" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "runtime-backend" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "runtime-backend"
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and is ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "runtime-backend"


def bytecode_folder(cache: Path) -> Path:
    """Return the folder that takes the byte code of a build, which must not go into the target through an overlay."""
    return cache / "bytecode"


def prune_bytecode(cache: Path, kept: Path) -> None:
    """Remove the byte code of everything but what lies below a folder.

    A build compiles what it imports from its build environment, too; that one has another path every time, and its byte
    code would pile up.

    :param kept: the overlays' folder, whose byte code the next build uses again.
    """
    folder = bytecode_folder(cache)
    for part in kept.parts[1:]:
        for name in _listed(folder):
            if name != part:
                shutil.rmtree(folder / name, ignore_errors=True)
        folder /= part


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
