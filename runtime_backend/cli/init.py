"""``runtime-backend init``: the author's minute."""

from __future__ import annotations

from pathlib import Path

from .adoption import adopt
from .documents import write
from .terminal import out, say, show_diff


def init(source: str, *, write: bool, check: bool) -> int:
    """Show what declares the shim in a package, or write it, and return the exit code.

    :raises ConfigError: when there is no package, or it cannot be read.
    """
    tree = Path(source)
    adoption = adopt(tree)
    if adoption.after == adoption.before:
        out(f"{tree / 'pyproject.toml'}: nothing to change")
        return 0
    show_diff("pyproject.toml", adoption.before, adoption.after)
    for note in adoption.notes:
        say(f"note: {note}")
    if write:
        _write(tree, adoption.after)
        return 0
    out("next: the same command with --write")
    return 1 if check else 0


def _write(tree: Path, text: str) -> None:
    write(tree / "pyproject.toml", text)
    out(f"{tree / 'pyproject.toml'}: written; next: pip install {tree}")
