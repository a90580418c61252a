"""The backend that a package declares: ``explain`` refuses a package whose build would not reach the shim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config import Settings
from ..errors import ConfigError
from ..formats.parsing import requirement_name
from ..formats.tables import Table, did_you_mean, one_of
from ..formats.toml import read_document
from .adopt.adoption import BACKEND

_MODULES = {
    "setuptools": ("setuptools.build_meta", "setuptools.build_meta:__legacy__"),
    "scikit_build_core": ("scikit_build_core.build", "scikit_build_core.setuptools.build_meta"),
    "mesonpy": ("mesonpy",),
    "hatchling": ("hatchling.build",),
    "flit_core": ("flit_core.buildapi",),
    "poetry": ("poetry.core.masonry.api",),
    "pdm": ("pdm.backend",),
    "maturin": ("maturin",),
    "uv_build": ("uv_build",),
    "py_build_cmake": ("py_build_cmake.build",),
}
"""Top-level module of a well-known real backend -> its valid names."""
_PACKAGES = {
    "meson-python": "mesonpy",
    "poetry-core": "poetry",
    "pdm-backend": "pdm",
    "scikit-build": "scikit_build_core",
}
"""Names of packages, or of predecessors, that people write instead of the top-level module."""


def refuse_undeclared(source: Path, settings: Settings) -> None:
    """Refuse a package that no frontend would build through the shim, or whose real backend is misspelt.

    :raises ConfigError: lists every mistake.
    :raises FileError: if pyproject.toml cannot be read.
    """
    path = source / "pyproject.toml"
    document = Table(read_document(path), file=str(path))
    build_system = document.table("build-system") or Table(
        {}, file=document.file, key="build-system", problems=document.problems
    )
    declared = build_system.string("build-backend")
    if declared != BACKEND and not document.problems:
        found = "none" if declared is None else f"the string {declared!r}{did_you_mean(declared, [BACKEND])}"
        build_system.report("build-backend", found, f"{BACKEND!r}: no frontend would ask the shim")
    if settings.upstream is None and not settings.backend_path:
        requires = (*(build_system.strings("requires") or ()), *settings.build.all_requires)
        document.problems.extend(_misspelt(settings.real_backend.value, requires))
    if document.problems:
        way_out = "To declare it: runtime-backend init --write" if declared != BACKEND else None
        raise ConfigError(document.problems, way_out=way_out)


def _misspelt(spec: str, requires: Iterable[str]) -> Iterator[str]:
    """Yield a mistake in the name of a well-known real backend; unknown backends are accepted."""
    expected = _modules_of(spec.partition(":")[0].partition(".")[0], requires)
    if expected and spec not in expected:
        near = did_you_mean(spec, expected)
        yield f"tool.runtime-backend.build-backend: found the string {spec!r}{near}, expected {one_of(expected)}"


def _modules_of(top: str, requires: Iterable[str]) -> tuple[str, ...]:
    """Return the valid names of a well-known real backend by its top-level module; empty for an unknown one."""
    package = canonicalize_name(top)
    known = _PACKAGES.get(package, top)
    if known not in _MODULES and package not in map(requirement_name, requires):
        known = next(iter(get_close_matches(top, _MODULES, n=1, cutoff=0.8)), "")
    return _MODULES.get(known, ())
