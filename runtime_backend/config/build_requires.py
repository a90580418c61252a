"""Reading ``build-requires``, ``build-lock`` and ``build-constraints``: the build requirements besides the runtime."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..formats.parsing import marker_holds, parse_requirement, requirement_name
from ..formats.tables import Table
from .settings import BuildConstraint, BuildSettings, Chosen

SHIM = "runtime-backend"
SHIM_REQUIRES = {
    "packaging": "packaging>=26.1",
    "pyproject-hooks": "pyproject-hooks>=1.1",
    "tomli": "tomli>=2; python_version < '3.11'",
}
"""What the shim requires, so that the frontend installs it first; next to a vendored shim, the package names it."""

_LOCK_NAME = r"pylock\.[^.]+\.toml"


class BuildSystem(NamedTuple):
    """``[build-system]`` as written; the frontend has checked it."""

    table: Table
    requires: tuple[str, ...]

    @classmethod
    def read(cls, document: Table) -> BuildSystem:
        """Return the table of a pyproject.toml; an empty one if there is none."""
        table = document.table("build-system") or Table({}, file=document.file, key="build-system")
        return cls(table, tuple(table.strings("requires") or ()))

    def refuse(self, names: Collection[str], expected: str) -> None:
        """Report each requirement with one of these names."""
        for index, text in enumerate(self.requires):
            if requirement_name(text) in names:
                self.table.report(f"requires[{index}]", f"the string {text!r}", expected)


def read_build_settings(system: BuildSystem, table: Table, source: Path, runtimes: Sequence[str]) -> BuildSettings:
    """Return the producer's build requirements and its build lock.

    :param table: ``[tool.runtime-backend]``.
    :param runtimes: the normalised names of the runtimes, which are no build requirements.
    """
    left_out = {SHIM, *SHIM_REQUIRES, *runtimes, ""}  # the frontend refuses what is no requirement
    declared = tuple(text for text in system.requires if requirement_name(text) not in left_out)
    requires, lock = _read_requires(table, runtimes), read_build_lock(table, source)
    if requires is not None:
        names = {requirement_name(text) for text in declared}
        system.refuse(names, "it in tool.runtime-backend.build-requires: what stands here is installed unlocked")
    if lock is not None and not lock.value.is_relative_to(source):
        table.report("build-lock", f"the string {table.value('build-lock')!r}", "a file inside the source tree")
    if lock is not None and requires is None:
        table.report("build-lock", "no build-requires next to it", "what is locked in build-requires")
    return BuildSettings(declared=declared, requires=requires, lock=lock)


def read_build_lock(table: Table, folder: Path) -> Chosen[Path] | None:
    """Return the path of a build lock, a lock of PEP 751 with a name of its own.

    :param folder: what a relative path starts at.
    """
    text = table.string("build-lock")
    if text is None:
        return None
    path = Path(os.path.normpath(folder / text))
    if not re.fullmatch(_LOCK_NAME, path.name):
        table.report("build-lock", f"the string {text!r}", "a file with a name like pylock.build.toml (PEP 751)")
    return Chosen(value=path, origin=f"{table.file}: {table.dotted('build-lock')}")


def read_constraints(table: Table) -> tuple[BuildConstraint, ...]:
    """Return ``build-constraints``, without entries whose marker is false here."""
    key = "build-constraints"
    found = []
    for index, text in enumerate(table.strings(key) or ()):
        requirement = parse_requirement(text)
        if requirement is None or requirement.url is not None:
            table.report(f"{key}[{index}]", f"the string {text!r}", "a name with versions, such as 'cython<3.2'")
        elif holds(requirement):
            name = canonicalize_name(requirement.name)
            origin = f"{table.file}: {table.dotted(key)}"
            found.append(BuildConstraint(name=name, requirement=requirement, origin=origin))
    return tuple(found)


def holds(requirement: Requirement) -> bool:
    """Return whether a requirement's marker is true here; one that cannot be evaluated counts as true."""
    return marker_holds(requirement) is not False


def _read_requires(table: Table, runtimes: Sequence[str]) -> Chosen[tuple[str, ...]] | None:
    key = "build-requires"
    texts = table.strings(key)
    for index, text in enumerate(texts or ()):
        name = requirement_name(text)
        if not name:
            table.report(f"{key}[{index}]", f"the string {text!r}", "a requirement, such as 'setuptools>=77'")
        elif name in runtimes:
            expected = "it in match-runtime alone: a runtime is no build requirement"
            table.report(f"{key}[{index}]", f"the string {text!r}", expected)
        elif name == SHIM:
            table.report(f"{key}[{index}]", f"the string {text!r}", "the shim in build-system.requires alone")
    return None if texts is None else Chosen(value=tuple(texts), origin=f"{table.file}: {table.dotted(key)}")
