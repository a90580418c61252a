"""Comparing a wheel with the metadata that the frontend got before, and with its runtimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import Version

from ..formats.headers import Headers, read_headers
from ..resolve.package import is_refused
from ..system.files import decode

_FIELDS = ("Name", "Version", "Requires-Dist", "Requires-Python", "Provides-Extra")
"""The fields that resolvers use."""


def describe_differences(earlier: bytes, built: bytes) -> list[str]:
    """Return a line for each value in :data:`_FIELDS` that only one of two METADATA files has."""
    one, other = (read_headers(decode(text)) for text in (earlier, built))
    return [line for field in _FIELDS for line in _compare(field, one, other)]


def describe_refusals(built: bytes, versions: Mapping[str, str]) -> list[str]:
    """Return the requirements in a METADATA file that the runtimes of the build do not meet.

    :param versions: normalised name -> version, of the runtimes.
    """
    lines = read_headers(decode(built)).every("Requires-Dist")
    return [line for line in lines if is_refused(line, versions)]


def _compare(field: str, earlier: Headers, built: Headers) -> Iterator[str]:
    one, other = ({_normalise(field, value): value for value in headers.every(field)} for headers in (earlier, built))
    for meaning, text in one.items():
        if meaning not in other:
            yield f"{field}: {text}: not in the wheel"
    for meaning, text in other.items():
        if meaning not in one:
            yield f"{field}: {text}: only in the wheel"


def _normalise(field: str, text: str) -> str:
    """Return a canonical spelling, equal for values of the same meaning."""
    try:
        if field in ("Name", "Provides-Extra"):
            return canonicalize_name(text)
        if field == "Version":
            return canonicalize_version(Version(text))
        if field == "Requires-Python":
            return str(SpecifierSet(text))
        return _normalise_requirement(Requirement(text))
    except ValueError:  # an invalid value is compared as it is
        return text


def _normalise_requirement(requirement: Requirement) -> str:
    extras = ",".join(sorted(map(canonicalize_name, requirement.extras)))
    where = f"@{requirement.url}" if requirement.url else str(requirement.specifier)
    return f"{canonicalize_name(requirement.name)}[{extras}]{where};{_normalise_marker(str(requirement.marker or ''))}"


def _normalise_marker(marker: str) -> str:
    """Return a marker's sorted words: real backends differ in brackets, and in the position of ``extra == 'x'``."""
    return " ".join(sorted(marker.replace("(", " ").replace(")", " ").split()))
