"""packaging's parsers, with one kind of error: they also raise Python's ValueError for a number of 5,000 digits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
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


def requirement_name(text: str) -> str:
    """Return a requirement's normalised name (PEP 503); empty for a text that is not a requirement."""
    requirement = parse_requirement(text)
    return "" if requirement is None else canonicalize_name(requirement.name)


def marker_holds(requirement: Requirement, environment: Mapping[str, str] | None = None) -> bool | None:
    """Return whether a requirement's marker is true; None if it cannot be evaluated.

    :param environment: the values of the markers that differ from those of the running interpreter.
    """
    try:
        return requirement.marker is None or requirement.marker.evaluate(
            None if environment is None else {**environment}
        )
    except (ValueError, LookupError):  # packaging's UndefinedComparison, UndefinedEnvironmentName
        return None


def direct_reference(name: str, url: str, sha256: str | None) -> str:
    """Return the requirement of one file (PEP 508), with its hash, if it is known, in place of the URL's fragment."""
    return f"{name} @ {url}" if sha256 is None else f"{name} @ {url.partition('#')[0]}#sha256={sha256}"


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


def parse_sdist_name(file: str) -> tuple[str, Version] | None:
    """Return the normalised name and the version in an sdist's file name; None for any other file name."""
    try:
        return parse_sdist_filename(file)
    except ValueError:
        return None
