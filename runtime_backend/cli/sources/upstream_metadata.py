"""The metadata of an upstream package: read from its source if they are certain, else asked of its real backend."""

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
from ...formats.parsing import parse_requirement, requirement_name
from ...formats.tables import Table
from ...system.files import is_file, read_text
from ..adopt.adoption import BACKEND, SHIM
from ..package.setup_scripts import SetupScript, read_setup_script
from .asking import RUNTIMES, ask_metadata
from .subdirectories import read_document
from .upstreams import Wanted, is_name

_OPEN = ("version", "dependencies", "optional-dependencies", "requires-python")
_EXTRA = re.compile(r"""(?:^|\s+and\s+)extra == (["'])(?P<name>[^"']+)\1$""")
_SINCE_DYNAMIC = (2, 2)
"""The first metadata version that lists the uncertain fields of an sdist (PEP 643)."""
_NAMELESS = "unknown"
"""The name that setuptools gives to a package without one."""


class Package(NamedTuple):
    """The known metadata of an upstream package."""

    name: str | None
    version: str | None = None
    requires_python: str | None = None
    dependencies: Sequence[str] = ()
    optional_dependencies: Mapping[str, Sequence[str]] = MappingProxyType({})
    dynamic: Sequence[str] = ()
    """The fields that only its real backend knows."""
    build_requires: Sequence[str] = ()
    """Without torch and this shim."""
    match_runtime: Sequence[str] = ()
    """The build requirement of torch, if it has a specifier."""
    notes: Sequence[str] = ()

    @property
    def is_open(self) -> bool:
        """Whether its real backend must be asked for anything."""
        return bool(self.dynamic)


def read_package(tree: Path, name: str | None) -> Package:
    """Return the metadata that a source states without being run.

    :param tree: the folder of the package.
    :param name: as the person wrote it; None: read it from the source.
    """
    document = read_document(tree)
    build_system, project = (_table(document, key) for key in ("build-system", "project"))
    found = name or find_name(tree, Table(document, file="pyproject.toml"))
    package = _with_requires(Package(name=found), build_system, _read_script(tree, build_system))
    headers = read_headers(read_text(tree / "PKG-INFO"))
    version = _text(project.get("version")) or headers.first("Version")
    if project and _is_plain(project):
        return package._replace(
            version=version,
            dynamic=() if version else ("version",),
            requires_python=_text(project.get("requires-python")),
            dependencies=tuple(project.get("dependencies", ())),
            optional_dependencies=dict(project.get("optional-dependencies", {})),
        )
    if _is_certain(headers):
        return _with_metadata(package, headers)
    return package._replace(version=version, dynamic=_OPEN)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_plain(project: Mapping[str, Any]) -> bool:
    """Return whether a [project] table states all its requirements, in the types of PEP 621."""
    dynamic, extras = project.get("dynamic", []), project.get("optional-dependencies", {})
    lists = [dynamic, project.get("dependencies", []), *(extras.values() if isinstance(extras, dict) else [None])]
    if not all(isinstance(value, list) and all(isinstance(text, str) for text in value) for value in lists):
        return False
    return not {"dependencies", "optional-dependencies", "requires-python"} & {*dynamic}


def _read_script(tree: Path, build_system: Mapping[str, Any]) -> SetupScript | None:
    """Return the facts in setup.py, if the real backend runs it; None if it is not Python 3."""
    backend = str(build_system.get("build-backend", "setuptools"))
    if not is_file(tree / "setup.py") or not backend.startswith("setuptools"):
        return None
    try:
        return read_setup_script(tree)
    except FileError:
        return None


def _with_requires(package: Package, build_system: Mapping[str, Any], script: SetupScript | None) -> Package:
    """Return the package with its build requirements, including undeclared ones that setup.py imports."""
    declared, needed = build_system.get("requires"), ("setuptools",) if script is None else script.requires
    texts = [text for text in declared if isinstance(text, str)] if isinstance(declared, list) else list(needed)
    names = {requirement_name(text) for text in texts}
    texts += [text for text in needed if requirement_name(text) not in names and script is not None]
    torch = [text for text in texts if requirement_name(text) == "torch"]
    return package._replace(
        build_requires=tuple(text for text in texts if requirement_name(text) not in ("torch", SHIM)),
        match_runtime=tuple(text for text in torch if Requirement(text).specifier),
        notes=tuple(_notes(build_system, texts, script)),
    )


