"""Finding compiled files that link against torch and need symbols that the installed torch does not have."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import NoAnswer
from ...errors.reasons import reason
from ...frontend.environments import Environment
from ...installed.distributions import Distribution, locate_imports
from ...system.files import is_file, list_names

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


class Unfit(NamedTuple):
    """A compiled file that the installed torch cannot load."""

    distribution: Distribution
    file: str
    missing: tuple[str, ...]
    torch: str

    def __str__(self) -> str:
        """Return one line for a person."""
        shown = ", ".join(self.missing[:_SHOWN]) + (" ..." if self.missing[_SHOWN:] else "")
        return (
            f"{self.distribution.name} {self.distribution.version} has no stamp, and {self.file} needs what torch"
            f" {self.torch} does not have: {shown}"
        )

    def describe(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            "file": self.file,
            "missing": list(self.missing),
        }


class _Library(NamedTuple):
    """One ELF file."""

    name: str
    """Its path in RECORD."""
    needed: tuple[str, ...]
    """The libraries that it links against (``DT_NEEDED``)."""
    wanted: tuple[str, ...]
    """The undefined symbols of torch's namespaces."""
    defined: frozenset[str]
    """The defined symbols of torch's namespaces."""


class Unread(NamedTuple):
    """A compiled file that could not be checked."""

    file: str
    why: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.file} was not checked: {self.why}"


def find_unfit(distributions: Sequence[Distribution], environment: Environment) -> tuple[list[Unfit], list[Unread]]:
    """Return the files that need a symbol which neither torch nor any of the distributions has, and the unreadable
    files.
    """
    torch, unread = environment.distributions.find("torch"), list[Unread]()
    if torch is None:
        return [], unread
    linked = [pair for found in distributions if found != torch for pair in _linked(found, unread)]
    own = frozenset().union(*(library.defined for _, library in linked))
    candidates = sorted({name for _, library in linked for name in library.wanted} - own)
    lacking = set(_lacking(candidates, _torchs_libraries(torch, environment), unread))
    unfit = []
    for distribution, library in linked:
        missing = tuple(name for name in library.wanted if name in lacking)
        if missing:
            unfit.append(Unfit(distribution=distribution, file=library.name, missing=missing, torch=torch.version))
    return unfit, unread


def _linked(distribution: Distribution, unread: list[Unread]) -> Iterator[tuple[Distribution, _Library]]:
    for name in distribution.files:
        if name.endswith(".so") or ".so." in name:
            try:
                library = _read(distribution.site / name, name)
            except NoAnswer as failure:
                unread.append(Unread(file=str(distribution.site / name), why=str(failure)))
                continue
            if library is not None and any(map(_TORCHS.match, library.needed)):
                yield distribution, library


def _torchs_libraries(torch: Distribution, environment: Environment) -> list[Path]:
    root = locate_imports(torch, environment.distributions.search_path).get("torch")
    folder = torch.site if root is None else root / "lib"
    return [folder / name for name in list_names(folder) if ".so" in name]


@contextmanager
def _opened(path: Path) -> Iterator[ELFFile | None]:
    """Open an ELF file; yield None for a file of another format.

    :raises NoAnswer: if it is damaged or unreadable; also while it is in use, since pyelftools reads on demand.
    """
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - the command line's extra
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - the command line's extra

    try:
        with path.open("rb") as file:
            is_elf = file.read(4) == b"\x7fELF"
            yield ELFFile(file) if is_elf else None
    except PermissionError as error:
        raise NoAnswer(f"cannot be read: {reason(error, path)}") from None
    except (ELFError, *_DAMAGE):
        raise NoAnswer("the file is damaged") from None


def _read(path: Path, name: str) -> _Library | None:
    """Read the libraries and symbols of an ELF file; None for a file of another format.

    :raises NoAnswer: when it is damaged, or cannot be read.
    """
    from elftools.elf.dynamic import DynamicSection  # noqa: PLC0415 - the command line's extra
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415 - the command line's extra

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
            return _Library(name=name, needed=needed, wanted=(), defined=frozenset())
        named = [symbol for symbol in symbols.iter_symbols() if _NAMESPACES.match(symbol.name)]
        wanted = (s.name for s in named if s["st_shndx"] == "SHN_UNDEF" and s["st_info"]["bind"] == "STB_GLOBAL")
        defined = (s.name for s in named if s["st_shndx"] != "SHN_UNDEF")
        return _Library(name=name, needed=needed, wanted=tuple(wanted), defined=frozenset(defined))


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
    from elftools.elf.hash import GNUHashSection  # noqa: PLC0415 - the command line's extra

    with _opened(path) as elf:
        table = None if elf is None else elf.get_section_by_name(".gnu.hash")
        if not isinstance(table, GNUHashSection):
            return names
        return [name for name in names if table.get_symbol(name) is None]
