"""Choosing the wheel that fits among the files that a lock lists for a package, with or without URLs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from ..index.wanted import Wanted
from ..system.platforms import UNFIT, Platform
from ..system.urls import file_name
from .answer import SOURCE, Locked, read_sha256


class LockedFile(NamedTuple):
    """One file of a package, with its hash."""

    name: str
    version: Version | None
    """The version in a wheel's name; None for any other file."""
    url: str | None
    sha256: str | None


class Listing(NamedTuple):
    """A locked package with all its files in the lock, for all platforms."""

    name: str
    version: str
    lock: Path
    files: tuple[LockedFile, ...]
    indexes: tuple[str, ...] = ()
    """Where to look up a file without a URL; empty for the frontend's default index."""
    or_default: bool = False
    """Whether the default index, which locks do not name, is searched as well."""
    detail: str = ""


def read_file(entry: Mapping[str, str]) -> LockedFile:
    """Read one file in a lock of poetry or pdm: ``{file, hash}`` or ``{url, hash}``."""
    url = entry.get("url")
    name = file_name(url) if url is not None else entry["file"]
    return LockedFile(name=name, version=_wheel_version(name), url=url, sha256=read_sha256(entry.get("hash", "")))


def read_listed_version(package: Mapping[str, Any]) -> str:
    """Return the version of a package that is not locked as a source tree, so it must have one.

    :raises LookupError: if it is absent.
    :raises InvalidVersion: if it does not follow PEP 440.
    """
    version: str = package["version"]
    Version(version)
    return version


def choose_wheel(listing: Listing, platform: Platform) -> Locked:
    """Return the package with its wheel for the platform; of several versions, the highest that fits.

    pdm drops a local part that was not asked for, lists the wheels of 2.7.0 and 2.7.0+cpu under one version, and
    installs 2.7.0+cpu.
    """
    by_version: dict[Version, list[LockedFile]] = {}
    for file in listing.files:
        if file.version is not None:
            by_version.setdefault(file.version, []).append(file)
    versions = sorted(by_version, reverse=True)
    for version in versions:
        best = platform.best_wheel((file.name, file) for file in by_version[version])
        if best is not None:
            return _found(listing, str(version), best)
    if not listing.files:
        return _found(listing, listing.version, None)
    missing = UNFIT if versions else SOURCE
    return Locked(name=listing.name, version=listing.version, lock=listing.lock, missing=missing, detail=listing.detail)


def drop_missing(found: Iterable[Locked]) -> tuple[Locked, ...]:
    """Return the distinct runtimes whose wheels can be obtained; all of them if none can."""
    unique: dict[Locked, Locked] = {}
    for locked in found:
        unique.setdefault(locked._replace(detail=""), locked)
    every = tuple(unique.values())
    return tuple(locked for locked in every if locked.missing is None) or every


def _found(listing: Listing, version: str, file: LockedFile | None) -> Locked:
    """Return the package with one of its files: by URL, by name on an index, or by version if neither is known."""
    name, url, sha256 = (None, None, None) if file is None else (file.name, file.url, file.sha256)
    hashes = frozenset(() if sha256 is None else (sha256,))
    is_named = url is None and bool(listing.indexes)
    wanted = Wanted(
        name=listing.name,
        version=version,
        indexes=listing.indexes,
        file=name,
        hashes=hashes,
        or_default=listing.or_default,
    )
    return Locked(
        name=listing.name,
        version=version,
        lock=listing.lock,
        url=url,
        sha256=None if url is None and not is_named else sha256,
        wanted=wanted if is_named else None,
        detail=listing.detail,
    )


def _wheel_version(name: str) -> Version | None:
    try:
        return parse_wheel_filename(name)[1]
    except ValueError:  # InvalidWheelFilename, or a number with 5,000 digits
        return None
