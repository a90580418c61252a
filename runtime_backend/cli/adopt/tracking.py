"""Files of a vendored copy that git does not track: they would not reach the fork's users."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ...upstream.git import without_repository


def find_untracked(tree: Path, place: Path) -> dict[str, str | None]:
    """Return path in the copy -> the rule by which git ignores the file, or None if it was only never added.

    A rule is ``.gitignore:4: target/``. The person's global ignore file counts, too. The result is empty if git is not
    installed, or if the package does not belong to the repository around it.
    """
    names = _untracked(place) if is_tracked(tree) else []
    rules = dict(_ignored(place, names))
    return {name: rules.get(name) for name in names}


def is_tracked(tree: Path) -> bool:
    """Return whether the package belongs to a repository of git."""
    is_inside = _run(tree, "rev-parse", "--is-inside-work-tree").strip() == "true"
    return is_inside and not any(_ignored(tree, ["pyproject.toml"]))


def _untracked(place: Path) -> list[str]:
    listed = _run(place, "ls-files", "--others", "-z", "--", ".").split("\0")
    return sorted(name for name in listed if name and "__pycache__" not in Path(name).parts)


def _ignored(folder: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    if not names:
        return
    fields = _run(folder, "check-ignore", "--verbose", "-z", "--stdin", given="\0".join(names)).split("\0")
    for source, line, pattern, name in zip(*[iter(fields)] * 4, strict=False):
        if not pattern.startswith("!"):
            yield name, f"{source}:{line}: {pattern}"


def _run(folder: Path, *words: str, given: str = "") -> str:
    """Return git's output; empty if git is not installed, or the folder is in no repository."""
    try:
        done = subprocess.run(  # noqa: S603 - git, with words of ours
            ["git", *words],  # noqa: S607 - the person's own
            cwd=folder,
            env=without_repository(os.environ),
            input=os.fsencode(given),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return os.fsdecode(done.stdout)
