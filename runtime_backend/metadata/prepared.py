"""The mark in prepared metadata: the way by which they were found, and their runtimes.

The mark has the file name of the stamp, so that in a wheel made from the prepared folder the stamp replaces it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..archives.stamp_file import FILE_NAME, FORMAT
from ..formats.jsontext import parse_json
from ..installed.identity import Identity
from ..system.files import read_bytes, read_text


class Prepared(NamedTuple):
    """Metadata that an earlier hook prepared, with their mark."""

    way: str
    """``static``, ``stub`` or ``real``."""
    runtimes: tuple[str, ...]
    """The runtimes that the real backend saw, or those of the stand-in."""
    metadata: bytes
    """The content of METADATA."""

    def serves(self, runtimes: Sequence[Identity]) -> bool:
        """Return whether the real backend made the metadata with the same runtimes, so that it may copy them."""
        return self.way == "real" and self.runtimes == _described(runtimes)


def mark_prepared(dist_info: Path, way: str, runtimes: Sequence[Identity]) -> None:
    """Write the mark into a dist-info folder."""
    content = {"format": FORMAT, "metadata": way, "runtimes": list(_described(runtimes))}
    (dist_info / FILE_NAME).write_text(f"{json.dumps(content, indent=2)}\n", "utf-8")


def read_prepared(metadata_directory: str | None) -> Prepared | None:
    """Read a ``metadata_directory`` (PEP 517); the result is None if it has no mark of ours."""
    if metadata_directory is None:
        return None
    folder = Path(metadata_directory)
    try:
        mark = parse_json(read_text(folder / FILE_NAME), is_own=True)
        return Prepared(
            way=str(mark["metadata"]),
            runtimes=tuple(map(str, mark["runtimes"])),
            metadata=read_bytes(folder / "METADATA"),
        )
    except (ValueError, KeyError, TypeError, OSError):  # made by the frontend, or by the real backend alone
        return None


def _described(runtimes: Sequence[Identity]) -> tuple[str, ...]:
    return tuple(" ".join([str(i), *(f"{name}={fact}" for name, fact in i.facts.items())]) for i in runtimes)
