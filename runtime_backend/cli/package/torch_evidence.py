"""Searching the files that a package's build backend reads for torch, without running any."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...system.files import is_file, read_text
from .build_scripts import BuildScripts
from .stated_requirements import table_of

_PURE = ("flit_core", "hatchling", "poetry", "pdm", "uv_build", "setuptools")
"""Backends that compile nothing except through a build script."""
_NATIVE = {"scikit_build_core": "cmake", "py_build_cmake": "cmake", "mesonpy": "meson", "maturin": "cargo"}
BUILD_SYSTEMS = ("cmake", "meson", "cargo")
_LINE = re.compile(r"^[^#\n]*torch", re.IGNORECASE | re.MULTILINE)
_CRATE = re.compile(r"^\s*(?:tch|torch-sys)\b", re.MULTILINE)
_LEFT_OUT = ("node_modules", "build", "dist", "__pycache__", "site-packages", "venv", "target")


def needs_native_torch(source: Path, document: Mapping[str, Any], scripts: BuildScripts) -> bool:
    """Return whether a CMake, Meson or Cargo file that the build reads names torch."""
    kinds = set(_kinds(document, scripts))
    return bool(kinds) and any(names_torch(path, kinds) for path in files_of(source))


def _kinds(document: Mapping[str, Any], scripts: BuildScripts) -> Iterator[str]:
    """Yield the build systems that a build may use."""
    build_system = table_of(document, "build-system")
    backend = build_system.get("build-backend", "setuptools")
    top = str(backend).partition(":")[0].partition(".")[0]
    if top in _NATIVE:
        yield _NATIVE[top]
    elif top not in _PURE or "backend-path" in build_system:
        yield from BUILD_SYSTEMS
    words = f"{scripts.text} {build_system.get('requires')}".lower()
    yield from (kind for kind, sign in _SIGNS.items() if sign.search(words))


_SIGNS = {
    "cmake": re.compile(r"cmake|\bskbuild\b|scikit-build"),
    "meson": re.compile(r"\bmeson\b"),
    "cargo": re.compile(r"setuptools[-_]rust"),
}
"""Build system -> words of a build script or a build requirement that use it."""


def names_torch(path: Path, kinds: Collection[str]) -> bool:
    """Return whether a file belongs to one of the given build systems, and names torch."""
    if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
        return "cmake" in kinds and _LINE.search(read_text(path)) is not None
    if path.name == "meson.build":
        return "meson" in kinds and _LINE.search(read_text(path)) is not None
    return path.name == "Cargo.toml" and "cargo" in kinds and _CRATE.search(read_text(path)) is not None


def files_of(source: Path) -> Iterator[Path]:
    """Yield the files of a source tree, except build outputs and virtual environments."""
    for inside, folders, names in os.walk(source):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _LEFT_OUT and not name.startswith(".") and not is_file(Path(inside, name, "pyvenv.cfg"))
        )
        yield from (Path(inside, name) for name in sorted(names))
