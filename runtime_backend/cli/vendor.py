"""``runtime-backend vendor``: the minute of a fork's maintainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ConfigError
from .adoption import SHIM as NAME
from .adoption import Adoption, adopt, name_of, tidy
from .documents import parse, write
from .shim import REQUIRES, SHIM, Copy, copy_shim, read_copy
from .terminal import out, say, show_diff


def vendor(source: str, folder: str, *, check: bool, update: bool) -> int:
    """Copy the shim into a package, or say how a copy differs, and return the exit code.

    :param folder: the one in the source tree that takes the copy.
    :raises ConfigError: when there is no package, or the folder is not in it.
    """
    tree = Path(source)
    if Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise ConfigError([f"--folder {folder}: found a path, expected a folder inside the source tree"])
    adoption = adopt(tree)
    after = _with_copy(adoption.after, tree, folder)
    place = tree / folder / SHIM.name
    copy = read_copy(place)
    if check:
        return _check(copy, place, is_declared=after == adoption.before)
    if copy is not None and not update and not (copy.is_current and not copy.drift):
        _tell(copy, place)
        out(f"next, to renew it with version {__version__}: the same command with --update")
        return 1
    if copy is None or copy.drift or not copy.is_current:
        copy_shim(place)
        out(f"{place}: version {__version__}")
    _declare(tree, adoption, after)
    return 0


def _check(copy: Copy | None, place: Path, *, is_declared: bool) -> int:
    if copy is None:
        out(f"{place}: there is no copy")
        return 1
    _tell(copy, place)
    if not is_declared:
        out("pyproject.toml: does not name the copy, or something that it needs")
    return 1 if copy.drift or not is_declared else 0


def _tell(copy: Copy, place: Path) -> None:
    for line in copy.drift:
        out(f"{place}/{line}")
    if not copy.is_current:
        say(f"note: {place} is of version {copy.version}, this is {__version__}")
    if copy.is_current and not copy.drift:
        out(f"{place}: version {copy.version}, as it was made")


def _declare(tree: Path, adoption: Adoption, after: str) -> None:
    if after == adoption.before:
        out(f"{tree / 'pyproject.toml'}: nothing to change")
        return
    show_diff("pyproject.toml", adoption.before, after)
    for note in adoption.notes:
        say(f"note: {note}")
    write(tree / "pyproject.toml", after)


def _with_copy(text: str, tree: Path, folder: str) -> str:
    """Return a pyproject.toml that names the copy, and requires what it needs in the place of the shim itself."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    document: Any = parse(text, tree)
    build_system = document["build-system"]
    requires = build_system["requires"]
    before = [str(entry) for entry in requires]
    names = [name_of(entry) for entry in before]
    for index in reversed([index for index, name in enumerate(names) if name == NAME]):
        del requires[index]
    for needed in REQUIRES:
        if name_of(needed) not in names:
            requires.append(needed)
    tidy(build_system, before)
    if build_system.get("backend-path") != [folder]:
        build_system["backend-path"] = [folder]
    return tomlkit.dumps(document)
