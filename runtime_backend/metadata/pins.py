"""The exact runtime in the metadata, where nothing but the build has decided which one it is."""

from __future__ import annotations

from collections.abc import Sequence


def with_requirements(metadata: bytes, requirements: Sequence[str]) -> bytes:
    """Return METADATA with requirements added: the resolver then gives the target what the wheel is built against.

    Those of the package stay beside them; a resolver needs both to hold.
    """
    head, separator, body = metadata.partition(b"\n\n")
    head = head.rstrip(b"\n")
    lines = [f"Requires-Dist: {text}".encode() for text in requirements]
    new = [line for line in lines if line not in head.splitlines()]
    return b"\n".join([head, *new]) + (separator or b"\n") + body
