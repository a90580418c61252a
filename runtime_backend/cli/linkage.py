"""Compiled files that link against torch's libraries, and whether the installed ones have what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..distributions import Distribution, locate_imports
from ..files import is_file, list_names
from ..frontend import Environment

_TORCHS = re.compile(r"lib(torch|c10|caffe2)\w*\.so")
_NAMESPACES = re.compile(r"^_Z.*(?:3c10|2at|5torch|6caffe2)")
"""Mangled names with something of torch's own in them (Itanium C++ ABI)."""
_SHOWN = 3


class Unfit(NamedTuple):
    """A compiled file that the installed torch cannot load."""

    distribution: Distribution
    file: str
    missing: tuple[str, ...]
    torch: str

    def __str__(self) -> str:
        """Return one line about it."""
        shown = ", ".join(self.missing[:_SHOWN]) + (" …" if self.missing[_SHOWN:] else "")
        return (
            f"{self.distribution.name} {self.distribution.version} has no stamp, and {self.file} needs what torch"
            f" {self.torch} does not have: {shown}"
        )

    def describe(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            "file": self.file,
            "missing": list(self.missing),
        }


class _Library(NamedTuple):
    """One ELF file."""

    path: Path
    needed: tuple[str, ...]
    """The libraries that it names (``DT_NEEDED``)."""
    wanted: tuple[str, ...]
    """The symbols of torch's namespaces that it leaves to them."""
    defined: frozenset[str]
    """Likewise, those that it has itself."""


def find_unfit(distributions: Sequence[Distribution], environment: Environment) -> list[Unfit]:
    """Return the files of distributions that need a symbol which neither torch nor one of themselves has."""
    torch = environment.distributions.find("torch")
    if torch is None:
        return []
    linked = [(found, library) for found in distributions if found != torch for library in _linked(found)]
    own = frozenset().union(*(library.defined for _, library in linked))
    candidates = sorted({name for _, library in linked for name in library.wanted} - own)
    lacking = set(_lacking(candidates, _torchs_libraries(torch, environment)))
    unfit = []
    for distribution, library in linked:
        missing = tuple(name for name in library.wanted if name in lacking)
        if missing:
            file = library.path.relative_to(distribution.site).as_posix()
            unfit.append(Unfit(distribution=distribution, file=file, missing=missing, torch=torch.version))
    return unfit


def _linked(distribution: Distribution) -> Iterator[_Library]:
    for name in distribution.files:
        if name.endswith(".so") or ".so." in name:
            library = _read(distribution.site / name)
            if library is not None and any(map(_TORCHS.match, library.needed)):
                yield library


def _torchs_libraries(torch: Distribution, environment: Environment) -> list[Path]:
    root = locate_imports(torch, environment.distributions.search_path).get("torch")
    folder = torch.site if root is None else root / "lib"
    return [folder / name for name in list_names(folder) if ".so" in name]


def _read(path: Path) -> _Library | None:
    """Return what an ELF file says of itself; None for another kind of file."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - the command line's extra
    from elftools.elf.dynamic import DynamicSection  # noqa: PLC0415 - as above
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - as above
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415 - as above

    if not is_file(path):
        return None
    with path.open("rb") as file:
        try:
            elf = ELFFile(file)
            dynamic, symbols = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynsym")
            if not isinstance(dynamic, DynamicSection) or not isinstance(symbols, SymbolTableSection):
                return None
            needed = tuple(str(tag.needed) for tag in dynamic.iter_tags("DT_NEEDED"))  # type: ignore[attr-defined]
            if not any(map(_TORCHS.match, needed)):
                return _Library(path=path, needed=needed, wanted=(), defined=frozenset())
            named = [symbol for symbol in symbols.iter_symbols() if _NAMESPACES.match(symbol.name)]
        except ELFError:
            return None
        wanted = (s.name for s in named if s["st_shndx"] == "SHN_UNDEF" and s["st_info"]["bind"] == "STB_GLOBAL")
        defined = (s.name for s in named if s["st_shndx"] != "SHN_UNDEF")
        return _Library(path=path, needed=needed, wanted=tuple(wanted), defined=frozenset(defined))


def _lacking(names: Sequence[str], libraries: Sequence[Path]) -> list[str]:
    """Return the symbols that no library has."""
    left = list(names)
    for path in libraries:
        if left:
            left = _not_in(path, left)
    return left


def _not_in(path: Path, names: list[str]) -> list[str]:
    """Return the symbols that a library lacks; asked of its hash table, since libtorch has 100,000 symbols."""
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - the command line's extra
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - as above
    from elftools.elf.hash import GNUHashSection  # noqa: PLC0415 - as above

    with path.open("rb") as file:
        try:
            table = ELFFile(file).get_section_by_name(".gnu.hash")
        except ELFError:
            return names
        if not isinstance(table, GNUHashSection):
            return names
        return [name for name in names if table.get_symbol(name) is None]
