"""Conda's names and packages, for locks that contain packages of conda and of the Python index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from ..errors.reasons import DataError
from ..formats.parsing import parse_version
from ..system.platforms import Platform
from ..system.urls import as_url, file_name
from .answer import Locked
from .direct import locked_file

_NAMES = {"torch": "pytorch"}
_SYSTEMS = {"linux": "linux", "darwin": "osx", "win32": "win"}
_MACHINES = {"x86_64": "64", "amd64": "64", "i686": "32", "i386": "32", "x86": "32"}
_LINUX_MACHINES = {"arm64": "aarch64"}


def conda_name(name: str) -> str:
    """Return conda's name for a distribution."""
    return _NAMES.get(name, name)


def conda_platform(platform: Platform) -> str:
    """Return conda's name for a platform: ``linux-64``, ``osx-arm64``."""
    markers = platform.environment
    system, machine = (
        _SYSTEMS.get(markers["sys_platform"], markers["sys_platform"]),
        markers["platform_machine"].lower(),
    )
    if system == "linux":
        machine = _LINUX_MACHINES.get(machine, machine)
    return f"{system}-{_MACHINES.get(machine, machine)}"


class CondaPackage(NamedTuple):
    """One package of a channel."""

    name: str
    version: str
    build: str
    channel: str
    """The last part of the channel's URL; the rest may contain a token."""

    @classmethod
    def from_url(cls, url: str) -> CondaPackage:
        """Parse the URL ``CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda``; parts that it lacks are empty."""
        folder, _, file = url.partition("#")[0].rpartition("/")
        stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
        name, version, build = stem.rsplit("-", 2) if stem != file and stem.count("-") > 1 else ("", "", "")
        channel = folder.rpartition("/")[0].rpartition("/")[2]
        return cls(name=name, version=version, build=build, channel=channel if name else "")

    @classmethod
    def from_entry(cls, entry: Mapping[str, str], url: str) -> CondaPackage:
        """Return the package of a lock's entry; its URL supplies missing values."""
        named = cls.from_url(url)
        return cls(
            name=str(entry.get("name") or named.name),
            version=str(entry.get("version") or named.version),
            build=str(entry.get("build") or named.build),
            channel=named.channel,
        )

    def lock(self, name: str, path: Path, detail: str = "") -> Locked:
        """Return it as a locked runtime that no installer of wheels can fetch.

        A version that does not follow PEP 440 is omitted; any installed version then matches.
        """
        what = " ".join(part for part in (self.name, self.version, self.build) if part)
        where = f", {self.channel}" if self.channel else ""
        return Locked(
            name=name,
            version=self.version if _is_version(self.version) else "",
            lock=path,
            missing=f"it is a conda package ({what}{where}), not a wheel",
            detail=detail or f"conda build {self.build}",
        )


def _is_version(version: str) -> bool:
    return parse_version(version) is not None


def lock_pypi(  # noqa: PLR0913 - the values of a package in three lock formats
    name: str, version: str, location: str, sha256: object, *, path: Path, platform: Platform, detail: str = ""
) -> Locked:
    """Return a package of the Python index as a locked runtime. These locks name one file per package.

    :param version: if empty, the version in the file name is used.
    :param location: a URL, or a path relative to the lock.
    """
    if not (sha256 is None or isinstance(sha256, str)):
        raise DataError(f"found {sha256!r}, expected text")
    url = as_url(location, path.parent)
    file = file_name(url)
    version = version or _version_of(file)
    if "$" in url and file.endswith(".whl"):
        missing = "its URL contains environment variables, which only the tool that locked it fills in"
        return Locked(name=name, version=version, lock=path, missing=missing, detail=detail)
    return locked_file(name, version, url, sha256, lock=path, platform=platform, detail=detail)


def _version_of(file: str) -> str:
    try:
        version = (parse_wheel_filename(file) if file.endswith(".whl") else parse_sdist_filename(file))[1]
    except ValueError:
        return ""
    return str(version)
