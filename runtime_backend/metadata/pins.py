"""The exact runtime as a requirement in the metadata, if only the build decided which runtime it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..formats.headers import read_headers
from ..system.files import decode

_END = rb"(?:\r\n|\r(?!\n)|\n){2}"
"""The end of the fields; some real backends write the line ends of Windows."""


def with_requirements(metadata: bytes, requirements: Sequence[str]) -> bytes:
    """Return METADATA with added requirements, by which the resolver installs the runtime that the wheel is built for.

    The package's own requirements stay; a resolver must meet both.
    """
    found = re.search(_END, metadata)
    head, rest = (metadata[: found.start()], metadata[found.start() :]) if found else (metadata.rstrip(b"\r\n"), b"\n")
    newline = b"\r\n" if rest.startswith(b"\r") else b"\n"
    there = read_headers(decode(head)).every("Requires-Dist")
    new = [f"Requires-Dist: {text}".encode() for text in requirements if text not in there]
    return newline.join([head, *new]) + rest
