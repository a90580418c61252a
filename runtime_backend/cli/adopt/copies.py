"""The copy of the shim in a package: where it is, and the commands that mend it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import CommandError
from ...system.files import is_file
from ..package.stated_requirements import table_of, texts_of
from .next_commands import as_path, own_command
from .shim import MANIFEST, SHIM, Copy, read_copy

_USUAL = "_vendor"


class Place(NamedTuple):
    """Where a package has its copy, or is to have it."""

    tree: Path
    folder: str
    """Relative to the source tree."""
    words: tuple[str, ...]
    """The options that name it in a command, for this package."""

    @property
    def path(self) -> Path:
        """Return the path of the copy."""
        return self.tree / self.folder / SHIM.name


def find_place(tree: Path, document: Mapping[str, Any], named: str | None, *, force: bool) -> Place:
    """Return where the copy is: in the named folder, or else where backend-path has one, or else in the usual folder.

    :param document: the package's pyproject.toml.
    :param force: whether the command has the option --force.
    :raises CommandError: if the named folder is outside the source tree.
    """
    words = ("--force",) if force else ()
    if named is None:
        return Place(tree, next(_declared_folders(tree, document), _USUAL), words)
    if _is_outside(named):
        raise CommandError(
            "vendor-folder-unusable",
            "--folder {folder}: found a path, expected a folder inside the source tree",
            folder=named,
        )
    return Place(tree, named, ("--folder", named, *words))


def find_moved(place: Place, document: Mapping[str, Any]) -> dict[Path, Copy | None]:
    """Return the copies in other folders that pyproject.toml names."""
    others = (place.tree / folder / SHIM.name for folder in _declared_folders(place.tree, document))
    return {other: read_copy(other) for other in others if other != place.path}


def _is_outside(folder: str) -> bool:
    """Return whether a folder may be outside the source tree."""
    return Path(folder).is_absolute() or ".." in Path(folder).parts


def _declared_folders(tree: Path, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the folders of backend-path that contain a copy."""
    for folder in texts_of(table_of(document, "build-system").get("backend-path")):
        if not _is_outside(folder) and is_file(tree / folder / SHIM.name / MANIFEST):
            yield folder


def vendor_command(place: Place, *options: str) -> str:
    """Return the command that makes or renews the copy."""
    return own_command("vendor", *options, *place.words, tree=place.tree)


def add_command(place: Place, *, is_forced: bool) -> str:
    """Return the command by which git tracks the files of the copy.

    :param is_forced: whether git ignores some of them, or may do so.
    """
    tree = [] if place.tree == Path() else ["-C", as_path(place.tree)]
    force = ["--force"] if is_forced else []
    return shlex.join(["git", *tree, "add", *force, "--", str(place.path.relative_to(place.tree))])
