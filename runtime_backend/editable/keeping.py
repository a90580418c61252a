"""Deciding whether the build environment of an editable is kept, and where.

meson-python and scikit-build-core install a loader that compiles changed sources when the package is imported. It needs
the programs of the build environment, which the frontend removes after the build.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config import Settings
from ..installed.distributions import DistributionIndex
from ..store.names import digest, safe_name
from .environment import KeptEnvironment

MESON_PYTHON, SCIKIT_BUILD_CORE = "mesonpy", "scikit_build_core.build"
"""The real backends whose editables rebuild themselves."""

FOLDER = "environments"
"""The folder of the cache with the kept environments."""

_TRUE = ("true", "1", "on", "yes", "y")


class Keeping(NamedTuple):
    """The decision to keep a build environment."""

    backend: str
    """:data:`MESON_PYTHON` or :data:`SCIKIT_BUILD_CORE`."""
    why: str
    stem: Path
    """The start of the environment's path, which depends on the source folder only."""
    environment: KeptEnvironment | None = None
    """None if it is not known yet: the build environment is made by the frontend, after ``explain``."""
    folder: str | None = None
    """The build folder, relative to the source folder or absolute; None if scikit-build-core has none."""

    def config_settings(self, theirs: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return the config settings with the build folder; scikit-build-core gets it by :attr:`variables`."""
        if self.backend != MESON_PYTHON:
            return theirs
        return {**{k: v for k, v in (theirs or {}).items() if k != "builddir"}, "build-dir": self.folder}

    @property
    def variables(self) -> dict[str, str]:
        """The variables with the build folder."""
        if self.folder is None or self.backend == MESON_PYTHON:
            return {}
        return {"SKBUILD_BUILD_DIR": self.folder}

    @property
    def place(self) -> str:
        """The path for people."""
        return f"{self.stem}-*" if self.environment is None else str(self.environment.path)


def find_keeping(
    settings: Settings, cache: Path, environ: Mapping[str, str], theirs: Mapping[str, Any], isolation: str
) -> Keeping | None:
    """Return the decision for an editable of a source tree; None if no environment is kept.

    Without isolation, the build requirements are in an environment of the person, where the loader finds them later.
    A wrapper has no editable.

    :param theirs: the config settings for the real backend.
    """
    if settings.editable_env.value == "off" or isolation == "none" or settings.upstream is not None:
        return None
    backend, why = settings.real_backend.value.partition(":")[0], None
    if backend == MESON_PYTHON:
        why = "editables of meson-python rebuild themselves"
    elif backend == SCIKIT_BUILD_CORE and _scikit_build_rebuilds(settings, environ, theirs):
        why = "scikit-build-core has editable.rebuild"
    return None if why is None else Keeping(backend=backend, why=why, stem=find_stem(cache, settings.source))


def find_stem(cache: Path, source: Path) -> Path:
    """Return the start of the names in the cache for a source folder."""
    return cache / FOLDER / f"{safe_name(source.name)}-{digest([str(source)], 8)}"


def _scikit_build_rebuilds(settings: Settings, environ: Mapping[str, str], theirs: Mapping[str, Any]) -> bool:
    """Return scikit-build-core's ``editable.rebuild``: the variable wins over config settings, these over the file."""

    def stated(name: str) -> str | None:
        found = [environ.get(f"SKBUILD_EDITABLE_{name.upper()}"), theirs.get(f"skbuild.editable.{name}")]
        value = next((value for value in [*found, theirs.get(f"editable.{name}")] if value not in (None, "")), None)
        return None if value is None else str(value).lower()

    rebuilds = stated("rebuild")
    if stated("mode") == "inplace":  # it compiles in the source tree, where two targets cannot be kept apart
        return False
    return settings.scikit_build_rebuilds if rebuilds is None else rebuilds in _TRUE


def with_environment(keeping: Keeping, sys_path: Sequence[str], shown: Sequence[Path]) -> Keeping:
    """Return the decision with the environment to keep: a clone of each distribution on the import path.

    Its path depends on everything that a rebuild sees: the interpreter, the content of the distributions, and the
    overlays. So an environment never changes, and two targets share one only if both see the same runtime in it.

    :param shown: the overlays, at their lasting paths.
    """
    clones = tuple(DistributionIndex([Path(entry) for entry in sys_path if entry]))
    # Not sys.executable: that of a build environment may be a copy of its own.
    parts = [sys.version, os.path.realpath(getattr(sys, "_base_executable", sys.executable)), *map(str, shown)]
    for distribution in clones:
        parts += [distribution.name, distribution.version, *distribution.content]
    path = Path(f"{keeping.stem}-{digest(parts, 8)}")
    return keeping._replace(environment=KeptEnvironment(path=path, clones=clones, shown=tuple(shown)))


def with_folder(keeping: Keeping, base: str | None, label: str | None) -> Keeping:
    """Return the decision with a build folder of its own: two environments must not compile in one folder.

    :param base: the folder that the settings name.
    :param label: the name for the runtimes.
    """
    if keeping.environment is None or base is None:
        return keeping
    key = keeping.environment.path.name.rpartition("-")[2]
    return keeping._replace(folder=f"{base.rstrip('/')}/{'-'.join(filter(None, (label, key)))}")


def named_folder(
    keeping: Keeping, settings: Settings, environ: Mapping[str, str], theirs: Mapping[str, Any]
) -> str | None:
    """Return the build folder that the settings of the real backend name; None if scikit-build-core has none.

    scikit-build-core without a build folder reports that itself.
    """
    if keeping.backend == MESON_PYTHON:
        found = [theirs.get("build-dir"), theirs.get("builddir"), "build"]
    else:
        names = ("skbuild.build-dir", "build-dir")
        found = [environ.get("SKBUILD_BUILD_DIR"), *(theirs.get(name) for name in names), settings.scikit_build_dir]
    return next((folder for folder in found if isinstance(folder, str) and folder), None)
