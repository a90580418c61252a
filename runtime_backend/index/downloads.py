"""Downloading a file, with a report of the progress at intervals."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import FULL, NoAnswer, SystemRefusalError
from ..system.files import LARGEST_FILE, is_file
from .http import ask

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
    except CannotWrite as failure:
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


class CannotWrite(Exception):  # noqa: N818 - not a refusal: the caller makes one of it
    """Writing to the disk failed, so asking the server again would not help."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(error) from None


def _write(answer: HTTPResponse, path: Path, say: Callable[[str], None]) -> None:
    total = _announced_size(answer)
    size = save(iter(lambda: answer.read(1 << 18), b""), path, total, say)
    if size < total:
        raise OSError(errno.EPIPE, f"the answer ended after {size} of {total} bytes")


def _announced_size(answer: HTTPResponse) -> int:
    """Return the size that a server announces; 0 if it announces none, or not a number."""
    text = answer.headers.get("Content-Length") or ""
    return int(text) if text.isdecimal() and len(text) < len(str(LARGEST_FILE)) + 3 else 0


def save(blocks: Iterable[bytes], path: Path, total: int, say: Callable[[str], None]) -> int:
    """Write blocks into a file, and report the progress at intervals; return the number of bytes.

    :param total: the bytes to come; 0 if that is not known.
    :raises CannotWrite: if the file cannot be written.
    :raises NoAnswer: if there are more than :data:`LARGEST_FILE` bytes.
    """
    with _writing():
        opened = path.open("wb", buffering=0)  # a buffer would fail on a full disk only when it is closed
    reported = time.monotonic()
    with opened as file:
        for block in blocks:
            rest = memoryview(block)
            with _writing():
                while rest:  # a write may end early
                    rest = rest[file.write(rest) :]
            if file.tell() > LARGEST_FILE:
                raise NoAnswer(f"found more than {LARGEST_FILE} bytes")
            if time.monotonic() - reported >= _PATIENCE:
                reported = time.monotonic()
                say(f"fetching: {file.tell() >> 20} MiB{f' of {total >> 20}' if total else ''}")
        return file.tell()
