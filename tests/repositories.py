"""Repositories of git, made by the tests, of a person without settings."""

from __future__ import annotations

import subprocess
from pathlib import Path

from standins import write

GIT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


def git(folder: Path, *words: str) -> str:
    """Return the output of git in a folder."""
    command = ["git", "-c", "protocol.file.allow=always", *words]
    return subprocess.run(  # noqa: S603 - words of ours
        command, cwd=folder, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def make_repository(folder: Path, name: str, text: str) -> str:
    """Make a repository, or one more commit in it; return the commit."""
    write(folder / name, text)
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD")
