"""packaging's parsers, with one kind of error: they also raise Python's ValueError for a number of 5,000 digits."""

from __future__ import annotations

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..errors.reasons import DataError
from ..system.files import is_text

_LONG_NUMBER = r"\d{1000}"
"""packaging accepts a requirement with such a number, but fails when it compares a version with it."""


def read_requirement(text: str) -> Requirement:
    """Parse a requirement (PEP 508).

    :raises ValueError: if it is invalid; the message is the reason.
    """
    if not is_text(text):
        raise DataError("found a surrogate, expected whole characters")
    if re.search(_LONG_NUMBER, text):
        raise DataError("found a number of more than 1000 digits")
    return Requirement(text)


def parse_requirement(text: str) -> Requirement | None:
    """Parse a requirement (PEP 508); None if it is invalid."""
    try:
        return read_requirement(text)
    except ValueError:
        return None


def parse_version(text: str) -> Version | None:
    """Parse a version (PEP 440); None if it is invalid."""
    try:
        return Version(text)
    except ValueError:
        return None


def parse_wheel_name(file: str) -> tuple[str, Version] | None:
    """Return the normalised name and the version in a wheel's file name; None for any other file name."""
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except ValueError:
        return None
    return canonicalize_name(name), version
