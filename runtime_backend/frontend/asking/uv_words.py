"""Arguments for a dry run of uv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


def spelt(options: Sequence[tuple[str, str]]) -> list[str]:
    """Return options as arguments; a long one is joined with its value, which may start with a dash."""
    words: list[str] = []
    for name, value in options:
        words += [name] if not value else [f"{name}={value}"] if name.startswith("--") else [name, value]
    return words


def as_requirement(word: str) -> str:
    """Return an argument of ``uvx`` as a requirement: ``ruff@0.14`` is a version, ``ruff@latest`` the newest."""
    name, at, version = word.partition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9._-]+(\[[^\]]*\])?", name) or not re.fullmatch(r"[\w.+!]+", version):
        return word
    return name if version == "latest" else f"{name}=={version}"


def environment_stem(script: str) -> str:
    """Return the start of the name of a script's environment: ``My_Script.x.py`` gives ``my-script-x-5f1c…``."""
    return re.sub(r"[^a-z0-9]+", "-", Path(script).stem.lower())
