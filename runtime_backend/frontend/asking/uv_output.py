"""Reading the output of uv's dry run, and the file of a resolution."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from ...errors import DecisionError
from ...formats.parsing import parse_requirement, parse_version, parse_wheel_name
from ...system.urls import file_name
from .answer import Change

_CHANGE = re.compile(r" ([-+~]) ([A-Za-z0-9._-]+)(?:==(\S+)| @ (\S+))(?: \(from (.+)\))?")
"""`` + torch==9.4.0``, `` - torch==9.1.0``, `` ~ torch==9.1.0 (from file:///…)``, `` + torch @ https://…``."""


_NO_CHANGES = "Would make no changes"
"""The line that uv 0.5 to 0.13 prints after a dry run without changes."""


def read_dry_run(text: str) -> Mapping[str, Change]:
    """Return the changes in the output of a dry run.

    :raises DecisionError: if there are neither changes nor :data:`_NO_CHANGES`, since silence is no answer.
    """
    found = dict(read_changes(text))
    if not found and _NO_CHANGES not in text.splitlines():
        raise DecisionError(
            "dry-run-not-understood",
            "uv's dry run gave no answer: expected changes or {no_changes!r}, so it is not known what the command"
            " installs. Found:\n{output}",
            hint="Use uv 0.8 or later. If the error stays, set the runtime by hand: RUNTIME_BACKEND_PIN.",
            no_changes=_NO_CHANGES,
            output=text.strip(),
        )
    return found


def read_changes(text: str) -> Iterator[tuple[str, Change]]:
    """Yield the changes in the output of a dry run; of a removal and an addition, the addition counts."""
    found = [match for match in map(_CHANGE.fullmatch, text.splitlines()) if match is not None]
    for match in sorted(found, key=lambda match: match.group(1) != "-"):
        sign, name, version, url, origin = match.groups()
        change = Change(version=None) if sign == "-" else _change(version, url or origin)
        yield canonicalize_name(name), change


def read_resolution(text: str) -> Iterator[tuple[str, Change]]:
    """Yield the distributions in the file of ``uv pip compile``; an editable or a folder has no version there."""
    for line in text.splitlines():
        requirement = parse_requirement(line)
        if requirement is None:
            continue
        version = next((specifier.version for specifier in requirement.specifier), None)
        yield canonicalize_name(requirement.name), _change(version, requirement.url)


def _change(version: str | None, url: str | None) -> Change:
    """Return a change; for the URL of a wheel, the version is in the wheel's name."""
    version = version if version is None or parse_version(version) is not None else ""
    if url is None or not file_name(url).endswith(".whl"):
        return Change(version=version or "", is_source=url is not None)
    place, _, fragment = url.partition("#")
    sha256 = fragment.partition("sha256=")[2].partition("&")[0] or None
    return Change(version=version or _wheel_version(place), url=place, sha256=sha256)


def _wheel_version(url: str) -> str:
    named = parse_wheel_name(file_name(url))
    return "" if named is None else str(named[1])
