"""The exact runtime in the metadata, where nothing but the build has decided which one it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..formats.headers import read_headers
from ..system.files import decode

_END = rb"(?:\r\n|\r(?!\n)|\n){2}"
"""The end of the fields; some real backends write Windows' line ends."""


def with_requirements(metadata: bytes, requirements: Sequence[str]) -> bytes:
    """Return METADATA with requirements added: the resolver then gives the target what the wheel is built against.

    Those of the package stay beside them; a resolver needs both to hold.
    """
    found = re.search(_END, metadata)
    head, rest = (metadata[: found.start()], metadata[found.start() :]) if found else (metadata.rstrip(b"\r\n"), b"\n")
    newline = b"\r\n" if rest.startswith(b"\r") else b"\n"
    there = read_headers(decode(head)).every("Requires-Dist")
    new = [f"Requires-Dist: {text}".encode() for text in requirements if text not in there]
    return newline.join([head, *new]) + rest
