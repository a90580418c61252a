"""``runtime-backend vendor``: copying the shim into a package."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import CommandError
from ..formats.parsing import requirement_name
from ..system.files import is_file, is_folder, is_there
from .adopt.adoption import SHIM as NAME
from .adopt.adoption import Adoption, adopt, tidy
from .adopt.documents import parse, write
from .adopt.shim import MANIFEST, REQUIRES, SHIM, Copy, copy_shim, read_copy, remove_copy
from .adopt.tracking import find_untracked
from .terminal import out, say, show_diff


def vendor(source: str, folder: str, *, check: bool, update: bool, force: bool = False) -> int:
    """Copy the shim into a package, or report how a copy differs, and return the exit code.

    :param folder: the folder in the source tree for the copy.
    :param force: copy the shim even if nothing builds against torch.
    :raises AdoptionError: if nothing builds against torch.
    :raises CommandError: if there is no package, or the folder is outside it.
    """
    tree = Path(source)
    if Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise CommandError(
            "vendor-folder-unusable",
            "--folder {folder}: found a path, expected a folder inside the source tree",
            folder=folder,
        )
    adoption = adopt(tree, is_forced=force)
    after = _with_copy(adoption.after, tree, folder)
    place = tree / folder / SHIM.name
    _refuse_file(tree, place)
    copy = read_copy(place)
    if check:
        return _check(copy, tree, place, is_declared=after == adoption.before)
    moved = _find_moved(adoption.before, tree, place)
    for there, found in [(place, copy), *moved.items()]:
        if found is not None and not update and not (found.is_current and not found.drift):
            _report(found, there)
            out(f"next, to replace it with version {__version__}: the same command with --update")
            return 1
    if copy is None or copy.drift or not copy.is_current:
        copy_shim(place)
        out(f"{place}: version {__version__}")
    _declare(tree, adoption, after)
    for there in moved:
        remove_copy(there)
        out(f"{there}: moved to {place}")
    _report_ignored(tree, place)
    return 0


def _refuse_file(tree: Path, place: Path) -> None:
    """Refuse a file that is in the way of the copy.

    :raises CommandError: names the file.
    """
    for path in (place, *(tree / folder for folder in place.relative_to(tree).parents)):
        if is_there(path) and not is_folder(path):
            raise CommandError(
                "vendor-folder-unusable",
                "{path}: found a file, expected a folder or nothing",
                hint="Move it away, or name another folder: runtime-backend vendor --folder NAME",
                path=path,
            )


def _find_moved(before: str, tree: Path, place: Path) -> dict[Path, Copy | None]:
    """Return the copies in other folders that pyproject.toml names."""
    document: Any = parse(before, tree)
    named = document.get("build-system", {}).get("backend-path", [])
    others = (tree / str(folder) / SHIM.name for folder in named)
    return {other: read_copy(other) for other in others if other != place and is_file(other / MANIFEST)}


def _check(copy: Copy | None, tree: Path, place: Path, *, is_declared: bool) -> int:
    if copy is None:
        out(f"{place}: found no copy")
        return 1
    _report(copy, place)
    if not is_declared:
        out("pyproject.toml: does not declare the copy, or one of its requirements")
    is_tracked = _report_untracked(tree, place)
    return 1 if copy.drift or not is_declared or not is_tracked else 0


def _report_untracked(tree: Path, place: Path) -> bool:
    """Report files that git does not track, and return whether there are none: they would not reach a fork's users."""
    untracked = find_untracked(tree, place)
    for name, rule in untracked.items():
        out(f"{place / name}: {'git does not track it' if rule is None else f'git ignores it ({rule})'}")
    if untracked:
        out(_add(tree, place))
    return not untracked


def _report_ignored(tree: Path, place: Path) -> None:
    rules = Counter(rule for rule in find_untracked(tree, place).values() if rule is not None)
    for rule, count in rules.items():
        say(f"note: git ignores {count} of the copy's files ({rule}): they would not reach the users of the package")
    if rules:
        out(_add(tree, place))


def _add(tree: Path, place: Path) -> str:
    return f"next: {shlex.join(['git', '-C', str(tree), 'add', '--force', '--', str(place.relative_to(tree))])}"


def _report(copy: Copy, place: Path) -> None:
    for line in copy.drift:
        out(f"{place}/{line}")
    if not copy.is_current:
        say(f"note: {place} is of version {copy.version}, this is {__version__}")
    if copy.is_current and not copy.drift:
        out(f"{place}: version {copy.version}, unchanged")


def _declare(tree: Path, adoption: Adoption, after: str) -> None:
    if after == adoption.before:
        out(f"{tree / 'pyproject.toml'}: nothing to change")
        return
    show_diff("pyproject.toml", adoption.before, after)
    for note in adoption.notes:
        say(f"note: {note}")
    write(tree / "pyproject.toml", after)


def _with_copy(text: str, tree: Path, folder: str) -> str:
    """Return a pyproject.toml that names the copy, and requires the shim's requirements instead of the shim."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    document: Any = parse(text, tree)
    build_system = document["build-system"]
    requires = build_system["requires"]
    before = [str(entry) for entry in requires]
    names = [requirement_name(entry) for entry in before]
    for index in reversed([index for index, name in enumerate(names) if name == NAME]):
        del requires[index]
    for needed in REQUIRES:
        if requirement_name(needed) not in names:
            requires.append(needed)
    tidy(build_system, before)
    if build_system.get("backend-path") != [folder]:
        build_system["backend-path"] = [folder]
    return tomlkit.dumps(document)
