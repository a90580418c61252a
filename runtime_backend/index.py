"""Package indexes: where the wheel lies that a lock names by file name or hash, without a URL."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
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
