"""The data of one runtime in a lock, and reading its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from packaging.version import Version

from ..errors import LockError
from ..errors.reasons import DataError, reason
from ..formats.toml import TOMLDecodeError, loads
from ..index.wanted import Wanted
from ..system.files import read_bytes
from .tracing import ERRORS, explain, traced

P = ParamSpec("P")
T = TypeVar("T")

MOST = 1000
"""The most entries of one name in one lock. Real locks have tens; readers compare all pairs."""

SOURCE = "it is locked as source, not as a wheel"


class Locked(NamedTuple):
    """One runtime of a lock, with its wheel for this platform if the lock names it."""

    name: str
    version: str
    lock: Path
    url: str | None = None
    """The address of its wheel, ready for a direct reference (``%2B`` stays ``%2B``)."""
    sha256: str | None = None
    wanted: Wanted | None = None
    """What to look up on an index, if the lock does not name a URL."""
    missing: str | None = None
    """Why no wheel can be obtained. If this, ``url`` and ``wanted`` are None, its version is required."""
    detail: str = ""
    """What distinguishes it from others of its name in the same lock: its index, its markers."""


def read_lock(path: Path) -> str:
    r"""Return a lock's text, with ``\n`` as line ends.

    :raises LockError: if it cannot be read.
    """
    try:
        text = read_bytes(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(
            "lock-unreadable", "{path}: cannot be read: {why}", path=path, why=reason(error, path)
        ) from None
    return text.replace("\r\n", "\n") if "\r" in text else text


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Parse a lock.

    :raises LockError: if it is not valid TOML; names the line.
    """
    try:
        document: dict[str, Any] = traced(loads(text))
    except (TOMLDecodeError, RecursionError) as error:
        raise corrupt(path, f"not TOML: {reason(error)}") from None
    return document


def read_version(package: Mapping[str, Any]) -> str:
    """Return the version of a locked package; empty for a source tree whose version is known only after building.

    :raises InvalidVersion: if it does not follow PEP 440.
    """
    version: str = package.get("version", "")
    if version != "":
        Version(version)
    return version


def read_sha256(text: str) -> str | None:
    """Return the digest of ``sha256:…``; None for another algorithm."""
    algorithm, _, digest = text.partition(":")
    return digest if algorithm == "sha256" else None


def limited(entries: Sequence[T], name: str) -> Sequence[T]:
    """Check the number of a lock's entries of one name, and return the entries.

    :raises DataError: if there are more than :data:`MOST`.
    """
    if len(entries) > MOST:
        raise DataError(f"found {len(entries)} entries for {name}, expected at most {MOST}")
    return entries


def corrupt(path: Path, what: str) -> LockError:
    """Return the error for a lock that differs from what its tool writes."""
    return LockError(
        "lock-invalid",
        "{path}: {what}",
        hint="Lock again with the tool that wrote it, or restore the file.",
        path=path,
        what=what,
    )


def only_lock_errors(read: Callable[P, T]) -> Callable[P, T]:
    """Turn the exceptions of a reader on a malformed document into LockError.

    A lock is a foreign file: any key may be absent, of another type, or have a value that no tool writes.
    """

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except ERRORS as error:
            what = explain(error, lambda: read(*args, **kwargs))
            raise corrupt(Path(str(args[0])), f"not laid out as expected: {what}") from error

    return guarded
