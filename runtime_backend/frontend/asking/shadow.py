"""Shadows: copies of an environment and of uv's cache, made of links, without their locks.

Without them, a dry run of uv inside a hook would never end: the outer uv holds the lock of the target and, in its
cache, the lock of the source that it builds (facts on asking, section 2).
"""

from __future__ import annotations

import os
from pathlib import Path

from ...system.files import is_folder, list_names

_NOT_SHARED = ("sdists-v", "builds-v", "interpreter-v", "environments-v", ".lock", ".tmp")
"""Folders in which the outer uv holds locks, or in which a dry run would write."""


def shadow_environment(real: Path, shadow: Path) -> Path:
    """Make the shadow of a virtual environment, and return it. Only its top folders are new; the rest are links.

    :param real: the environment.
    """
    shadow.mkdir(parents=True)
    for name in list_names(real):
        place = real / name
        if name in ("bin", "Scripts"):
            (shadow / name).mkdir()
            for program in (p for p in list_names(place) if p.startswith("python")):
                _link(shadow / name / program, place / program)
        elif name == "pyvenv.cfg":
            (shadow / name).write_bytes(place.read_bytes())
        elif name != ".lock":
            _link(shadow / name, place)
    return shadow


def shadow_folder(real: Path, shadow: Path) -> Path:
    """Make the shadow of a folder that uv installs into (``--target``, ``--prefix``), and return it.

    Metadata folders are new folders with links, because uv ignores metadata folders that are links.
    """
    shadow.mkdir(parents=True)
    for name in list_names(real):
        if name.endswith((".dist-info", ".egg-info")) and is_folder(real / name):
            shadow_folder(real / name, shadow / name)
        elif name != ".lock":
            _link(shadow / name, real / name)
    return shadow


def shadow_cache(real: Path, shadow: Path, script: str | None) -> None:
    """Make the shadow of uv's cache.

    :param script: the name of the script whose environment in the cache is about to change.
    """
    shadow.mkdir(parents=True)
    for name in list_names(real):
        if name.startswith("environments-v") and script is not None:
            for environment in list_names(real / name):
                if environment.startswith(script) and is_folder(real / name / environment):
                    shadow_environment(real / name / environment, shadow / name / environment)
        elif not name.startswith(_NOT_SHARED):
            _link(shadow / name, real / name)


def _link(place: Path, target: Path) -> None:
    place.symlink_to(os.path.realpath(target) if target.is_symlink() else target)
