"""Remote stores: a folder, a web server that is only read, or a bucket of S3, Google Cloud or Azure.

<url>/5f/5f1c2a90…/record.json              written last, so that a torn upload is never seen
<url>/5f/5f1c2a90…/<sha256>/<wheel name>
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from ..config.store import OBJECT_SCHEMES
from ..errors import NoAnswer
from ..errors.reasons import reason
from ..index.downloads import download
from ..index.http import NotFound, ask
from ..store.atomic import replacing
from ..system.files import file_digest, is_file, read_bytes
from .local import LocalStore
from .records import RECORD, Record, parse_record

PATIENCE = 5
"""Seconds for a remote store to answer whether it has a wheel."""
_LARGEST_RECORD = 4 << 20

Say = Callable[[str], None]


class Remote(Protocol):
    """One remote store. All methods raise :class:`NoAnswer` if it does not answer or refuses."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a small object; None if there is none."""

    def fetch(self, path: str, size: int, to: Path) -> None:
        """Write a large object to a file."""

    def write(self, path: str, source: Path | bytes) -> None:
        """Write an object."""


def open_remote(url: str, environ: Mapping[str, str], say: Say) -> Remote:
    """Return the remote store at a URL, or at the absolute path of a folder.

    :raises NoAnswer: if it cannot be opened.
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme in OBJECT_SCHEMES:
        from .buckets import Bucket  # noqa: PLC0415 - few people have a bucket

        return Bucket(url, environ, say)
    return Website(url, environ, say) if scheme else Folder(Path(url))


def read_record(remote: Remote, key: str) -> Record | None:
    """Return the record of a key; None if the store has no such wheel.

    :raises NoAnswer: if it does not answer, or the record is not one.
    """
    content = remote.read(_record_path(key))
    return None if content is None else parse_record(content, key)


def fetch_wheel(remote: Remote, record: Record, to: Path) -> None:
    """Write a wheel to a file, and compare its hash.

    :raises NoAnswer: if it cannot be fetched, or is another file than the record says.
    """
    remote.fetch(_wheel_path(record), record.size, to)
    found = file_digest(to)
    if found != record.sha256:
        raise NoAnswer(f"{record.wheel}: found sha256 {found}, expected {record.sha256}")


def fetch_into(store: LocalStore, remote: Remote, key: str, check: Callable[[Record], Record]) -> Record | None:
    """Put a wheel of a remote store into the local one, whose key is locked; None if the remote store has none.

    :param check: returns the record for the local store; raises :class:`NoAnswer` for a wheel that is not trusted.
    :raises NoAnswer: if it cannot be fetched, or is not the wheel of its record.
    :raises OSError: if the cache cannot be written to.
    """
    record = read_record(remote, key)
    if record is None:
        return None
    own = check(record)

    def fill(folder: Path) -> Record:
        fetch_wheel(remote, record, folder / record.wheel)
        return own

    return store.put(key, fill)


def write_wheel(remote: Remote, record: Record, wheel: Path) -> None:
    """Write a wheel and its record, which makes it visible.

    :raises NoAnswer: if the store refuses, or does not answer.
    """
    remote.write(_wheel_path(record), wheel)
    remote.write(_record_path(record.key), record._replace(machine=None, remote=None).text())


def _record_path(key: str) -> str:
    return f"{key[:2]}/{key}/{RECORD}"


def _wheel_path(record: Record) -> str:
    return f"{record.key[:2]}/{record.key}/{record.sha256}/{record.wheel}"


class Folder:
    """A folder, such as one that several machines mount."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None if there is none."""
        place = self._path / path
        try:
            return read_bytes(place) if is_file(place) else None
        except OSError as error:
            raise NoAnswer(f"{place} cannot be read: {reason(error, place)}") from None

    def fetch(self, path: str, size: int, to: Path) -> None:  # noqa: ARG002 - as for the others
        """Copy a file."""
        place = self._path / path
        if not is_file(place):
            raise NoAnswer(f"{place}: found no file")
        try:
            shutil.copyfile(place, to)
        except OSError as error:
            raise NoAnswer(f"{place} cannot be copied: {reason(error, place)}") from None

    def write(self, path: str, source: Path | bytes) -> None:
        """Write a file in one step."""
        place = self._path / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as new:
                if isinstance(source, bytes):
                    new.write_bytes(source)
                else:
                    shutil.copyfile(source, new)
        except OSError as error:
            raise NoAnswer(f"{place} cannot be written: {reason(error, place)}") from None


class Website:
    """A web server, which is only read."""

    def __init__(self, url: str, environ: Mapping[str, str], say: Say) -> None:
        self._url = url.rstrip("/")
        self._environ = environ
        self._say = say

    def read(self, path: str) -> bytes | None:
        """Return the content at a path; None if there is none."""
        try:
            content = ask(
                self._url_of(path), self._environ, lambda answer: answer.read(_LARGEST_RECORD), patience=PATIENCE
            )
        except NotFound:
            return None
        return content

    def fetch(self, path: str, size: int, to: Path) -> None:  # noqa: ARG002 - the server says how much it sends
        """Download a file, and report the progress."""
        try:
            download(self._url_of(path), to, self._environ, self._say)
        except OSError as error:
            raise NoAnswer(f"{to} cannot be written: {reason(error, to)}") from None

    def _url_of(self, path: str) -> str:
        return f"{self._url}/{quote(path)}"  # some servers read a plus sign as a blank

    def write(self, path: str, source: Path | bytes) -> None:
        """Refuse."""
        del path, source
        raise NoAnswer("a store on a web server is only read")
