"""Finding the package in an upstream source: at its top, in the folder that the person named, or in the only one that
fits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.utils import canonicalize_name

from ...config.names import find_name
from ...errors import SourceError
from ...formats.tables import Table
from ...formats.toml import loads
from ...system.files import is_file, is_there, read_text
from .upstreams import Wanted

_DEEPEST = 4
"""Levels of folders that are searched for a package."""
_LEFT_OUT = {
    *("build", "dist", "doc", "docs", "example", "examples", "node_modules", "sample", "samples", "test", "tests"),
    *("3rdparty", "benchmark", "benchmarks", "extern", "external", "third-party", "third_party", "tutorials", "vendor"),
}
"""Folders whose packages are not meant to be installed."""


def find_package(tree: Path, wanted: Wanted) -> str | None:
    """Return the folder of the package, relative to the source; None if it is at the top.

    :param tree: the source.
    :raises SourceError: if no folder contains a package, several do, or the package has another name.
    """
    place = tree / (wanted.subdirectory or "")
    if _is_package(place) and _is_wanted(place, wanted.name):
        return wanted.subdirectory
    found = [name for name in _packages(tree, tree, _DEEPEST) if name != "."]
    fitting = [name for name in found if _is_wanted(tree / name, wanted.name)]
    if len(fitting) == 1 and wanted.subdirectory is None:
        return fitting[0]
    if _is_package(place):
        raise SourceError(
            "another-package-in-source",
            "{text}: found the package {found!r}, expected {name!r}",
            hint="Use the name in the source, or name the folder of the package: #subdirectory=FOLDER",
            text=wanted.text,
            found=_name(place),
            name=wanted.name,
        )
    raise _refusal(wanted, fitting or found)


def _refusal(wanted: Wanted, found: Sequence[str]) -> SourceError:
    place = f"the folder {wanted.subdirectory}" if wanted.subdirectory else "the top folder"
    package = "package" if wanted.name is None else f"package {wanted.name!r}"
    what = f"{wanted.text}: found no {package} in {place}, and {len(found)} in other folders"
    if not found:
        return SourceError(
            "no-package-in-source",
            "{what}",
            hint="Expected a pyproject.toml with [project] or [build-system], or a setup.py",
            what=what,
        )
    lines = "\n".join(f"  {with_subdirectory(wanted, folder)}" for folder in found)
    return SourceError("several-packages-in-source", "{what}", hint="Choose one:\n{lines}", what=what, lines=lines)


def with_subdirectory(wanted: Wanted, folder: str | None) -> str:
    """Return the requirement with the folder of the package; unchanged if the folder is None."""
    return wanted.text if folder is None else f"{wanted.text.partition('#')[0]}#subdirectory={quote(folder)}"


def _is_wanted(tree: Path, name: str | None) -> bool:
    """Return whether a package has a name, or its source has no name that can be read without running it."""
    found = None if name is None else _name(tree)
    return name is None or found is None or found == canonicalize_name(name)


def _name(tree: Path) -> str | None:
    return find_name(tree, Table(read_document(tree), file="pyproject.toml"))


def read_document(tree: Path) -> dict[str, Any]:
    """Return the pyproject.toml of a source; empty if it has none, or it is not valid TOML."""
    try:
        return loads(read_text(tree / "pyproject.toml"))
    except (ValueError, RecursionError):
        return {}  # the build will report it


def _is_package(tree: Path) -> bool:
    """Return whether a frontend accepts a folder as a package; a pyproject.toml may contain settings of tools only."""
    document = read_document(tree)
    tool = document.get("tool")
    is_poetrys = isinstance(tool, dict) and "poetry" in tool
    return is_poetrys or not {"project", "build-system"}.isdisjoint(document) or is_file(tree / "setup.py")


def _packages(tree: Path, folder: Path, depth: int) -> Iterator[str]:
    """Yield the folders that contain a package, relative to the tree, without nested packages and submodules."""
    if _is_package(folder):
        yield folder.relative_to(tree).as_posix()
    if depth == 0 or (_is_package(folder) and folder != tree):
        return
    for name in sorted(os.listdir(folder)):
        inner = folder / name
        is_left_out = name.startswith(".") or name.lower() in _LEFT_OUT or is_there(inner / ".git")
        if not is_left_out and inner.is_dir() and not inner.is_symlink():
            yield from _packages(tree, inner, depth - 1)
