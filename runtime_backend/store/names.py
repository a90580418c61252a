"""The names of what is kept: safe as file names, and short."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHA256 = r"[0-9a-f]{64}"
"""The pattern of a SHA-256 in hex, and of a :func:`digest` of 64 digits."""


def digest(parts: Sequence[str], length: int = 16) -> str:
    """Return hexadecimal digits that identify some texts.

    :param length: how many, at most 64: sixteen for a name that people see, more for an answer that is believed.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and many hooks keep nothing

    return hashlib.sha256("\0".join(parts).encode("utf-8", errors="surrogateescape")).hexdigest()[:length]


def safe_name(text: str) -> str:
    """Return a text as a file name without special characters: build scripts put paths into commands and patterns."""
    return re.sub(r"[^A-Za-z0-9.-]+", ".", text)
