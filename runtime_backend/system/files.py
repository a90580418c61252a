"""Asking the disk: what is not there, or may not be looked at, is answered with nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 64 << 20
"""Bytes of a file that is read as a whole; the largest locks, and torch's RECORD, have a few MiB."""


def is_file(path: Path) -> bool:
    """Return whether a file is there; a path that may not be looked at, or is too long for one, is none."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for both before Python 3.14


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, likewise."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_there(path: Path) -> bool:
    """Return whether a path leads somewhere, likewise."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def is_closed(folder: Path) -> bool:
    """Return whether a folder is there that this process may not look into: it would seem to be empty."""
    return is_folder(folder) and not os.access(folder, os.R_OK | os.X_OK)


def real_path(path: Path) -> Path:
    """Return the absolute path without links; a loop of links, or a path that is too long, stays as it is."""
    try:
        return Path(os.path.realpath(path))  # Path.resolve raises a RuntimeError for a loop before Python 3.13
    except (OSError, ValueError):
        return path


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    :raises OSError: when it cannot be read, has more than :data:`LARGEST` bytes, or is no regular file: a pipe would be
        waited for, and a device may have no end.
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


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_text(path: Path) -> str:
    """Return a file's text, its line ends as Python's own; nothing where it cannot be read."""
    try:
        return decode(read_bytes(path))
    except OSError:
        return ""


def decode(data: bytes) -> str:
    """Return the text of bytes that should be UTF-8; what is not is replaced."""
    text = data.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: halves of characters (surrogates) cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def list_names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted, so that every hook finds the same first one."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []
