"""Whether a wheel is what was said of it before: the frontend resolved by that."""

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
"""What a frontend resolves by."""


def describe_differences(told: bytes, built: bytes) -> list[str]:
    """Return a line for each thing that a frontend resolves by and that differs between two METADATA files."""
    one, other = (read_headers(decode(text)) for text in (told, built))
    return [line for field in _FIELDS for line in _compare(field, one, other)]


def describe_refusals(built: bytes, versions: Mapping[str, str]) -> list[str]:
    """Return the requirements of a METADATA file that a runtime which the wheel was built against does not meet.

    :param versions: the runtimes' versions by normalised name.
    """
    lines = read_headers(decode(built)).every("Requires-Dist")
    return [line for line in lines if is_refused(line, versions)]


def _compare(field: str, told: Headers, built: Headers) -> Iterator[str]:
    one, other = ({_normalise(field, value): value for value in headers.every(field)} for headers in (told, built))
    for meaning, text in one.items():
        if meaning not in other:
            yield f"{field}: {text}: told, but not in the wheel"
    for meaning, text in other.items():
        if meaning not in one:
            yield f"{field}: {text}: in the wheel, but not told"


def _normalise(field: str, text: str) -> str:
    """Return a spelling that is the same for all that mean the same."""
    try:
        if field in ("Name", "Provides-Extra"):
            return canonicalize_name(text)
        if field == "Version":
            return canonicalize_version(Version(text))
        if field == "Requires-Python":
            return str(SpecifierSet(text))
        return _normalise_requirement(Requirement(text))
    except ValueError:  # what is none of these stands for itself
        return text


def _normalise_requirement(requirement: Requirement) -> str:
    extras = ",".join(sorted(map(canonicalize_name, requirement.extras)))
    where = f"@{requirement.url}" if requirement.url else str(requirement.specifier)
    return f"{canonicalize_name(requirement.name)}[{extras}]{where};{_normalise_marker(str(requirement.marker or ''))}"


def _normalise_marker(marker: str) -> str:
    """Real backends differ in the brackets and the order that they put ``extra == 'x'`` in."""
    return " ".join(sorted(marker.replace("(", " ").replace(")", " ").split()))
