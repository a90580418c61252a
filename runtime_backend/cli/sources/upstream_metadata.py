"""What a wrapper says of the package: read from its source where that is certain, else asked of its real backend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ...config import Upstream
from ...config.names import find_name
from ...errors import FileError, NoAnswer, SourceError
from ...formats.headers import Headers, read_headers
from ...formats.parsing import parse_requirement
from ...formats.tables import Table
from ...system.files import is_file, read_text
from ..adopt.adoption import BACKEND, SHIM, name_of
from ..package.setup_scripts import SetupScript, read_setup_script
from .asking import RUNTIMES, ask_metadata
from .subdirectories import read_document
from .upstreams import Wanted, is_name

_OPEN = ("version", "dependencies", "optional-dependencies", "requires-python")
_EXTRA = re.compile(r"""(?:^|\s+and\s+)extra == (["'])(?P<name>[^"']+)\1$""")
_SINCE_DYNAMIC = (2, 2)
"""The metadata version that tells which fields of an sdist are certain (PEP 643)."""
_NAMELESS = "unknown"
"""What setuptools calls a package that has no name."""


class Package(NamedTuple):
    """An upstream package, as far as it is known."""

    name: str | None
    version: str | None = None
    requires_python: str | None = None
    dependencies: Sequence[str] = ()
    optional_dependencies: Mapping[str, Sequence[str]] = MappingProxyType({})
    dynamic: Sequence[str] = ()
    """What only its real backend can tell."""
    build_requires: Sequence[str] = ()
    """Without torch, and this shim."""
    match_runtime: Sequence[str] = ()
    """torch with the specifiers that it has for it, if it has any."""
    notes: Sequence[str] = ()

    @property
    def is_open(self) -> bool:
        """Whether there is something that its real backend has to be asked for."""
        return bool(self.dynamic)


def read_package(tree: Path, name: str | None) -> Package:
    """Return what a source says of itself without being run.

    :param tree: the folder of the package.
    :param name: as the person wrote it; None: the source has to tell.
    """
    document = read_document(tree)
    build_system, project = (_table(document, key) for key in ("build-system", "project"))
    found = name or find_name(tree, Table(document, file="pyproject.toml"))
    package = _with_requires(Package(name=found), build_system, _read_script(tree, build_system))
    told = read_headers(read_text(tree / "PKG-INFO"))
    version = _text(project.get("version")) or told.first("Version")
    if project and _is_plain(project):
        return package._replace(
            version=version,
            dynamic=() if version else ("version",),
            requires_python=_text(project.get("requires-python")),
            dependencies=tuple(project.get("dependencies", ())),
            optional_dependencies=dict(project.get("optional-dependencies", {})),
        )
    if _is_certain(told):
        return _with_metadata(package, told)
    return package._replace(version=version, dynamic=_OPEN)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_plain(project: Mapping[str, Any]) -> bool:
    """Return whether a [project] table says its requirements itself, as PEP 621 has them."""
    dynamic, extras = project.get("dynamic", []), project.get("optional-dependencies", {})
    lists = [dynamic, project.get("dependencies", []), *(extras.values() if isinstance(extras, dict) else [None])]
    if not all(isinstance(value, list) and all(isinstance(text, str) for text in value) for value in lists):
        return False
    return not {"dependencies", "optional-dependencies", "requires-python"} & {*dynamic}


def _read_script(tree: Path, build_system: Mapping[str, Any]) -> SetupScript | None:
    """Return what is certain of setup.py, if the real backend runs it; None for one that is no Python of today."""
    backend = str(build_system.get("build-backend", "setuptools"))
    if not is_file(tree / "setup.py") or not backend.startswith("setuptools"):
        return None
    try:
        return read_setup_script(tree)
    except FileError:
        return None


def _with_requires(package: Package, build_system: Mapping[str, Any], script: SetupScript | None) -> Package:
    """Return the package with its build requirements; what setup.py imports is one, whether declared or not."""
    declared, needed = build_system.get("requires"), ("setuptools",) if script is None else script.requires
    texts = [text for text in declared if isinstance(text, str)] if isinstance(declared, list) else list(needed)
    names = {name_of(text) for text in texts}
    texts += [text for text in needed if name_of(text) not in names and script is not None]
    torch = [text for text in texts if name_of(text) == "torch"]
    return package._replace(
        build_requires=tuple(text for text in texts if name_of(text) not in ("torch", SHIM)),
        match_runtime=tuple(text for text in torch if Requirement(text).specifier),
        notes=tuple(_notes(build_system, texts, script)),
    )


def _notes(build_system: Mapping[str, Any], requires: Sequence[str], script: SetupScript | None) -> Iterator[str]:
    if build_system.get("build-backend") == BACKEND:
        yield "the package declares runtime-backend itself: it can be installed without a wrapper"
    for text in requires:
        name = name_of(text)
        if name == "torch" and Requirement(text).url is not None:
            yield f"upstream builds against {text!r}: to build against that one, set RUNTIME_BACKEND_PIN to it"
        elif name in RUNTIMES - {"torch"}:
            yield (
                f"{text!r} in build-system.requires brings another torch into the build: if the build works without"
                f" {name}, remove it from the wrapper"
            )
    for name in () if script is None else script.unknown:
        yield (
            f"setup.py imports {name!r}, which is neither Python's nor in its folder: if the build needs it, add its"
            " distribution to build-system.requires of the wrapper"
        )


def _is_certain(told: Headers) -> bool:
    """Return whether an sdist's PKG-INFO says that its wheels will have the same requirements (PEP 643)."""
    numbers = re.findall(r"\d{1,9}", told.first("Metadata-Version") or "")
    dynamic = {name.lower() for name in told.every("Dynamic")}
    asked = {"requires-dist", "provides-extra", "requires-python"}
    return tuple(map(int, numbers)) >= _SINCE_DYNAMIC and not asked & dynamic


def _with_metadata(package: Package, told: Headers) -> Package:
    """Return the package with what METADATA or PKG-INFO says; open where it says it in a way that no table can."""
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {canonicalize_name(name): [] for name in told.every("Provides-Extra")}
    for text in told.every("Requires-Dist"):
        requirement = parse_requirement(text)
        marker = "" if requirement is None else str(requirement.marker or "")
        found, rest = _EXTRA.search(marker), _EXTRA.sub("", marker)
        if requirement is None or "extra" in rest:
            why = "is not one by today's rules" if requirement is None else "is for several extras at once"
            note = f"the requirement {text!r} {why}: it is left to the build backend"
            return package._replace(version=told.first("Version"), dynamic=_OPEN[1:], notes=(*package.notes, note))
        requirement.marker = Marker(rest) if rest else None
        key = None if found is None else canonicalize_name(found.group("name"))
        (dependencies if key is None else extras.setdefault(key, [])).append(str(requirement))
    return package._replace(
        name=package.name or told.first("Name"),
        version=told.first("Version"),
        requires_python=told.first("Requires-Python"),
        dependencies=tuple(dependencies),
        optional_dependencies=extras,
        dynamic=(),
    )


def complete(package: Package, upstream: Upstream, wanted: Wanted, say: Callable[[str], None]) -> Package:
    """Return the package with what its real backend says, if that is the same whatever torch there is.

    :raises SourceError: when it is another package than the requirement names.
    """
    try:
        told = read_headers(ask_metadata(package.name, package.build_requires, upstream, say))
    except NoAnswer as failure:
        dynamic = tuple(key for key in package.dynamic if key != "version" or package.version is None)
        note = f"left to its build backend: {', '.join(dynamic)}; they are known only after building: {failure}"
        return package._replace(dynamic=dynamic, notes=(*package.notes, note))
    found = told.first("Name") or _NAMELESS
    if wanted.name is not None and canonicalize_name(found) != canonicalize_name(wanted.name):
        raise SourceError(
            f"{wanted.text}: its build backend calls the package {found!r}, expected {wanted.name!r}",
            hint="Use the name that the build backend has, or name the folder of the package: #subdirectory=FOLDER",
        )
    return _with_metadata(package._replace(name=wanted.name), told)


def check_name(package: Package, wanted: Wanted) -> str:
    """Return the package's name.

    :raises SourceError: when it has none, or one that is no name.
    """
    if package.name is None or canonicalize_name(package.name) == _NAMELESS:
        raise SourceError(
            f"{wanted.text}: its source has no name for the package", hint=f"Name it: 'NAME @ {wanted.text}'"
        )
    if not is_name(package.name):
        raise SourceError(
            f"{wanted.text}: its source calls the package {package.name!r}, expected letters, digits, '-', '_' and '.'"
        )
    return package.name
