"""A package's own requirements of a runtime, from each file that its build backend reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ...errors import LockError
from ...formats.requirements import read_requirements
from ...locks.poetry_constraints import as_specifier
from ...locks.poetry_project import Need, read_poetry_needs
from ...system.files import is_file
from .setup_cfg import SetupCfg
from .setup_scripts import SetupScript


class Stated(NamedTuple):
    """One requirement, and its origin."""

    text: str
    origin: str
    """Such as ``project.dependencies`` or ``requirements.txt:3``."""


class OwnRequirements(NamedTuple):
    """A package's requirements of one distribution that restrict its versions."""

    certain: tuple[Stated, ...] = ()
    """Required by every installation."""
    aside: tuple[Stated, ...] = ()
    """Required only by extras and groups."""
    uncertain: tuple[Stated, ...] = ()
    """Possibly required: the requirement is computed, or cannot be expressed in PEP 508."""


class Manifests(NamedTuple):
    """The files of a source tree that contain requirements."""

    source: Path
    document: Mapping[str, Any]
    """The content of pyproject.toml."""
    script: SetupScript | None
    cfg: SetupCfg


def read_own(manifests: Manifests, name: str) -> OwnRequirements:
    """Return a package's own requirements of a distribution.

    :param name: the distribution's normalised name.
    """
    found = [*_of_pyproject(manifests), *_of_poetry(manifests.source, name)]
    if _is_dynamic(manifests.document):
        found += [*_of_setup_py(manifests), *_of_setup_cfg(manifests)]
    kinds: dict[str, dict[Stated, None]] = {"certain": {}, "aside": {}, "uncertain": {}}
    for kind, stated in found:
        if _restricts(stated.text, name) or (kind == "uncertain" and stated.text.startswith(f"{name} ")):
            kinds["aside" if "extra" in stated.text.partition(";")[2] else kind][stated] = None
    return OwnRequirements(**{kind: tuple(texts) for kind, texts in kinds.items()})


def _restricts(text: str, name: str) -> bool:
    """Return whether a text is a requirement of a distribution with a version specifier."""
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return False
    return canonicalize_name(found.name) == name and bool(found.specifier)


def table_of(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return a nested table; empty if a key is missing or not a table."""
    for key in keys:
        found = document.get(key)
        document = found if isinstance(found, dict) else {}
    return document


def texts_of(value: object) -> list[str]:
    """Return the texts of an array; a single text counts as an array of one."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for text in values if isinstance(text, str)]


def _is_dynamic(document: Mapping[str, Any]) -> bool:
    """Return whether ``[project]`` leaves the dependencies to the build backend."""
    project = table_of(document, "project")
    return not project or "dependencies" in texts_of(project.get("dynamic"))


_Found = Iterator[tuple[str, Stated]]


def _of_pyproject(manifests: Manifests) -> _Found:
    document, source = manifests.document, manifests.source
    project = table_of(document, "project")
    yield from _stated("certain", project.get("dependencies"), "project.dependencies")
    for extra, texts in table_of(project, "optional-dependencies").items():
        yield from _stated("aside", texts, f"project.optional-dependencies.{extra}")
    for group, texts in table_of(document, "dependency-groups").items():
        yield from _stated("aside", texts, f"dependency-groups.{group}")
    yield from _stated("certain", table_of(document, "tool", "flit", "metadata").get("requires"), "tool.flit.metadata")
    if _is_dynamic(document):
        dynamic = table_of(document, "tool", "setuptools", "dynamic", "dependencies")
        hook = table_of(document, "tool", "hatch", "metadata", "hooks", "requirements_txt")
        for name in (*texts_of(dynamic.get("file")), *texts_of(hook.get("files"))):
            yield from _of_file("certain", source, name)
    for extra, table in table_of(document, "tool", "setuptools", "dynamic", "optional-dependencies").items():
        for name in texts_of(table_of({extra: table}, extra).get("file")):
            yield from _of_file("aside", source, name)


def _stated(kind: str, texts: object, origin: str) -> _Found:
    yield from ((kind, Stated(text, origin)) for text in texts_of(texts))


def _of_file(kind: str, source: Path, name: str) -> _Found:
    try:
        lines = read_requirements(source / name, {}).lines
    except LockError:  # the build will report it
        return
    for line in lines:
        if not line.is_constraint:
            yield kind, Stated(str(line.requirement), line.origin.removeprefix(f"{source}{os.sep}"))


def _of_setup_py(manifests: Manifests) -> _Found:
    if manifests.script is None:
        return
    required = manifests.script.required
    yield from _stated("certain", list(required.install_requires or ()), "install_requires in setup.py")
    named = [text for text in required.mentioned if text.endswith((".txt", ".in")) and is_file(manifests.source / text)]
    for name in named:
        yield from _of_file("certain" if len(named) == 1 else "uncertain", manifests.source, name)
    inline = [line.strip() for text in required.mentioned for line in text.splitlines()]
    yield from _stated("uncertain", inline, "install_requires in setup.py")
    yield from _of_extras(required.extras_require, "extras_require in setup.py")


def _of_setup_cfg(manifests: Manifests) -> _Found:
    cfg, script = manifests.cfg, manifests.script
    yield from _of_extras(cfg.extras_require, "options.extras_require in setup.cfg")
    if script is None or script.required.install_requires == ():  # setuptools prefers setup.py
        yield from _stated("certain", list(cfg.install_requires), "install_requires in setup.cfg")
        for name in cfg.files:
            yield from _of_file("certain", manifests.source, name)


def _of_extras(extras: Mapping[str, Sequence[str]], origin: str) -> _Found:
    """Yield the requirements of extras. A key without a name, ``:MARKER``, applies to every installation."""
    for key, texts in extras.items():
        extra, _, marker = key.partition(":")
        found = [f"{text}; {marker}" for text in texts] if marker else list(texts)
        yield from _stated("aside" if extra else "certain", found, f"{origin}, {extra}" if extra else origin)


def _of_poetry(source: Path, name: str) -> _Found:
    try:
        needs = read_poetry_needs(source / "pyproject.toml", name)
    except LockError:  # poetry will report it
        return
    for need in needs:
        is_main = need.group == "main"
        origin = "tool.poetry.dependencies" if is_main else f"tool.poetry.group.{need.group}"
        text = _as_requirement(name, need)
        kind = "certain" if is_main and need.extras is None else "aside"
        yield (
            ("uncertain" if text is None else kind),
            Stated(text or f"{name} {need.constraint.get('version')}", origin),
        )


def _as_requirement(name: str, need: Need) -> str | None:
    """Return one of poetry's requirements in PEP 508; None if PEP 508 cannot express it."""
    constraint = need.constraint
    specifier, python = (as_specifier(str(constraint.get(key, "*"))) for key in ("version", "python"))
    if specifier is None or python is None:
        return None
    markers = [f'python_full_version {item.operator} "{item.version}"' for item in SpecifierSet(python)]
    markers += [f'sys_platform == "{constraint["platform"]}"'] if "platform" in constraint else []
    markers += [f"({constraint['markers']})"] if constraint.get("markers") else []
    try:
        return f"{name}{specifier}" + (f"; {Marker(' and '.join(markers))}" if markers else "")
    except InvalidMarker:
        return None
