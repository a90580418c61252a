"""Downloading a file, with a report of the progress at intervals."""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import FULL, NoAnswer, SystemRefusalError
from ..system.files import is_file
from .http import ask

LARGEST = 8 << 30
"""The most bytes of a file; the largest wheels of torch have some GiB."""
_PATIENCE = 5
"""Seconds between two reports of a download's progress."""


def download(url: str, path: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Download a URL into a file.

    :param url: ``http:``, ``https:`` or ``file:``.
    :raises NoAnswer: if it cannot be downloaded.
    :raises OSError: if the file cannot be written.
    """
    say(f"fetching {url}")
    try:
        if url.startswith("file:"):
            _copy(Path(url2pathname(urlsplit(url).path)), path)
        else:
            ask(url, environ, lambda answer: _write(answer, path, say), is_large=True)
    except _CannotWrite as failure:
        raise failure.error from None
    except OSError as error:
        if error.errno in FULL:
            raise
        raise NoAnswer(str(SystemRefusalError(error).message)) from None
    except ValueError:
        raise NoAnswer("the URL is not valid") from None


def _copy(source: Path, path: Path) -> None:
    if not is_file(source):  # a device may be endless, a pipe would block
        raise NoAnswer(f"{source}: found no file")
    shutil.copyfile(source, path)


def file_digest(path: Path) -> str:
    """Return a file's SHA-256, in hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


class _CannotWrite(Exception):  # noqa: N818 - it never leaves this module
    """Writing to the disk failed, so asking the server again would not help."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _CannotWrite(error) from None


def _write(answer: HTTPResponse, path: Path, say: Callable[[str], None]) -> None:
    with _writing():
        opened = path.open("wb", buffering=0)  # a buffer would fail on a full disk only when it is closed
    with opened as file:
        for _ in _copied(answer, file, _announced_size(answer), say):
            if file.tell() > LARGEST:
                raise NoAnswer(f"found more than {LARGEST} bytes")


def _announced_size(answer: HTTPResponse) -> int:
    """Return the size that a server announces; 0 if it announces none, or not a number."""
    text = answer.headers.get("Content-Length") or ""
    return int(text) if text.isdecimal() and len(text) < len(str(LARGEST)) + 3 else 0


def _copied(answer: HTTPResponse, file: IO[bytes], total: int, say: Callable[[str], None]) -> Iterator[None]:
    """Copy block by block, and report the progress at intervals."""
    reported = time.monotonic()
    while block := answer.read(1 << 18):
        rest = memoryview(block)
        with _writing():
            while rest:
                rest = rest[file.write(rest) :]
        yield
        if time.monotonic() - reported >= _PATIENCE:
            reported = time.monotonic()
            say(f"fetching: {file.tell() >> 20} MiB{f' of {total >> 20}' if total else ''}")
    if file.tell() < total:
        raise OSError(errno.EPIPE, f"the answer ended after {file.tell()} of {total} bytes")
