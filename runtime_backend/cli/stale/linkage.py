"""Finding compiled files that link against torch and need symbols that the installed torch does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...archives.linkage import Library, Unread, find_missing, is_shared_object, list_libraries, read_library, shown
from ...errors import NoAnswer
from ...frontend.environments import Environment
from ...installed.distributions import Distribution, locate_imports


class Unfit(NamedTuple):
    """A compiled file that the installed torch cannot load."""

    distribution: Distribution
    file: str
    missing: tuple[str, ...]
    torch: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return (
            f"{self.distribution.name} {self.distribution.version} has no stamp, and {self.file} needs what torch"
            f" {self.torch} does not have: {shown(self.missing)}"
        )

    def describe(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            "file": self.file,
            "missing": list(self.missing),
        }


def find_unfit(distributions: Sequence[Distribution], environment: Environment) -> tuple[list[Unfit], list[Unread]]:
    """Return the files that need a symbol which neither torch nor any of the distributions has, and the unreadable
    files.
    """
    torch, unread = environment.distributions.find("torch"), list[Unread]()
    if torch is None:
        return [], unread
    linked = [pair for found in distributions if found != torch for pair in _linked(found, unread)]
    found = find_missing([library for _, library in linked], _torchs_libraries(torch, environment), unread)
    unfit = [
        Unfit(distribution=distribution, file=library.name, missing=missing, torch=torch.version)
        for (distribution, library), missing in zip(linked, found, strict=True)
        if missing
    ]
    return unfit, unread


def _linked(distribution: Distribution, unread: list[Unread]) -> Iterator[tuple[Distribution, Library]]:
    for name in distribution.files:
        if is_shared_object(name):
            try:
                library = read_library(distribution.site / name, name)
            except NoAnswer as failure:
                unread.append(Unread(file=str(distribution.site / name), why=str(failure)))
                continue
            if library is not None and library.is_torchs_user:
                yield distribution, library


def _torchs_libraries(torch: Distribution, environment: Environment) -> list[Path]:
    root = locate_imports(torch, environment.distributions.search_path).get("torch")
    return [] if root is None else list_libraries(root)
