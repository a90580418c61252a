"""The commands that a person runs next, quoted for a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

_PIP_CUTS_AT = frozenset("[];")
"""What pip takes for extras or for a marker, also in the path of a folder that is there."""


def install_command(tree: Path) -> str:
    """Return the command that installs a source tree."""
    return shlex.join(["pip", "install", _as_requirement(tree)])


def own_command(*words: str, tree: Path) -> str:
    """Return one of our own commands about a source tree; the working directory is the default, and is left out."""
    place = [] if tree == Path() else [as_path(tree)]
    return shlex.join(["runtime-backend", *words, *place])


def as_path(path: Path) -> str:
    """Return a path that nobody takes for anything else: pip asks an index for ``ext``, and ``-x`` is an option."""
    text = str(path)
    is_clear = path.is_absolute() or path == Path() or path.parts[0] == os.pardir
    return text if is_clear else os.path.join(os.curdir, text)  # noqa: PTH118 - Path drops the "./"


def _as_requirement(tree: Path) -> str:
    path = as_path(tree)
    return Path(os.path.abspath(tree)).as_uri() if _PIP_CUTS_AT & set(path) else path  # noqa: PTH100 - links stay
