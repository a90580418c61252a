"""The stamp: the record in a wheel's dist-info of what it was built against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BackendError, LaterFormatError
from ..errors.reasons import reason
from ..formats.jsontext import parse_json
from ..system.files import is_file, read_text

FILE_NAME = "runtime-backend.json"
FORMAT = 1
"""The version of the stamp's format; a reader refuses later ones."""


def stamp_text(stamp: Mapping[str, Any]) -> bytes:
    """Return the content of the stamp's file."""
    text = json.dumps({"format": FORMAT, **stamp}, indent=2, ensure_ascii=False)
    # A value that is not UTF-8 has surrogates; the JSON parser restores them from these escapes.
    return f"{text}\n".encode("utf-8", errors="backslashreplace")


def parse_stamp(content: bytes, where: str) -> dict[str, Any]:
    """Parse a stamp.

    :param where: the stamp's place, for messages.
    :raises BackendError: if it is invalid.
    :raises LaterFormatError: if it is of a later format.
    """
    try:
        stamp = parse_json(content, is_own=True)
    except ValueError as error:
        raise BackendError("stamp-unreadable", "{where}: {why}", where=where, why=reason(error)) from None
    found = stamp.get("format") if isinstance(stamp, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise LaterFormatError(
            "stamp-of-a-later-version",
            "{where}: found format {found}, expected at most {format}: upgrade runtime-backend",
            hint="Run: pip install --upgrade runtime-backend",
            where=where,
            found=found,
            format=FORMAT,
        )
    if found != FORMAT:
        raise BackendError(
            "stamp-unreadable",
            "{where}: found {found}, expected {format}",
            where=where,
            found="no format" if found is None else f"format {found!r}",
            format=FORMAT,
        )
    return dict(stamp)


def source_revision(source: Path) -> str | None:
    """Return the commit of a source tree, read from its .git as text; None if it is not a checkout."""
    git = source / ".git"
    if is_file(git):  # a worktree or a submodule: "gitdir: PATH"
        git = source / read_text(git).removeprefix("gitdir:").strip()
    head = read_text(git / "HEAD").strip()
    if not head.startswith("ref:"):
        return head or None
    reference = head.removeprefix("ref:").strip()
    common = git / (read_text(git / "commondir").strip() or ".")
    loose = read_text(git / reference).strip() or read_text(common / reference).strip()
    return loose or _packed(common, reference)


def _packed(git: Path, reference: str) -> str | None:
    for line in read_text(git / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return None
