"""The files of the source tree of a stored wheel, kept next to it: from them a person learns what has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..formats.jsontext import parse_json
from ..store.names import digest
from ..system.files import read_text

FILE_NAME = "source.json"
MOST_FILES = 5000
"""Of a larger tree, the files are not kept."""
_SHOWN = 5


def summarised(files: Mapping[str, str]) -> dict[str, str]:
    """Return path -> a short digest of what identifies the file; empty for a large tree."""
    return {} if len(files) > MOST_FILES else {path: digest([found]) for path, found in files.items()}


def write_files(entry: Path, files: Mapping[str, str]) -> None:
    """Write the summary of a tree into the folder of a stored wheel.

    :raises OSError: if it cannot be written.
    """
    (entry / FILE_NAME).write_bytes(json.dumps(files, indent=0).encode())


def read_files(entry: Path) -> dict[str, str]:
    """Return the summary of a stored wheel's tree; empty if it was not kept, or is damaged."""
    try:
        found = parse_json(read_text(entry / FILE_NAME), is_own=True)
    except ValueError:
        return {}
    return {str(path): str(value) for path, value in found.items()} if isinstance(found, dict) else {}


def describe_changes(now: Mapping[str, str], then: Mapping[str, str]) -> str | None:
    """Return ``csrc/a.cu, csrc/b.cu (new), setup.cfg (removed)``; None if one of the two is not known."""
    if not now or not then:
        return None
    changes = list(_changes(now, then))
    more = [f"and {len(changes) - _SHOWN} more"] if len(changes) > _SHOWN else []
    return ", ".join([*changes[:_SHOWN], *more]) or None


def _changes(now: Mapping[str, str], then: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*now, *then}):
        if path not in then:
            yield f"{path} (new)"
        elif path not in now:
            yield f"{path} (removed)"
        elif now[path] != then[path]:
            yield path
