"""pyproject.toml as people wrote it: changed with its comments and layout kept, and written in one step."""

from __future__ import annotations

import os
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..files import is_file, is_folder
from ..reasons import reason

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def read_pyproject(source: Path) -> str:
    """Return the text of a source tree's pyproject.toml, with its line ends; nothing where it has none.

    :raises ConfigError: when there is no such source tree, or it cannot be read.
    """
    if not is_folder(source):
        raise ConfigError([f"{source}: found no folder, expected a source tree"])
    path = source / "pyproject.toml"
    if not is_file(path):
        return ""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {reason(error, path)}"]) from None


def parse(text: str, source: Path) -> TOMLDocument:
    """Return a document to be changed.

    :raises ConfigError: when it is no TOML.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ConfigError([f"{source / 'pyproject.toml'}: not TOML: {reason(error)}"]) from None


def with_line_ends(before: str, after: str) -> str:
    r"""Return a text with the line ends that its lines had before; new lines get those that most lines have.

    :param before: the text with its line ends.
    :param after: the text now, with ``\n`` alone.
    """
    old, new = before.split("\n"), after.split("\n")
    end = "\r" if before.count("\r\n") * 2 > before.count("\n") else ""
    lines = [line if number == len(new) else f"{line}{end}" for number, line in enumerate(new, 1)]
    bare = [line.removesuffix("\r") for line in old]
    for first, second, size in SequenceMatcher(None, bare, new, autojunk=False).get_matching_blocks():
        kept = min(size, len(old) - 1 - first, len(new) - 1 - second)  # what follows the last line end has none
        lines[second : second + kept] = old[first : first + kept]
    return "\n".join(lines)


def write(path: Path, text: str) -> None:
    """Write a file in one step; one that is there keeps its mode."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(text.encode("utf-8"))
        if is_file(path):
            new.chmod(path.stat().st_mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
