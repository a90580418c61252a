"""Patching an unpacked source."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ..errors import SourceError
from .git import Git


def apply_patch(patch: Path, tree: Path, environ: Mapping[str, str]) -> None:
    """Apply a patch (unified diff, paths below one folder as git writes them) to a tree, as a whole or not at all.

    :raises SourceError: when it does not fit.
    """
    try:
        if shutil.which("git", path=environ.get("PATH")):
            Git(tree, environ).run("apply", "--whitespace=nowarn", str(patch))
        else:
            _run_patch(patch, tree, environ)
    except SourceError as error:
        raise SourceError(
            f"{patch} does not fit the source: {error.message}",
            hint="Make it again for this version: git diff --no-index OLD NEW, from beside the two folders.",
        ) from None


def _run_patch(patch: Path, tree: Path, environ: Mapping[str, str]) -> None:
    command = shutil.which("patch", path=environ.get("PATH"))
    if command is None:
        raise SourceError("found neither git nor patch on PATH")
    words = [command, "--strip=1", "--fuzz=0", "--batch"]
    # First a trial: patch leaves what fitted, and files with the rest.
    for trial in (["--dry-run"], []):
        done = subprocess.run(  # noqa: S603 - patch, with a file that the wrapper names
            [*words, *trial, f"--input={patch}"],
            cwd=tree,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise SourceError(f"{command} says\n{done.stdout.strip()}")