def _notes(build_system: Mapping[str, Any], requires: Sequence[str], script: SetupScript | None) -> Iterator[str]:
    if build_system.get("build-backend") == BACKEND:
        yield "the package declares runtime-backend itself: it needs no wrapper"
    for text in requires:
        name = requirement_name(text)
        if name == "torch" and Requirement(text).url is not None:
            yield f"upstream builds against {text!r}: to build against it, set RUNTIME_BACKEND_PIN to that requirement"
        elif name in RUNTIMES - {"torch"}:
            yield (
                f"{text!r} in build-system.requires brings another torch into the build: if the build works without"
                f" {name}, remove it from the wrapper"
            )
    for name in () if script is None else script.unknown:
        yield (
            f"setup.py imports {name!r}, which is neither in the standard library nor in its folder: if the build needs"
            " it, add its distribution to build-system.requires of the wrapper"
        )


def _is_certain(headers: Headers) -> bool:
    """Return whether the requirements in an sdist's PKG-INFO are those of its wheels (PEP 643)."""
    numbers = re.findall(r"\d{1,9}", headers.first("Metadata-Version") or "")
    dynamic = {name.lower() for name in headers.every("Dynamic")}
    asked = {"requires-dist", "provides-extra", "requires-python"}
    return tuple(map(int, numbers)) >= _SINCE_DYNAMIC and not asked & dynamic


def _with_metadata(package: Package, headers: Headers) -> Package:
    """Return the package with the fields of METADATA or PKG-INFO; left dynamic if a [project] table cannot express
    them.
    """
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {canonicalize_name(name): [] for name in headers.every("Provides-Extra")}
    for text in headers.every("Requires-Dist"):
        requirement = parse_requirement(text)
        marker = "" if requirement is None else str(requirement.marker or "")
        found, rest = _EXTRA.search(marker), _EXTRA.sub("", marker)
        if requirement is None or "extra" in rest:
            why = "does not follow PEP 508" if requirement is None else "is for several extras at once"
            note = f"the requirement {text!r} {why}: the requirements are left to the build backend"
            return package._replace(version=headers.first("Version"), dynamic=_OPEN[1:], notes=(*package.notes, note))
        requirement.marker = Marker(rest) if rest else None
        key = None if found is None else canonicalize_name(found.group("name"))
        (dependencies if key is None else extras.setdefault(key, [])).append(str(requirement))
    return package._replace(
        name=package.name or headers.first("Name"),
        version=headers.first("Version"),
        requires_python=headers.first("Requires-Python"),
        dependencies=tuple(dependencies),
        optional_dependencies=extras,
        dynamic=(),
    )


def complete(package: Package, upstream: Upstream, wanted: Wanted, say: Callable[[str], None]) -> Package:
    """Return the package with the metadata of its real backend, if they do not depend on torch.

    :raises SourceError: if it is another package than the requirement names.
    """
    try:
        headers = read_headers(ask_metadata(package.name, package.build_requires, upstream, say))
    except NoAnswer as failure:
        dynamic = tuple(key for key in package.dynamic if key != "version" or package.version is None)
        note = f"left to its build backend: {', '.join(dynamic)}; they are known only after building: {failure}"
        return package._replace(dynamic=dynamic, notes=(*package.notes, note))
    found = headers.first("Name") or _NAMELESS
    if wanted.name is not None and canonicalize_name(found) != canonicalize_name(wanted.name):
        raise SourceError(
            "another-package-in-source",
            "{text}: its build backend calls the package {found!r}, expected {name!r}",
            hint="Use the build backend's name, or name the folder of the package: #subdirectory=FOLDER",
            text=wanted.text,
            found=found,
            name=wanted.name,
        )
    return _with_metadata(package._replace(name=wanted.name), headers)


def check_name(package: Package, wanted: Wanted) -> str:
    """Return the package's name.

    :raises SourceError: if it has none, or an invalid one.
    """
    if package.name is None or canonicalize_name(package.name) == _NAMELESS:
        raise SourceError(
            "no-name-in-source",
            "{text}: found no name of the package in its source",
            hint="Name it: 'NAME @ {text}'",
            text=wanted.text,
        )
    if not is_name(package.name):
        raise SourceError(
            "no-name-in-source",
            "{text}: its source calls the package {package!r}, expected letters, digits, '-', '_' and '.'",
            text=wanted.text,
            package=package.name,
        )
    return package.name
