"""Values: a wheel to look up on an index, and a file that an index lists."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """A wheel to look up on an index."""

    name: str
    """The distribution's normalised name (PEP 503)."""
    version: str
    indexes: tuple[str, ...]
    """The indexes that the lock names (PEP 503 roots), in its order; never empty."""
    file: str | None = None
    """The wheel's file name, if the lock has it; else the best wheel for the platform is used."""
    hashes: frozenset[str] = frozenset()
    """The SHA-256 digests that the lock allows, in hex; empty if any is allowed."""
    or_default: bool = False
    """Whether the frontend's default index, which the lock does not name, may have it: then its version is required."""

    def __str__(self) -> str:
        """Return the file name, else name and version."""
        return self.file or f"{self.name} {self.version}"


class IndexFile(NamedTuple):
    """One file that an index lists."""

    name: str
    url: str
    """Without a fragment."""
    sha256: str | None
    yanked: str | None = None
    """The reason why it was yanked (PEP 592), possibly empty; None if it was not yanked."""
