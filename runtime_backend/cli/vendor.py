"""``runtime-backend vendor``: copying the shim into a package."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import CommandError
from ..formats.parsing import requirement_name
from ..system.files import is_folder, is_there
from .adopt.adoption import SHIM as NAME
from .adopt.adoption import Adoption, adopt, tidy
from .adopt.copies import Place, add_command, find_moved, find_place, vendor_command
from .adopt.copy_check import check_copy, report_copy
from .adopt.documents import parse, write
from .adopt.shim import REQUIRES, copy_shim, read_copy, remove_copy
from .adopt.tracking import find_untracked
from .terminal import out, say, show_diff


def vendor(source: str, folder: str | None, *, check: bool, update: bool, force: bool = False) -> int:
    """Copy the shim into a package, or report how a copy differs, and return the exit code.

    :param folder: the folder in the source tree for the copy; None: where the copy is, or else ``_vendor``.
    :param force: copy the shim even if nothing builds against torch.
    :raises AdoptionError: if nothing builds against torch.
    :raises CommandError: if there is no package, or the folder is outside it.
    """
    tree = Path(source)
    adoption = adopt(tree, is_forced=force)
    document = parse(adoption.before, tree).unwrap()
    place = find_place(tree, document, folder, force=force)
    after = _with_copy(adoption.after, tree, place.folder)
    _refuse_file(tree, place.path)
    copy = read_copy(place.path)
    moved = find_moved(place, document)
    changed = {there: found for there, found in {place.path: copy, **moved}.items() if found and not found.is_intact}
    if check:
        return check_copy(place, copy, is_declared=after == adoption.before, needs_update=bool(changed))
    if changed and not update:
        for there, found in changed.items():
            report_copy(found, there)
        out(f"next, to replace it with version {__version__}: {vendor_command(place, '--update')}")
        return 1
    if copy is None or not copy.is_intact:
        copy_shim(place.path)
        out(f"{place.path}: version {__version__}")
    _declare(tree, adoption, after)
    for there in moved:
        remove_copy(there)
        out(f"{there}: moved to {place.path}")
    _report_ignored(place)
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


def _report_ignored(place: Place) -> None:
    rules = Counter(rule for rule in find_untracked(place.tree, place.path).values() if rule is not None)
    for rule, count in rules.items():
        say(f"note: git ignores {count} of the copy's files ({rule}): they would not reach the users of the package")
    if rules:
        out(f"next: {add_command(place, is_forced=True)}")


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
