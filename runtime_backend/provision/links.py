"""The content of an overlay: links that make a runtime and its dependency closure importable, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..installed.closure import find_closure
from ..installed.distributions import Distribution, DistributionIndex, locate_imports
from ..system.files import is_folder, is_there, list_names

_NO_MODULE = (".dist-info", ".egg-info", ".egg-link", ".pth", ".txt")


class Borrowed(NamedTuple):
    """One runtime to be shown."""

    distribution: Distribution
    extras: frozenset[str]
    installed: DistributionIndex
    """The environment of the runtime and its dependencies."""


class Links(NamedTuple):
    """The content of an overlay."""

    targets: Mapping[str, Path]
    """Path in the overlay, with slashes -> target of the link."""
    left_out: tuple[str, ...]
    """Distributions of the closure that the build environment has itself; its own take precedence."""


def plan_links(runtimes: Sequence[Borrowed], is_taken: Callable[[str], bool]) -> Links:
    """Return the links for some runtimes and their dependencies.

    :param is_taken: whether the build environment already has a module or package of that entry name: an overlay must
        not shadow it.
    """
    closure = {
        d.name: (d, b.installed) for b in runtimes for d in find_closure(b.distribution, set(b.extras), b.installed)
    }
    own = {borrowed.distribution.name for borrowed in runtimes}
    entries: dict[str, list[tuple[Distribution, Path]]] = {}
    targets: dict[str, Path] = {}
    left_out: list[str] = []
    for name, (distribution, index) in closure.items():
        imports = locate_imports(distribution, index.search_path)
        if name not in own and any(is_taken(entry) and not _is_namespace(path) for entry, path in imports.items()):
            left_out.append(name)
            continue
        targets[distribution.info.name] = distribution.info
        for entry, path in imports.items():
            entries.setdefault(entry, []).append((distribution, path))
    for entry, owners in entries.items():
        targets.update(_link_entry(entry, owners))
    existing = {entry: path for entry, path in sorted(targets.items()) if is_there(path)}
    return Links(targets=existing, left_out=tuple(sorted(left_out)))


def _is_namespace(path: Path) -> bool:
    """Return whether a folder is a namespace package (PEP 420), such as ``nvidia``, shared by distributions."""
    return is_folder(path) and not is_there(path / "__init__.py")


def _link_entry(entry: str, owners: list[tuple[Distribution, Path]]) -> dict[str, Path]:
    path = owners[0][1]
    if not _is_namespace(path):
        return {entry: path}
    files = {file for owner, place in owners if place == path for file in owner.files if file.startswith(f"{entry}/")}
    return dict(_link_shared(entry, path, files)) if files else {entry: path}


def _link_shared(entry: str, folder: Path, files: set[str]) -> list[tuple[str, Path]]:
    """Link a folder as a whole if all its files are ours, else link our files and folders in it."""
    links: list[tuple[str, Path]] = []
    is_whole = True
    for name in sorted(os.listdir(folder)):
        path, inner = f"{entry}/{name}", folder / name
        if name == "__pycache__":
            continue
        below = {file for file in files if file.startswith(f"{path}/")}
        if not below and path not in files:
            is_whole = False
        elif below and _is_namespace(inner):
            found = _link_shared(path, inner, below)
            is_whole = is_whole and found == [(path, inner)]
            links += found
        else:
            links.append((path, inner))
    return [(entry, folder)] if is_whole else links


def occupants(sys_path: Sequence[str]) -> Callable[[str], bool]:
    """Return a test for entry names that an interpreter with this path would import already."""
    entries = (name for folder in sys_path if folder for name in list_names(Path(folder)))
    names = {_module(name) for name in entries if not name.endswith(_NO_MODULE)}
    return lambda entry: _module(entry) in names


def _module(entry: str) -> str:
    """Return the name under which an entry is imported: ``six`` for ``six.py`` and ``six.cpython-311-darwin.so``."""
    return entry.partition(".")[0]
