"""The consumer's tables: ``[tool.runtime-backend.target]`` and ``[tool.runtime-backend.packages.<name>]``.

They are in the pyproject.toml of the project that needs the wheel, and configure its environment and the packages that
are built for it. They must not set the real backend and the source, which belong to the producer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ..formats.tables import Table
from ..formats.toml import read_document
from ..system.files import is_file, read_text
from ..system.trust import Trust, trusting
from .build_requires import read_build_lock, read_constraints
from .cuda import CudaSettings, read_cuda
from .misplaced import find_ignored
from .producer import optional_choice, read_variables, refuse_look_alikes
from .selection import normalise_names
from .settings import (
    EDITABLE_ENVS,
    MATCHES,
    PROVISIONS,
    UNRESOLVED,
    BuildConstraint,
    Chosen,
    EditableChoice,
    Match,
    ProvisionChoice,
    StatedTarget,
    Switch,
    UnresolvedChoice,
    Variable,
)
from .store import Prebuilt, StoreSettings, is_consumers, read_consumers_store, read_prebuilt, read_switch

CONSUMER_KEYS = ("target", "packages", "build-constraints", "store")
PRODUCER_KEYS = frozenset(
    (
        *("build-backend", "backend-path", "match-runtime", "provision", "unresolved", "metadata", "env", "cuda"),
        *("source", "build-requires", "build-lock", "editable-env", "store", "prebuilt"),
    )
)

_MENTIONED = r"""(?i)tool\s*\.\s*["']?runtime[-_. ]?back[-_. ]?end"""
_PRODUCERS_OWN = ("build-backend", "backend-path", "match-runtime", "source", "build-requires")


class PackageSettings(NamedTuple):
    """A consumer's settings for one package."""

    variables: tuple[Variable, ...] = ()
    provision: Chosen[ProvisionChoice] | None = None
    match: Chosen[Match] | None = None
    unresolved: Chosen[UnresolvedChoice] | None = None
    editable_env: Chosen[EditableChoice] | None = None
    cuda: CudaSettings | None = None
    build_lock: Chosen[Path] | None = None
    build_constraints: tuple[BuildConstraint, ...] = ()
    store: Chosen[Switch] | None = None
    prebuilt: Chosen[Prebuilt | None] | None = None


class ConsumerSearch:
    """The search for the consumer's pyproject.toml. ``notes`` are lines about files that are not read.

    :param source: the source tree, whose own pyproject.toml may be the consumer's, too; None if nothing is built.
    :param trust: the users whose files are read.
    :param problems: the list to which mistakes are added.
    """

    def __init__(self, *, source: Path | None, trust: Trust, problems: list[str]) -> None:
        self._source = source
        self._trust = trust
        self._problems = problems
        self.notes: list[str] = []

    def upward(self, start: Path | None) -> Consumer | None:
        """Return the consumer: the nearest pyproject.toml with a table of ours that has other keys than a producer's.

        :param start: the folder of the project that is installed, or the frontend's working directory.
        :raises FileError: if a pyproject.toml mentions our table, and cannot be read.
        """
        for folder in () if start is None else (start, *start.parents):
            path = folder / "pyproject.toml"
            objection = self._trust.objection(folder) or self._trust.objection(path)
            if objection is not None:
                self._refuse(path, objection)
                return None
            found = self._read(folder, path)
            if found is not None:
                return found
        return None

    def _read(self, folder: Path, path: Path) -> Consumer | None:
        document = _document_of(path)
        tool = document.get("tool")
        tool = tool if isinstance(tool, dict) else {}
        if folder != self._source:  # those of the producer are reported with its other mistakes
            refuse_look_alikes(Table(tool, file=str(path), key="tool", problems=self._problems))
        ours = tool.get("runtime-backend")
        ours = ours if isinstance(ours, dict) else {}
        if folder != self._source:
            self.notes += find_ignored(path, ours, document)
        is_switch = [*ours] == ["store"] and folder != self._source
        if PRODUCER_KEYS.issuperset(ours) and not is_consumers(ours.get("store")) and not is_switch:
            return None
        table = Table(ours, file=str(path), key="tool.runtime-backend", problems=self._problems)
        return Consumer(folder, table, is_producer=folder == self._source)

    def _refuse(self, path: Path, objection: str) -> None:
        """Add a note if an untrusted file mentions our table. The file is searched, but not parsed."""
        if is_file(path) and re.search(_MENTIONED, read_text(path)):
            self.notes.append(
                f"{path} is not read: another user may have written it ({objection}); if you trust it, set"
                f" {trusting(path.parent)}"
            )


def _document_of(path: Path) -> Mapping[str, Any]:
    """Return a pyproject.toml; empty, without parsing, if it does not mention our table."""
    return read_document(path) if re.search(_MENTIONED, read_text(path)) else {}


class Consumer:
    """The tables of one consumer.

    :param folder: the folder of its pyproject.toml.
    :param is_producer: whether it is the package that is built, whose other keys are read elsewhere.
    """

    def __init__(self, folder: Path, table: Table, *, is_producer: bool) -> None:
        self._folder = folder
        self._table = table
        if not is_producer:
            for name in (*CONSUMER_KEYS, *PRODUCER_KEYS):
                table.value(name)
            table.close()

    @property
    def file(self) -> str:
        """The path of its pyproject.toml."""
        return self._table.file

    def __str__(self) -> str:
        """Return ``/home/jo/app/pyproject.toml: tool.runtime-backend.packages``."""
        return f"{self._table.file}: {self._table.dotted('packages')}"

    @property
    def has_packages(self) -> bool:
        """Whether there are settings by package name."""
        return "packages" in self._table

    @property
    def packages(self) -> list[str]:
        """The names with settings, as written."""
        table = self._table.table("packages")
        return [] if table is None else list(table.names())

    def target(self) -> StatedTarget | None:
        """Return the environment and the lock of the ``target`` table; None if there is no such table."""
        table = self._table.table("target")
        if table is None:
            return None
        stated = StatedTarget(
            environment=self._path(table, "environment"),
            lock=self._path(table, "lock"),
            extras=self._names(table, "extras"),
            groups=self._names(table, "groups"),
            origin=f"{table.file}: {table.key}",
        )
        table.close()
        return stated

    def constraints(self) -> tuple[BuildConstraint, ...]:
        """Return the restrictions of build requirements for all packages."""
        return read_constraints(self._table)

    def store(self) -> StoreSettings:
        """Return where finished wheels are kept."""
        return read_consumers_store(self._table, self._folder)

    def package(self, wanted: str | None, runtimes: Sequence[str]) -> PackageSettings:
        """Return the settings for one package; the tables of all packages are checked.

        :param wanted: its normalised name; None if the name is known only after building.
        :param runtimes: its runtimes, whose fields may be placeholders in its variables.
        """
        packages = self._table.table("packages")
        found: dict[str, PackageSettings] = {}
        if packages is None:
            return PackageSettings()
        for written in packages.names():
            name, table = canonicalize_name(written), packages.table(written)
            if table is None:
                continue
            if name in found:
                packages.report(written, f"a second table for {name}", "one table per package")
            found[name] = _read_package(table, self._folder, runtimes if name == wanted else None)
        return found.get(wanted or "", PackageSettings())

    def _path(self, table: Table, name: str) -> Chosen[Path] | None:
        """Return a path; a relative one starts at the consumer's folder."""
        text = table.string(name)
        if text is None:
            return None
        path = self._folder / os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises for ~nobody
        return Chosen(value=path, origin=f"{table.file}: {table.dotted(name)}")

    def _names(self, table: Table, name: str) -> frozenset[str]:
        return normalise_names(table.strings(name) or ())


def _read_package(table: Table, folder: Path, runtimes: Sequence[str] | None) -> PackageSettings:
    for name in _PRODUCERS_OWN:
        table.refuse(name, "no such key: only the package itself can set it")
    settings = PackageSettings(
        variables=tuple(read_variables(table, runtimes)),
        provision=optional_choice(table, "provision", PROVISIONS),
        match=optional_choice(table, "match", MATCHES),
        unresolved=optional_choice(table, "unresolved", UNRESOLVED),
        editable_env=optional_choice(table, "editable-env", EDITABLE_ENVS),
        cuda=read_cuda(table),
        build_lock=read_build_lock(table, folder),
        build_constraints=read_constraints(table),
        store=read_switch(table),
        prebuilt=read_prebuilt(table, runtimes),
    )
    table.close()
    return settings
