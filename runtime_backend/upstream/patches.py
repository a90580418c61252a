"""Patching an unpacked source."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ..errors import SourceError
from .git import Git


def apply_patch(patch: Path, tree: Path, environ: Mapping[str, str]) -> None:
    """Apply a patch (a unified diff with git's prefixes ``a/`` and ``b/``) to a tree, entirely or not at all.

    :raises SourceError: if it does not apply.
    """
    try:
        if shutil.which("git", path=environ.get("PATH")):
            Git(tree, environ).run("apply", "--whitespace=nowarn", str(patch))
        else:
            _run_patch(patch, tree, environ)
    except SourceError as error:
        raise SourceError(
            "patch-does-not-apply",
            "{patch} does not apply to the source: {message}",
            hint="Make it again for this version; in the folder that contains both trees: git diff --no-index OLD NEW",
            patch=patch,
            message=error.message,
        ) from None


def _run_patch(patch: Path, tree: Path, environ: Mapping[str, str]) -> None:
    command = shutil.which("patch", path=environ.get("PATH"))
    if command is None:
        raise SourceError("no-git", "found neither git nor patch on PATH")
    words = [command, "--strip=1", "--fuzz=0", "--batch"]
    # First a dry run: on failure, patch leaves the applied parts, and files with the rejected ones.
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
            raise SourceError(
                "patch-does-not-apply", "{command} failed:\n{output}", command=command, output=done.stdout.strip()
            )
