"""``pylock.toml`` (PEP 751), parsed by :mod:`packaging.pylock`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.utils import canonicalize_name, parse_wheel_filename

from ..config.selection import Selection
from ..system.platforms import UNFIT, Platform
from ..system.urls import as_url, file_name
from .answer import SOURCE, Locked, corrupt, only_lock_errors, parse_toml, read_lock


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name for this platform.

    packaging gets only the entries of that name: it refuses a whole file for one invalid entry, and uv itself writes
    invalid entries for wheels of other platforms.

    :raises LockError: if the file is not a pylock, has another version, or has a malformed entry of that name.
    """
    document = parse_toml(read_lock(path), path)
    entries = [entry for entry in document.get("packages", []) if canonicalize_name(entry.get("name", "")) == name]
    pylock = _validated(document, entries, path)
    if pylock is None or not _is_for(pylock, platform):
        return ()
    return tuple(_active(pylock, selection, path, platform))


@only_lock_errors
def read_every(path: Path, platform: Platform) -> tuple[Mapping[str, Any], tuple[Locked, ...] | None]:
    """Return the table ``[tool.runtime-backend]`` of a lock, and all that it installs on this platform.

    :returns: None in place of the entries if the whole lock is for other Pythons or platforms.
    :raises LockError: as :func:`read`.
    """
    document = parse_toml(read_lock(path), path)
    entries = document.get("packages", [])
    pylock = _validated(document, entries, path)
    own = document.get("tool", {}).get("runtime-backend", {})
    if pylock is None or not _is_for(pylock, platform):
        return own, None
    unfit = (entry for entry in entries if _is_sourceless(entry) and platform.accepts(entry.get("marker", "")))
    return own, (
        *_active(pylock, Selection(project=path.parent), path, platform),
        *(Locked(name=entry["name"], version=entry.get("version", ""), lock=path, missing=UNFIT) for entry in unfit),
    )


def _active(pylock: Pylock, selection: Selection, path: Path, platform: Platform) -> Iterator[Locked]:
    """Yield the packages whose marker is true for the selection."""
    environment = _environment(pylock, selection, platform)
    for package in pylock.packages or ():
        if package.marker is None or package.marker.evaluate(environment, context="lock_file"):
            yield _locked(package, path, platform)


def _validated(document: dict[str, Any], entries: Sequence[dict[str, Any]], path: Path) -> Pylock | None:
    """Return the lock with the entries of one name; None if all of them are for other platforms."""
    whole = [entry for entry in entries if not _is_sourceless(entry)]
    if entries and not whole:
        return None
    try:
        return Pylock.from_dict({**document, "packages": whole})
    except PylockUnsupportedVersionError as error:
        raise corrupt(path, f"found an unknown version: {error}; this reader knows lock-version 1.0") from None
    except PylockValidationError as error:
        raise corrupt(path, f"not a valid pylock (PEP 751): {error}") from None


def _is_for(pylock: Pylock, platform: Platform) -> bool:
    """Return whether ``requires-python`` and one of ``environments`` are met (PEP 751, installation)."""
    required, markers = pylock.requires_python, pylock.environments
    if required is not None and not required.contains(platform.environment["python_full_version"], prereleases=True):
        return False
    return not markers or any(marker.evaluate(dict(platform.environment)) for marker in markers)


def _is_sourceless(entry: dict[str, Any]) -> bool:
    return not any(key in entry for key in ("wheels", "sdist", "archive", "vcs", "directory"))


def _environment(pylock: Pylock, selection: Selection, platform: Platform) -> dict[str, str | frozenset[str]]:
    """Return the marker environment (PEP 751, installation): selected extras, selected and default groups."""
    defaults = frozenset(pylock.default_groups or ()) if selection.default_groups else frozenset()
    extras = frozenset(pylock.extras or ()) if selection.all_extras else selection.extras
    groups = frozenset(pylock.dependency_groups or ()) if selection.all_groups else selection.groups | defaults
    return {
        **platform.environment,
        "extras": extras - selection.without_extras,
        "dependency_groups": groups - selection.without_groups,
    }


def _locked(package: Package, path: Path, platform: Platform) -> Locked:
    detail = "" if package.marker is None else str(package.marker)
    artifact = _artifact(package, platform)
    if artifact is None:
        version = str(package.version) if package.version else ""
        missing = UNFIT if package.wheels else SOURCE
        return Locked(name=package.name, version=version, lock=path, missing=missing, detail=detail)
    url = as_url(artifact.url or artifact.path or "", path.parent)
    version = str(package.version or parse_wheel_filename(file_name(url))[1])
    sha256 = artifact.hashes.get("sha256")
    return Locked(name=package.name, version=version, lock=path, url=url, sha256=sha256, detail=detail)


def _artifact(package: Package, platform: Platform) -> PackageWheel | PackageArchive | None:
    """Return the wheel for this platform. A wheel by URL or path is listed under ``archive``; its tags are checked."""
    if package.wheels:
        return platform.best_wheel((wheel.filename, wheel) for wheel in package.wheels)
    archive = package.archive
    if archive is None:
        return None
    name = file_name(archive.url) if archive.url else Path(archive.path or "").name
    return platform.best_wheel([(name, archive)])
