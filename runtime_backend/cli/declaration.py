"""The backend that a package declares: ``explain`` refuses a package whose build would not reach the shim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config import Settings
from ..errors import BackendError, ConfigError
from ..formats.parsing import requirement_name
from ..formats.tables import Table, did_you_mean, one_of
from ..formats.toml import read_document
from ..system.files import is_file
from .adopt.adoption import BACKEND
from .adopt.documents import no_package

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


def refuse_undeclared(source: Path) -> None:
    """Refuse a package that no frontend would build through the shim.

    :raises BackendError: if it declares another backend, or none.
    :raises CommandError: if the folder is not the source tree of a package.
    :raises ConfigError: if build-system is not laid out as PEP 518 demands.
    :raises FileError: if pyproject.toml cannot be read.
    """
    path = source / "pyproject.toml"
    if not path.is_symlink() and not path.exists():
        if not is_file(source / "setup.py"):
            raise no_package(source)
        raise _undeclared(source / "setup.py", "found a setup.py without a pyproject.toml")
    document = Table(read_document(path), file=str(path))
    build_system = document.table("build-system")
    declared = None if build_system is None else build_system.string("build-backend")
    if document.problems:
        raise ConfigError(document.problems)
    if declared != BACKEND:
        found = "none" if declared is None else f"the string {declared!r}{did_you_mean(declared, [BACKEND])}"
        raise _undeclared(path, f"build-system.build-backend: found {found}, expected {BACKEND!r}")


def _undeclared(path: Path, what: str) -> BackendError:
    return BackendError(
        "not-declared",
        "{path}: {what}: frontends build this package without runtime-backend",
        hint="To declare it in your own package: runtime-backend init --write. To build the package of somebody else"
        " in your project: runtime-backend wrap NAME==VERSION.",
        path=path,
        what=what,
    )


def refuse_misspelt(source: Path, settings: Settings) -> None:
    """Refuse a package whose real backend is misspelt.

    :raises ConfigError: if it is a name that a well-known real backend does not have.
    """
    if settings.upstream is not None or settings.backend_path:
        return
    path = source / "pyproject.toml"
    problems = list(_misspelt(path, settings.real_backend.value, settings.build.all_requires))
    if problems:
        raise ConfigError(problems)


def _misspelt(path: Path, spec: str, requires: Iterable[str]) -> Iterator[str]:
    """Yield a mistake in the name of a well-known real backend; unknown backends are accepted."""
    expected = _modules_of(spec.partition(":")[0].partition(".")[0], requires)
    if expected and spec not in expected:
        near = did_you_mean(spec, expected)
        key = f"{path}: tool.runtime-backend.build-backend"
        yield f"{key}: found the string {spec!r}{near}, expected {one_of(expected)}"


def _modules_of(top: str, requires: Iterable[str]) -> tuple[str, ...]:
    """Return the valid names of a well-known real backend by its top-level module; empty for an unknown one."""
    package = canonicalize_name(top)
    known = _PACKAGES.get(package, top)
    if known not in _MODULES and package not in map(requirement_name, requires):
        known = next(iter(get_close_matches(top, _MODULES, n=1, cutoff=0.8)), "")
    return _MODULES.get(known, ())
