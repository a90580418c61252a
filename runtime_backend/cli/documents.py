"""pyproject.toml as people wrote it: changed with its comments and layout kept, and written in one step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..files import is_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def read_pyproject(source: Path) -> str:
    """Return the text of a source tree's pyproject.toml, with its line ends; nothing where it has none.

    :raises ConfigError: when there is no such source tree, or it cannot be read.
    """
    if not source.is_dir():
        raise ConfigError([f"{source}: found no folder, expected a source tree"])
    path = source / "pyproject.toml"
    if not is_file(path):
        return ""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None


def parse(text: str, source: Path) -> TOMLDocument:
    """Return a document to be changed.

    :raises ConfigError: when it is no TOML.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ConfigError([f"{source / 'pyproject.toml'}: not TOML: {error}"]) from None


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
