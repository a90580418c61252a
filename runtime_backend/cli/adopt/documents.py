"""Editing a person's pyproject.toml with its comments and layout kept, and writing it in one step."""

from __future__ import annotations

import os
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CommandError, FileError
from ...errors.reasons import reason
from ...formats.toml import parse_document, read_document_text
from ...store.atomic import replacing
from ...system.files import is_closed, is_file, is_folder, real_path

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def find_tree(source: Path) -> Path:
    """Return the absolute path of a source tree.

    :raises CommandError: if it is not a folder, or cannot be read.
    """
    tree = real_path(source)
    if not is_folder(tree):
        raise CommandError(
            "no-source-folder",
            "{source}: found no folder, expected a source tree",
            hint="Name its folder: {folder}" if is_file(tree) else None,
            source=source,
            folder=tree.parent,
        )
    if is_closed(tree):
        raise CommandError("folder-unreadable", "{source}: cannot be read: permission denied", source=source)
    return tree


def no_package(source: Path) -> CommandError:
    """Return the error for a folder that is not the source tree of a package."""
    return CommandError(
        "no-package-here", "{source}: found neither pyproject.toml nor setup.py, expected a package", source=source
    )


def read_pyproject(source: Path) -> str:
    """Return the text of a source tree's pyproject.toml, with its line ends; empty if there is no such file.

    :raises CommandError: if there is no such source tree.
    :raises FileError: if the file cannot be read.
    """
    find_tree(source)
    path = source / "pyproject.toml"
    return read_document_text(path, takes_mark=True) if os.path.lexists(path) else ""


def parse(text: str, source: Path) -> TOMLDocument:
    """Parse a document for editing.

    :raises FileError: if it is not valid TOML.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - the command line's extra

    path = source / "pyproject.toml"
    text = text.removeprefix("\ufeff")
    parse_document(text, path)  # its errors name the line, and give advice
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError):
        raise FileError(
            "layout-cannot-be-kept", "{path}: found TOML that cannot be edited with its layout kept", path=path
        ) from None


def with_line_ends(before: str, after: str) -> str:
    r"""Return a text with the line ends that its lines had before; new lines get the most frequent one.

    :param before: the old text, with its line ends.
    :param after: the new text, with ``\n`` only.
    """
    old, new = before.split("\n"), after.split("\n")
    end = "\r" if before.count("\r\n") * 2 > before.count("\n") else ""
    lines = [line if number == len(new) else f"{line}{end}" for number, line in enumerate(new, 1)]
    bare = [line.removesuffix("\r") for line in old]
    for first, second, size in SequenceMatcher(None, bare, new, autojunk=False).get_matching_blocks():
        kept = min(size, len(old) - 1 - first, len(new) - 1 - second)  # text after the last line end has none
        lines[second : second + kept] = old[first : first + kept]
    return "\n".join(lines)


def write(path: Path, text: str) -> None:
    """Write a text file in one step: see :func:`write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step. An existing file keeps its mode, and a link keeps its target.

    :raises CommandError: if it cannot be written.
    """
    place = real_path(path)
    try:
        with replacing(place) as new:
            new.write_bytes(content)
            if is_file(place):
                new.chmod(place.stat().st_mode)
    except OSError as error:
        raise CommandError(
            "file-cannot-be-written",
            "{path}: cannot be written: {why}",
            hint="Expected a file in a writable folder that exists.",
            path=path,
            why=reason(error, path, place, new),
        ) from None
