"""What a folder holds, to compare."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

Snapshot = Mapping[str, str]
"""Path relative to the folder -> what tells its content; folders are not told."""


def take(folder: Path) -> Snapshot:
    """Return what a folder holds."""
    return dict(_entry(Path(place, name), folder) for place, _, names in os.walk(folder) for name in names)


def _entry(path: Path, folder: Path) -> tuple[str, str]:
    relative = path.relative_to(folder).as_posix()
    return relative, str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """Return the paths that came, went or became different."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
