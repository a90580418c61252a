"""The proof that a command moves no runtime: installed distributions satisfy all its requirements, closure included.

pip and uv pip install only missing distributions. If those that the frontend counts as installed meet every requirement
of the command and of its closure, and no option changes that, then no runtime changes (measured: facts on asking,
section 4). A requirement that is not met, or cannot be read, leaves the proof open, and the frontend is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..errors import LockError
from ..formats.parsing import parse_requirement
from ..frontend.folders import read_toml, upward
from ..frontend.installations import Installation
from ..frontend.uv_options import has_places
from ..installed.distributions import DistributionIndex
from ..system.files import is_file, read_text, real_path
from ..system.urls import file_name
from .naming import ARCHIVES, folder_of, read_word
from .package import Package, read_package


class Proof(NamedTuple):
    """A proof, or why there is none."""

    satisfied: int
    """The number of satisfied requirements."""
    gap: str | None
    """The reason why the proof is open; None if it is complete."""


class _Open(Exception):  # noqa: N818 - no error: the proof is open
    """The proof is open; the message is the reason."""


def prove(installation: Installation, package: Package, installed: DistributionIndex, name: str) -> Proof:
    """Return the proof that a command does not move a runtime.

    :param package: the package that is built, which the command installs, too.
    :param installed: the distributions that the frontend counts as installed.
    :param name: the normalised name of the runtime.
    """
    prover = _Prover(installation, package, installed, name)
    try:
        prover.run()
    except _Open as gap:
        return Proof(satisfied=prover.satisfied, gap=str(gap))
    return Proof(satisfied=prover.satisfied, gap=None)


class _Prover:
    """Follows requirements and their closure, each once."""

    def __init__(self, installation: Installation, package: Package, installed: DistributionIndex, name: str) -> None:
        self.satisfied = 0
        self._name_of_runtime = name
        self._installation = installation
        self._package = package
        self._installed = installed
        self._constraints: dict[str, list[Requirement]] = defaultdict(list)
        self._pending: list[tuple[Requirement, str]] = []
        self._seen: set[tuple[str, str]] = set()
        self._is_package_reached = False
        self._is_uv = installation.program.startswith("uv ")

    def run(self) -> None:
        """Follow all arguments of the command.

        :raises _Open: at the first gap.
        """
        command = self._installation
        if command.obstacle is not None and (command.removes or not command.has_no_dependencies):
            raise _Open(command.obstacle)
        for path in command.constraints:
            self._read_file(path, is_constraint=True)
        for path in command.files:
            self._read_file(path, is_constraint=False)
        for word in (*command.words, *command.editables):
            self._name(word, [command.cwd])
        while self._pending:
            self._follow(*self._pending.pop())
        if not self._is_package_reached:
            raise _Open("the command does not show what requires this package")

    def _read_file(self, name: str, *, is_constraint: bool) -> None:
        from ..formats.requirements import read_requirements  # noqa: PLC0415 - slow to import, and most commands name no file

        command = self._installation
        path = command.cwd / name
        if path.suffix in {".toml", ".py"} or not is_file(path):
            raise _Open(f"only {command.program} can read {name}")
        try:
            found = read_requirements(path, {**command.environ, "PWD": str(command.cwd)}, is_constraint=is_constraint)
        except LockError as error:
            raise _Open(str(error)) from None
        if found.problems:
            raise _Open(found.problems[0])
        for line in found.lines:
            if line.is_constraint:
                self._constraints[canonicalize_name(line.requirement.name)].append(line.requirement)
            elif line.requirement.name.lower().endswith(ARCHIVES):
                raise _Open(f"the requirements of {line.requirement} ({line.origin}) are known only after a download")
            else:
                self._pending.append((line.requirement, line.origin))
        for text, file in found.unnamed:
            self._name(text, [command.cwd, file.parent])

    def _name(self, word: str, bases: Sequence[Path]) -> None:
        """Add an argument of the command, or a line of a file: a requirement, a folder or an archive.

        :param bases: the folders to which a path may be relative.
        """
        named = read_word(word, bases)
        if named.folder is not None:
            self._add_folder(named.folder, named.extras)
        elif named.requirement is not None and not self._is_wheel_of_package(named.requirement):
            self._pending.append((named.requirement, self._installation.program))
        elif named.requirement is None and named.project is not None and named.project == self._package.name:
            self._add_package(self._package, named.extras)
        else:
            raise _Open(f"the requirements of {word} are known only after a download")

    def _is_wheel_of_package(self, requirement: Requirement) -> bool:
        """Return whether a requirement is a wheel of the package, whose requirements may differ from the source's."""
        is_wheel = requirement.url is not None and file_name(requirement.url).endswith(".whl")
        return is_wheel and canonicalize_name(requirement.name) == self._package.name

    def _add_folder(self, folder: Path, extras: frozenset[str]) -> None:
        if real_path(folder) == real_path(self._package.source):
            self._add_package(self._package, extras)
            return
        document = read_toml(folder / "pyproject.toml").get("project", {})
        package = read_package(folder, document if isinstance(document, dict) else {})
        if package.name in (None, self._name_of_runtime):
            raise _Open(f"{folder} is, or may be, {self._name_of_runtime} itself")
        self._add_package(package, extras)

    def _add_package(self, package: Package, extras: frozenset[str]) -> None:
        """Add the requirements of a package that the command builds and installs."""
        self._is_package_reached |= package.source == self._package.source
        if self._installation.has_no_dependencies:
            return
        file = _find_sources(package.source) if self._is_uv else None
        if file is not None:
            raise _Open(f"{file} sets the sources of requirements (tool.uv.sources)")
        texts = package.requirements(extras)
        if texts is None:
            raise _Open(f"the requirements of {package.name or package.source} are known only after building")
        for text in texts:
            requirement = parse_requirement(text)
            if requirement is None:
                raise _Open(f"{package.source / 'pyproject.toml'}: found {text!r}, expected a requirement")
            if self._is_active(requirement, extras):
                requirement.marker = None  # it is evaluated already, with the extras
                self._pending.append((requirement, str(package.name)))

    def _is_active(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        marker = requirement.marker
        try:
            return marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras))
        except (ValueError, LookupError):  # packaging's UndefinedComparison, UndefinedEnvironmentName
            raise _Open(f"the marker of {requirement} cannot be evaluated") from None

    def _follow(self, requirement: Requirement, origin: str) -> None:
        """Check one requirement, and add the requirements of the distribution that satisfies it."""
        name, extras = canonicalize_name(requirement.name), frozenset(map(canonicalize_name, requirement.extras))
        if (name, str(requirement)) in self._seen or not self._is_active(requirement, frozenset()):
            return
        self._seen.add((name, str(requirement)))
        if name == self._package.name:
            self._add_package(self._package, extras)
        elif (folder := folder_of(requirement)) is not None:
            self._add_folder(folder, extras)
        elif not self._installation.has_no_dependencies:
            self._check(name, requirement, origin)
            self._pending += [(following, name) for following in self._requirements_of(name, extras)]
        elif name == self._name_of_runtime:  # with --no-deps, other arguments move only themselves
            if self._installation.obstacle is not None:
                raise _Open(self._installation.obstacle)
            self._check(name, requirement, origin)

    def _check(self, name: str, requirement: Requirement, origin: str) -> None:
        found = self._installed.find(name)
        described = f"{requirement} ({origin})"
        if found is None:
            raise _Open(f"{described} is not installed")
        if self._is_installed_twice(name):
            raise _Open(f"{name} is installed twice")
        if requirement.url is not None:
            raise _Open(f"{described} names a URL")
        for demand in (requirement, *self._constraints[name]):
            if demand.url is not None:
                raise _Open(f"{name} is constrained to a URL")
            if self._is_active(demand, frozenset()) and not demand.specifier.contains(found.version, prereleases=True):
                failing = described if demand is requirement else demand
                raise _Open(f"{failing} is not satisfied by {name} {found.version}")
        self.satisfied += 1

    def _is_installed_twice(self, name: str) -> bool:
        """Return whether a broken upgrade left two versions; uv removes both, even in different folders."""
        first, *others = self._installed.infos(name)
        return any(self._is_uv or other.parent == first.parent for other in others)

    def _requirements_of(self, name: str, extras: frozenset[str]) -> Iterator[Requirement]:
        found = self._installed.find(name)
        for text in () if found is None else found.requires:
            if not extras and "extra ==" in text and " or " not in text:  # saves parsing the hundreds in sympy
                continue
            requirement = parse_requirement(text)
            if requirement is None:  # the syntax of an old egg
                raise _Open(f"{name} requires {text!r}, which cannot be read")
            if self._is_active(requirement, extras):
                requirement.marker = None
                yield requirement


def _find_sources(source: Path) -> Path | None:
    """Return the pyproject.toml that sets sources of requirements: the package's own, or that of its workspace."""
    for path in (folder / "pyproject.toml" for folder in upward(source.absolute())):
        table = read_toml(path).get("tool", {}).get("uv", {}) if "sources" in read_text(path) else {}
        if has_places(table.get("sources")) and (path.parent == source.absolute() or "workspace" in table):
            return path
    return None
