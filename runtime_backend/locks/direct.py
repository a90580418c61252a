"""Runtimes that a lock names by the URL or path of a file or repository."""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from ..system.platforms import UNFIT, Platform
from ..system.urls import file_name
from .answer import SOURCE, Locked


def locked_directly(  # noqa: PLR0913 - the values of one file in a lock
    name: str, url: str, *, hashes: frozenset[str], lock: Path, platform: Platform, detail: str
) -> Locked:
    """Return the runtime of a lock's direct reference on a platform.

    :param hashes: the SHA-256 digests in the lock; a digest in the URL's fragment takes precedence.
    :raises ValueError: for a wheel whose name has no version.
    """
    from urllib.parse import parse_qs, urldefrag  # noqa: PLC0415 - most hooks read no lock

    url, fragment = urldefrag(url)
    file = file_name(url)
    version = str(Version([*file.split("-"), ""][1])) if file.lower().endswith(".whl") else ""
    allowed = parse_qs(fragment).get("sha256") or sorted(hashes)
    # With several digests, the wheel's own is not certain.
    sha256 = allowed[0].lower() if len(allowed) == 1 else None
    return locked_file(name, version, url, sha256, lock=lock, platform=platform, detail=detail)


def locked_file(  # noqa: PLR0913 - the values of one file in a lock
    name: str, version: str, url: str, sha256: str | None, *, lock: Path, platform: Platform, detail: str
) -> Locked:
    """Return the runtime of the only file that a lock names for a package, on a platform."""
    file = file_name(url)
    missing = SOURCE if not file.lower().endswith(".whl") else None
    if missing is None and platform.best_wheel([(file, file)]) is None:
        missing = UNFIT
    if missing is not None:
        return Locked(name=name, version=version, lock=lock, missing=missing, detail=detail)
    return Locked(name=name, version=version, lock=lock, url=url, sha256=sha256, detail=detail)
