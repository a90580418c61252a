"""The commands that a person runs next, quoted for a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

_PIP_CUTS_AT = frozenset("[];")
"""Characters that pip parses as extras or a marker, even in the path of an existing folder."""


def install_command(tree: Path) -> str:
    """Return the command that installs a source tree."""
    return shlex.join(["pip", "install", _as_requirement(tree)])


def own_command(*words: str, tree: Path) -> str:
    """Return one of our own commands for a source tree. The working directory is the default, so it is omitted."""
    place = [] if tree == Path() else [as_path(tree)]
    return shlex.join(["runtime-backend", *words, *place])


def as_path(path: Path) -> str:
    """Return an unambiguous path: pip would look up ``ext`` on an index, and parse ``-x`` as an option."""
    text = str(path)
    is_clear = path.is_absolute() or path == Path() or path.parts[0] == os.pardir
    return text if is_clear else os.path.join(os.curdir, text)  # noqa: PTH118 - Path drops the "./"


def _as_requirement(tree: Path) -> str:
    path = as_path(tree)
    return Path(os.path.abspath(tree)).as_uri() if _PIP_CUTS_AT & set(path) else path  # noqa: PTH100 - links stay
