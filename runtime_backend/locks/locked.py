"""What a lock says of one runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from packaging.version import Version

from ..errors import LockError, os_reason
from ..files import read_bytes
from ..index import Wanted
from ..toml import TOMLDecodeError, loads

P = ParamSpec("P")
T = TypeVar("T")

MOST = 1000
"""Entries of one name in one lock. Real locks have tens; readers compare them with each other."""

SOURCE = "it is locked as source, not as a wheel"


class Locked(NamedTuple):
    """One runtime of a lock, with its wheel for this platform where the lock tells it."""

    name: str
    version: str
    lock: Path
    url: str | None = None
    """Where its wheel lies, ready for a direct reference (``%2B`` stays ``%2B``)."""
    sha256: str | None = None
    wanted: Wanted | None = None
    """How its wheel is found on an index, where the lock tells no URL but that much."""
    missing: str | None = None
    """Why its wheel cannot be had. Without this, ``url`` and ``wanted``, it is had by its version."""
    detail: str = ""
    """What tells it from its namesakes in the same lock: its index, its markers."""


def read_lock(path: Path) -> str:
    """Return a lock's text.

    :raises LockError: when it cannot be read.
    """
    try:
        text = read_bytes(path).decode("utf-8")
    except OSError as error:
        raise LockError(f"{path}: cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError as error:
        raise LockError(f"{path}: cannot be read: byte {error.start + 1} is not UTF-8") from None
    return text.replace("\r\n", "\n") if "\r" in text else text


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Return the parsed lock.

    :raises LockError: with the line, when it is no TOML.
    """
    try:
        return loads(text)
    except TOMLDecodeError as error:
        raise corrupt(path, f"not TOML: {error}") from None


def read_version(package: Mapping[str, Any]) -> str:
    """Return the version of a locked package; empty for a source tree that tells it only when built.

    :raises InvalidVersion: for one that is none.
    """
    version: str = package.get("version", "")
    if version != "":
        Version(version)
    return version


def read_sha256(text: str) -> str | None:
    """Return the digest of ``sha256:…``; None for another algorithm's."""
    algorithm, _, digest = text.partition(":")
    return digest if algorithm == "sha256" else None


def limited(entries: Sequence[T], name: str) -> Sequence[T]:
    """Return a lock's entries of one name.

    :raises ValueError: when there are more than :data:`MOST`.
    """
    if len(entries) > MOST:
        raise ValueError(f"found {len(entries)} entries for {name}, expected at most {MOST}")
    return entries


def corrupt(path: Path, what: str) -> LockError:
    """Return the error for a lock that is not as its tool writes it."""
    return LockError(f"{path}: {what}", hint="Lock again with the tool that wrote it, or restore the file.")


def only_lock_errors(read: Callable[P, T]) -> Callable[P, T]:
    """Turn what a malformed document does to a reader into the one error that callers expect.

    A lock is a foreign file: any key may be absent, of another type, or hold what no tool writes.
    """

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError, OSError) as error:
            raise corrupt(Path(str(args[0])), f"not laid out as expected: {_what_is_odd(error)}") from error

    return guarded


def _what_is_odd(error: Exception) -> str:
    """Return what is wrong with a document, by the failure that it led to; a reader's ValueError says it in words."""
    if isinstance(error, KeyError):
        return f"found no key {error.args[0]!r}, expected one"
    if isinstance(error, OSError):
        return os_reason(error)
    if isinstance(error, ValueError):
        return str(error).partition("\n")[0]
    return "a value has another type, or is nested deeper, than the tool writes it"
