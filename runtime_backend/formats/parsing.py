"""packaging's parsers, which raise more than they document: Python's ValueError for a number of 5,000 digits."""

from __future__ import annotations

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..errors.reasons import DataError
from ..system.files import is_text

_LONG_NUMBER = r"\d{1000}"
"""packaging accepts such a requirement, and fails when a version is compared with it."""


def read_requirement(text: str) -> Requirement:
    """Return a requirement (PEP 508).

    :raises ValueError: for a text that is none; it says why.
    """
    if not is_text(text):
        raise DataError("half of a character (a surrogate)")
    if re.search(_LONG_NUMBER, text):
        raise DataError("a number of more than 1000 digits")
    return Requirement(text)


def parse_requirement(text: str) -> Requirement | None:
    """Return a requirement (PEP 508); None for a text that is none."""
    try:
        return read_requirement(text)
    except ValueError:
        return None


def parse_version(text: str) -> Version | None:
    """Return a version (PEP 440); None for a text that is none."""
    try:
        return Version(text)
    except ValueError:
        return None


def parse_wheel_name(file: str) -> tuple[str, Version] | None:
    """Return the normalised name and the version that a wheel's file name tells; None for any other file name."""
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except ValueError:
        return None
    return canonicalize_name(name), version
