"""``runtime-backend init``: declaring the shim in a package."""

from __future__ import annotations

from pathlib import Path

from ..errors import AdoptionError
from .adopt.adoption import adopt
from .adopt.documents import write
from .adopt.next_commands import install_command, own_command
from .terminal import out, say, show_diff


def init(source: str, *, write: bool, check: bool, force: bool) -> int:
    """Show the changes that declare the shim in a package, or write them, and return the exit code.

    :param force: declare the shim even if nothing builds against torch.
    :raises AdoptionError: if nothing builds against torch, unless ``check`` or ``force`` is set.
    :raises CommandError: if there is no package.
    :raises FileError: if it cannot be read.
    """
    tree = Path(source)
    try:
        adoption = adopt(tree, is_forced=force)
    except AdoptionError as error:
        if not check:
            raise
        out(error.message)
        return 0
    if adoption.after == adoption.before:
        out(f"{tree / 'pyproject.toml'}: nothing to change")
        return 0
    show_diff("pyproject.toml", adoption.before, adoption.after)
    for note in adoption.notes:
        say(f"note: {note}")
    if write:
        _write(tree, adoption.after)
        return 0
    out(f"next: {own_command('init', '--write', *(['--force'] if force else []), tree=tree)}")
    return 1 if check else 0


def _write(tree: Path, text: str) -> None:
    write(tree / "pyproject.toml", text)
    out(f"{tree / 'pyproject.toml'}: written")
    out(f"next: {install_command(tree)}")
