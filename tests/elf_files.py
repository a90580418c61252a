"""Making ELF files with symbols of any name, with those parts of a library that readers look at."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_STRTAB, _HASH, _DYNAMIC, _DYNSYM, _GNU_HASH = 3, 5, 6, 11, 0x6FFFFFF6
_NEEDED, _END = 1, 0
_GLOBAL_FUNCTION = 1 << 4 | 2
_HEADER, _SECTION, _SYMBOL = 64, 64, 24


class _Section(NamedTuple):
    name: str
    kind: int
    content: bytes
    link: int = 0
    """The number of the section that it refers to."""
    size: int = 0
    """Of each of its entries."""


class _Texts:
    """Texts one after the other, each told by where it begins."""

    def __init__(self) -> None:
        self.content = b"\0"

    def add(self, text: str) -> int:
        place = len(self.content)
        self.content += text.encode() + b"\0"
        return place


def make_library(
    path: Path,
    *,
    defines: Sequence[str] = (),
    wants: Sequence[str] = (),
    needs: Sequence[str] = (),
    hashes: str = "gnu",
) -> Path:
    """Write a shared library; return its path.

    :param wants: the symbols that it leaves to others.
    :param needs: the libraries that it names.
    :param hashes: the kind of its hash table: ``gnu`` or ``sysv``.
    """
    texts = _Texts()
    # A hash table holds the defined ones, which stand last.
    symbols = b"\0" * _SYMBOL + b"".join(_symbol(texts, name, 0) for name in wants)
    symbols += b"".join(_symbol(texts, name, 1) for name in defines)
    entries = [(_NEEDED, texts.add(name)) for name in needs] + [(_END, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    table = _Section(".gnu.hash", _GNU_HASH, _gnu_hash(defines, 1 + len(wants)), 2)
    sections = [
        _Section("", 0, b""),
        _Section(".dynstr", _STRTAB, texts.content),
        _Section(".dynsym", _DYNSYM, symbols, 1, _SYMBOL),
        table if hashes == "gnu" else _Section(".hash", _HASH, b"", 2),
        _Section(".dynamic", _DYNAMIC, dynamic, 1, 16),
    ]
    return _write(path, 3, sections)


def make_object(path: Path) -> Path:
    """Write an object file, as a compiler makes it; return its path."""
    return _write(path, 1, [_Section("", 0, b"")])


def _symbol(texts: _Texts, name: str, section: int) -> bytes:
    return struct.pack("<IBBHQQ", texts.add(name), _GLOBAL_FUNCTION, 0, section, 0, 0)


def _gnu_hash(names: Sequence[str], first: int) -> bytes:
    """Return a table of one bucket, whose filter lets everything pass."""
    hashes = [_hash(name) & ~1 for name in names]
    chain = [*hashes[:-1], hashes[-1] | 1] if hashes else []
    head = struct.pack("<IIIIQI", 1, first, 1, 0, 2**64 - 1, first if names else 0)
    return head + b"".join(struct.pack("<I", entry) for entry in chain)


def _hash(name: str) -> int:
    found = 5381
    for byte in name.encode():
        found = (found * 33 + byte) & 0xFFFFFFFF
    return found


def _write(path: Path, kind: int, sections: Sequence[_Section]) -> Path:
    names, body, table = _Texts(), b"", b""
    places = [names.add(section.name) for section in sections] + [names.add(".shstrtab")]
    for section, place in zip([*sections, _Section(".shstrtab", _STRTAB, names.content)], places, strict=True):
        facts = (place, section.kind, 0, 0, _HEADER + len(body), len(section.content), section.link, 0, 1, section.size)
        table += struct.pack("<IIQQQQIIQQ", *facts)
        body += section.content
    identity = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    numbers = (kind, 62, 1, 0, 0, _HEADER + len(body), 0, _HEADER, 0, 0, _SECTION, len(places), len(sections))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(identity + struct.pack("<HHIQQQIHHHHHH", *numbers) + body + table)
    return path
