"""What a package declares as its backend: ``explain`` vouches only for a build that would come to the shim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config import Settings
from ..errors import ConfigError
from ..tables import Table, did_you_mean, one_of
from ..toml import loads
from .adoption import BACKEND, name_of
from .documents import read_pyproject

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
"""Top of a well-known real backend -> what it may be named."""
_PACKAGES = {
    "meson-python": "mesonpy",
    "poetry-core": "poetry",
    "pdm-backend": "pdm",
    "scikit-build": "scikit_build_core",
}
"""What is written for such a top: the name of its package, or of its predecessor."""


def refuse_undeclared(source: Path, settings: Settings) -> None:
    """Refuse a package that no frontend would build through the shim, or whose real backend is misspelt.

    :raises ConfigError: with every mistake.
    """
    document = Table(loads(read_pyproject(source)), file=str(source / "pyproject.toml"))
    build_system = document.table("build-system") or Table(
        {}, file=document.file, key="build-system", problems=document.problems
    )
    declared = build_system.string("build-backend")
    if declared != BACKEND and not document.problems:
        found = "none" if declared is None else f"the string {declared!r}{did_you_mean(declared, [BACKEND])}"
        build_system.report("build-backend", found, f"{BACKEND!r}: no frontend would ask the shim")
    if settings.upstream is None and not settings.backend_path:
        document.problems.extend(_misspelt(settings.real_backend.value, build_system.strings("requires") or ()))
    if document.problems:
        raise ConfigError(document.problems, hint="To have it written: runtime-backend init --write")


def _misspelt(spec: str, requires: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the name of the real backend; one that nobody knows is its package's own."""
    top = spec.partition(":")[0].partition(".")[0]
    package = canonicalize_name(top)
    if package in _PACKAGES:
        expected = _MODULES[_PACKAGES[package]]
    elif top in _MODULES:
        expected = _MODULES[top]
    elif package not in {name_of(text) for text in requires}:
        expected = tuple(
            module for near in get_close_matches(top, _MODULES, n=1, cutoff=0.8) for module in _MODULES[near]
        )
    else:
        return
    if expected and spec not in expected:
        near = did_you_mean(spec, expected)
        yield f"tool.runtime-backend.build-backend: found the string {spec!r}{near}, expected {one_of(expected)}"
