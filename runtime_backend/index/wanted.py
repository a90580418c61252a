"""What is looked for on an index, and what an index has."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """A wheel to be found on an index."""

    name: str
    """The distribution's name, normalised (PEP 503)."""
    version: str
    indexes: tuple[str, ...]
    """The indexes that the lock names (PEP 503 roots), in its order; never empty."""
    file: str | None = None
    """The wheel's file name, where the lock tells it; else the best for the platform is taken."""
    hashes: frozenset[str] = frozenset()
    """The SHA-256 digests that the lock allows, in hex; empty where it demands none."""
    or_default: bool = False
    """Whether the frontend's default index, which no lock names, may have it as well: then it is had by its version."""

    def __str__(self) -> str:
        """Return the file, or the version."""
        return self.file or f"{self.name} {self.version}"


class IndexFile(NamedTuple):
    """One file that an index lists."""

    name: str
    url: str
    """Without a fragment."""
    sha256: str | None
    yanked: str | None = None
    """Why it was taken back (PEP 592), maybe without a word; None: it was not."""
