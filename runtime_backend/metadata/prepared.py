"""The mark on metadata that were told before the wheel was built: how they came about, and for which runtimes.

It has the stamp's name, so that a wheel made from such a folder has one record, not two: the stamp takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..archives.stamp import FILE_NAME, FORMAT
from ..formats.jsontext import parse_json
from ..installed.identity import Identity
from ..system.files import read_bytes, read_text


class Prepared(NamedTuple):
    """How metadata came about."""

    way: str
    """``static``, ``stub`` or ``real``."""
    runtimes: tuple[str, ...]
    """What the real backend saw, or was told by the stand-in."""
    metadata: bytes
    """The text of METADATA."""

    def serves(self, runtimes: Sequence[Identity]) -> bool:
        """Return whether the real backend itself made this, with the runtimes that it builds against."""
        return self.way == "real" and self.runtimes == _described(runtimes)


def mark_prepared(dist_info: Path, way: str, runtimes: Sequence[Identity]) -> None:
    """Put the mark into a dist-info folder."""
    content = {"format": FORMAT, "metadata": way, "runtimes": list(_described(runtimes))}
    (dist_info / FILE_NAME).write_text(f"{json.dumps(content, indent=2)}\n", "utf-8")


def read_prepared(metadata_directory: str | None) -> Prepared | None:
    """Return what a ``metadata_directory`` (PEP 517) says; None where it is not one that we marked."""
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
    except (ValueError, KeyError, TypeError, OSError):  # a frontend's own, or one of a real backend without us
        return None


def _described(runtimes: Sequence[Identity]) -> tuple[str, ...]:
    return tuple(" ".join([str(i), *(f"{name}={fact}" for name, fact in i.facts.items())]) for i in runtimes)
