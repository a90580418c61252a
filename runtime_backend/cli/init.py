"""``runtime-backend init``: declaring the shim in a package."""

from __future__ import annotations

from pathlib import Path

from ..config import load_settings
from ..errors import AdoptionError
from .adopt.adoption import Adoption, adopt
from .adopt.documents import write as write_text
from .adopt.next_commands import install_command, own_command
from .terminal import out, say, show_diff


def init(source: str, *, write: bool, check: bool, force: bool, build_lock: bool = False) -> int:
    """Show the changes that declare the shim in a package, or write them, and return the exit code.

    :param force: declare the shim even if nothing builds against torch.
    :param build_lock: move the build requirements to where they can be locked, and name a build lock.
    :raises AdoptionError: if nothing builds against torch, unless ``check`` or ``force`` is set.
    :raises CommandError: if there is no package.
    :raises ConfigError: if there is nothing to change, and the settings are wrong.
    :raises FileError: if it cannot be read.
    """
    tree = Path(source)
    try:
        adoption = adopt(tree, is_forced=force, is_locked=build_lock)
    except AdoptionError as error:
        if not check:
            raise
        out(error.message)
        return 0
    if adoption.after == adoption.before:
        return _check_declared(tree, adoption, is_strict=check)
    show_diff("pyproject.toml", adoption.before, adoption.after)
    for note in adoption.notes:
        say(f"note: {note}")
    if write:
        write_text(tree / "pyproject.toml", adoption.after)
        out(f"{tree / 'pyproject.toml'}: written")
        if not build_lock:
            out(f"to lock the build requirements, too: {own_command('init', '--build-lock', '--write', tree=tree)}")
        out(f"next: {own_command('lock', tree=tree) if build_lock else install_command(tree)}")
        return 0
    words = ["--write", *(["--force"] if force else []), *(["--build-lock"] if build_lock else [])]
    out(f"next: {own_command('init', *words, tree=tree)}")
    return 1 if check else 0


def _check_declared(tree: Path, adoption: Adoption, *, is_strict: bool) -> int:
    """Check the settings of a package that declares the shim already, and return the exit code."""
    for note in adoption.notes:
        say(f"note: {note}")
    load_settings(tree, environ={})
    out(f"{tree / 'pyproject.toml'}: nothing to change")
    return 1 if is_strict and adoption.notes else 0
