"""The list of trusted wheels: ``store.lock``, in the consumer's repository, with the hash of each key.

With such a list, a wheel of a remote store is used only if it is in there. The file is TOML::

    [wheels]
    5f1c2a90… = "9f86d081…"  # grouped_gemm-1.1.4-cp311-cp311-linux_x86_64.whl, torch 2.13.0+cu130
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import FileError, NoAnswer
from ..formats.tables import Table, describe
from ..formats.toml import read_document
from ..store.names import SHA256
from ..system.files import is_file
from ..system.printable import printable
from .records import Record

_HEADING = """\
# The wheels of the remote store that builds of this project may use: key = SHA-256.
# By `runtime-backend store lock`.

[wheels]
"""


def read_trusted(path: Path) -> dict[str, str]:
    """Return the trusted wheels: key -> SHA-256.

    :raises NoAnswer: if there is no such file, or it is not a list of wheels; nothing is trusted then.
    """
    if not is_file(path):
        raise NoAnswer(f"there is no {path}: to write it, run `runtime-backend store lock`")
    try:
        table = Table(read_document(path), file=str(path)).table("wheels")
    except FileError as error:
        raise NoAnswer(str(error.message)) from None
    if table is None:
        raise NoAnswer(f"{path}: found no table [wheels]")
    found = {key: table.value(key) for key in table.names()}
    for key, sha256 in found.items():
        if not re.fullmatch(SHA256, key) or not (isinstance(sha256, str) and re.fullmatch(SHA256, sha256)):
            raise NoAnswer(f"{path}: wheels.{key}: found {describe(sha256)}, expected a key and a SHA-256 in hex")
    return {key: str(sha256) for key, sha256 in found.items()}


def check_trusted(record: Record, trusted: Mapping[str, str], path: Path) -> None:
    """Refuse a wheel that is not in the list.

    :raises NoAnswer: says what was found.
    """
    expected = trusted.get(record.key)
    if expected is None:
        raise NoAnswer(f"{record.wheel} with the key {record.key[:16]} is not in {path}")
    if expected != record.sha256:
        raise NoAnswer(f"{record.wheel}: found sha256 {record.sha256}, expected {expected} from {path}")


def add_trusted(text: str, records: Iterable[Record]) -> str:
    """Return the text of a list with more wheels.

    :param text: the list before, whose other wheels stay; empty if there is none.
    """
    found = ((line.partition("=")[0].strip(" \t\"'"), line) for line in text.splitlines())
    before = {key: line for key, line in found if re.fullmatch(SHA256, key)}
    for record in records:
        # The names of runtimes are from the record, whose line ends would begin another entry.
        about = printable(" ".join(f"{record.wheel}, {record.runtimes or 'no runtime'}".split()))
        before[record.key] = f'{record.key} = "{record.sha256}"  # {about}'
    return _HEADING + "".join(f"{line}\n" for _, line in sorted(before.items()))
