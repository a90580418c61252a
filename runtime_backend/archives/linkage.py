"""Compiled files of Linux (ELF) that link against torch: the symbols that they need, and those that libraries have.

It needs pyelftools, an extra: of the command line, and of builds that take prebuilt wheels.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..system.files import is_file, list_names

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_TORCHS = re.compile(r"lib(torch|c10|caffe2)\w*\.so")
_NAMESPACES = re.compile(r"^_Z.*(?:3c10|2at|5torch|6caffe2)")
"""Mangled names that contain a namespace of torch (Itanium C++ ABI)."""
_SHOWN = 3
_DAMAGE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, MemoryError),
    *(RecursionError, struct.error),
)
"""Exceptions that pyelftools raises for damaged files, besides its own."""


class Library(NamedTuple):
    """One ELF file."""

    name: str
    """Its path in RECORD."""
    needed: tuple[str, ...]
    """The libraries that it links against (``DT_NEEDED``)."""
    wanted: tuple[str, ...]
    """The undefined symbols of torch's namespaces."""
    defined: frozenset[str]
    """The defined symbols of torch's namespaces."""

    @property
    def is_torchs_user(self) -> bool:
        """Whether it links against torch."""
        return any(map(_TORCHS.match, self.needed))


class Unread(NamedTuple):
    """A compiled file that could not be checked."""

    file: str
    why: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.file} was not checked: {self.why}"


def is_shared_object(name: str) -> bool:
    """Return whether a file's name is that of a shared object."""
    return name.endswith(".so") or ".so." in name


def list_libraries(torch: Path) -> list[Path]:
    """Return the libraries of torch.

    :param torch: the folder of the package ``torch``.
    """
    return [torch / "lib" / name for name in list_names(torch / "lib") if ".so" in name]


def find_missing(users: Sequence[Library], libraries: Sequence[Path], unread: list[Unread]) -> list[tuple[str, ...]]:
    """Return for each file the symbols that it needs, and neither the files nor any of torch's libraries have.

    :param unread: the list to which unreadable libraries are added.
    """
    own = frozenset[str]().union(*(library.defined for library in users))
    lacking = set(_lacking(sorted({name for library in users for name in library.wanted} - own), libraries, unread))
    return [tuple(name for name in library.wanted if name in lacking) for library in users]


def shown(missing: Sequence[str]) -> str:
    """Return the first few symbols, for a message."""
    return ", ".join(missing[:_SHOWN]) + (" ..." if missing[_SHOWN:] else "")


@contextmanager
def _opened(path: Path) -> Iterator[ELFFile | None]:
    """Open an ELF file; yield None for a file of another format.

    :raises NoAnswer: if it is damaged or unreadable; also while it is in use, since pyelftools reads on demand.
    """
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - an extra
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - an extra

    try:
        with path.open("rb") as file:
            is_elf = file.read(4) == b"\x7fELF"
            yield ELFFile(file) if is_elf else None
    except PermissionError as error:
        raise NoAnswer(f"cannot be read: {reason(error, path)}") from None
    except (ELFError, *_DAMAGE):
        raise NoAnswer("the file is damaged") from None


def read_library(path: Path, name: str) -> Library | None:
    """Read the libraries and symbols of an ELF file; None for a file of another format.

    :param name: its path in RECORD.
    :raises NoAnswer: when it is damaged, or cannot be read.
    """
    from elftools.elf.dynamic import DynamicSection  # noqa: PLC0415 - an extra
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415 - an extra

    if not is_file(path):
        return None
    with _opened(path) as elf:
        if elf is None:
            return None
        dynamic, symbols = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynsym")
        if not isinstance(dynamic, DynamicSection) or not isinstance(symbols, SymbolTableSection):
            return None
        needed = tuple(str(tag.needed) for tag in dynamic.iter_tags("DT_NEEDED"))  # type: ignore[attr-defined]
        if not any(map(_TORCHS.match, needed)):
            return Library(name=name, needed=needed, wanted=(), defined=frozenset())
        named = [symbol for symbol in symbols.iter_symbols() if _NAMESPACES.match(symbol.name)]
        wanted = (s.name for s in named if s["st_shndx"] == "SHN_UNDEF" and s["st_info"]["bind"] == "STB_GLOBAL")
        defined = (s.name for s in named if s["st_shndx"] != "SHN_UNDEF")
        return Library(name=name, needed=needed, wanted=tuple(wanted), defined=frozenset(defined))


def _lacking(names: Sequence[str], libraries: Sequence[Path], unread: list[Unread]) -> list[str]:
    """Return the symbols that no library has; empty if a library is unreadable, since it may have them."""
    left = list(names)
    for path in libraries if left else ():
        try:
            left = _not_in(path, left)
        except NoAnswer as failure:  # noqa: PERF203 - only a few files
            unread.append(Unread(file=str(path), why=str(failure)))
            return []
    return left


def _not_in(path: Path, names: list[str]) -> list[str]:
    """Return the symbols that a library lacks. Uses its hash table, since libtorch has 100,000 symbols.

    :raises NoAnswer: when it is damaged, or cannot be read.
    """
    from elftools.elf.hash import GNUHashSection  # noqa: PLC0415 - an extra

    with _opened(path) as elf:
        table = None if elf is None else elf.get_section_by_name(".gnu.hash")
        if not isinstance(table, GNUHashSection):
            return names
        return [name for name in names if table.get_symbol(name) is None]
