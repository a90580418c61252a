"""Reading from the disk, with empty results for paths that do not exist or may not be read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 64 << 20
"""The most bytes of a file that is read into memory; the largest locks, and torch's RECORD, have a few MiB."""
LARGEST_FILE = 8 << 30
"""The most bytes of a file that is downloaded or stored; the largest wheels of torch have some GiB."""


def is_file(path: Path) -> bool:
    """Return whether a path is a file; False if it may not be accessed or is too long."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for both before Python 3.14


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False if it may not be accessed or is too long."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for both before Python 3.14


def is_there(path: Path) -> bool:
    """Return whether a path exists; False if it may not be accessed or is too long."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for both before Python 3.14


def is_closed(folder: Path) -> bool:
    """Return whether a path is a folder that this process may not list, so that it would seem empty."""
    return is_folder(folder) and not os.access(folder, os.R_OK | os.X_OK)


def real_path(path: Path) -> Path:
    """Return the absolute path without links; unchanged if links form a loop, or the path is too long."""
    try:
        return Path(os.path.realpath(path))  # Path.resolve raises a RuntimeError for a loop before Python 3.13
    except (OSError, ValueError):
        return path


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    :raises OSError: if it cannot be read, has more than :data:`LARGEST` bytes, or is not a regular file: a pipe would
        block, and a device may be endless.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", str(path))
            if status.st_size > LARGEST:
                raise OSError(errno.EFBIG, f"it has more than {LARGEST} bytes", str(path))
            return file.read()
    except ValueError:  # a path with a NUL
        raise OSError(errno.EINVAL, "no file can have that name", str(path)) from None


def file_digest(path: Path) -> str:
    """Return a file's SHA-256, in hex."""
    import hashlib  # noqa: PLC0415 - most hooks need no digest

    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_text(path: Path) -> str:
    r"""Return a file's text with ``\n`` as line ends; empty if it cannot be read."""
    try:
        return decode(read_bytes(path))
    except OSError:
        return ""


def decode(data: bytes) -> str:
    r"""Decode UTF-8, replacing invalid bytes, with ``\n`` as line ends."""
    text = data.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_text(text: str) -> bool:
    """Return whether a text can be encoded as UTF-8: surrogates cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def list_names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted, so that every hook gets the same order."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []
