"""Checking a ``[project]`` table (PEP 621), and converting it to :class:`packaging.metadata.RawMetadata`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from ..errors import NoAnswer
from ..formats.parsing import parse_requirement
from ..formats.tables import Table, describe
from .project_files import read_license, read_readme

_FIELDS = {
    "authors": (),
    "classifiers": (),
    "dependencies": ("Requires-Dist",),
    "description": (),
    "entry-points": (),
    "gui-scripts": (),
    "import-names": (),
    "import-namespaces": (),
    "keywords": (),
    "license": (),
    "license-files": (),
    "maintainers": (),
    "optional-dependencies": ("Requires-Dist", "Provides-Extra"),
    "readme": (),
    "requires-python": ("Requires-Python",),
    "scripts": (),
    "urls": (),
    "version": (),
}
"""Keys that may be dynamic -> their fields for ``Dynamic`` in PKG-INFO (PEP 643), if resolvers use those."""
_FIXED = ("description", "license", "readme", "requires-python", "version")
"""Keys that are either stated or dynamic; lists and tables may be both (PEP 808)."""
_SINCE = (("2.5", ("import_names", "import_namespaces")), ("2.4", ("license_expression", "license_files")))
"""The versions of core metadata that introduced fields."""
_LONGEST_LABEL = 32
_GROUP = r"(?a)\w+(\.\w+)*"
_QUOTED = r'[][\\()<>@,:;".]'


def read_project(project: Mapping[str, Any], source: Path) -> dict[str, Any]:
    """Return the raw metadata of a table; ``dynamic`` has the fields that the real backend completes.

    :param source: the source tree with the readme.
    :raises NoAnswer: with all mistakes.
    """
    table = Table(project, file="pyproject.toml", key="project")
    raw = {
        "name": table.string("name"),
        "version": _parsed(table, "version", Version, "a version (PEP 440)"),
        "summary": table.line("description"),
        "keywords": _lines(table, "keywords"),
        "classifiers": _lines(table, "classifiers"),
        "requires_python": _parsed(table, "requires-python", SpecifierSet, "a version specifier (PEP 440)"),
        "project_urls": _urls(table),
        "import_names": table.strings("import-names"),
        "import_namespaces": table.strings("import-namespaces"),
        **_people(table, "author"),
        **_people(table, "maintainer"),
        **read_license(table, source),
        **read_readme(table, source),
        **_requirements(table),
        "dynamic": _dynamic(table),
    }
    for name in ("name", "version"):
        if table.value(name) is None:
            table.report(name, "none", "one")
    _check_entry_points(table)
    _check_imports(table)
    if table.problems:
        raise NoAnswer("; ".join(dict.fromkeys(table.problems)))
    stated = {key: value for key, value in raw.items() if value is not None}
    return {"metadata_version": _needed_version(table, stated), **stated}


def _needed_version(table: Table, stated: Mapping[str, Any]) -> str:
    if any(_FIELDS[name] and name in table for name in table.strings("dynamic") or ()):
        return "2.6"
    needed = (version for version, keys in _SINCE if any(key in stated for key in keys))
    return next(needed, "2.2" if stated["dynamic"] else "2.1")


def _parsed(table: Table, name: str, parse: Callable[[str], object], expected: str) -> str | None:
    text = table.line(name)
    try:
        return None if text is None else str(parse(text))
    except ValueError:
        table.report(name, describe(text), expected)
        return None


def _lines(table: Table, name: str) -> list[str] | None:
    found = table.strings(name)
    return None if found is None else [" ".join(text.split()) for text in found]


def _dynamic(table: Table) -> list[str]:
    fields: list[str] = []
    for name in table.strings("dynamic") or ():
        if name not in _FIELDS:
            table.report("dynamic", describe(name), "a key of [project] other than name")
        elif name in _FIXED and name in table:
            table.report(name, "a value and an entry in dynamic", "one of the two")
        fields += _FIELDS.get(name, ())
    return fields


def _requirements(table: Table) -> dict[str, list[str]]:
    found = _read_requirements(table, "dependencies")
    extras = table.table("optional-dependencies") or Table({}, file=table.file)
    named = {name: canonicalize_name(name) for name in extras.names()}
    for name, extra in named.items():
        if is_normalized_name(extra):
            found += _read_requirements(extras, name, f"extra == {extra!r}")
        else:
            table.report("optional-dependencies", f"the extra {name!r}", "letters, digits, '-', '_' and '.'")
    return {"requires_dist": found, "provides_extra": list(named.values())}


def _read_requirements(table: Table, name: str, more: str = "") -> list[str]:
    """Return the requirements in an array.

    :param more: a marker that is added to each.
    """
    found: list[str] = []
    for index, value in enumerate(table.array(name) or ()):
        requirement = parse_requirement(value) if isinstance(value, str) else None
        if requirement is None:
            table.report(f"{name}[{index}]", describe(value), "a requirement (PEP 508)")
            continue
        if more:
            own = str(requirement.marker or "")
            own = f"({own})" if " or " in own else own
            requirement.marker = Marker(f"{own} and {more}" if own else more)
        found.append(str(requirement))
    return found


def _urls(table: Table) -> dict[str, str]:
    urls = table.table("urls") or Table({}, file=table.file)
    for label in urls.names():
        if len(label) > _LONGEST_LABEL:
            urls.report(label, "a longer label", f"at most {_LONGEST_LABEL} characters")
    return {" ".join(label.split()): urls.line(label) or "" for label in urls.names()}


def _people(table: Table, kind: str) -> dict[str, str | None]:
    """Return two fields: the names of people without an address, and the addresses of the others."""
    names: list[str] = []
    addresses: list[str] = []
    for index, entry in enumerate(table.array(f"{kind}s") or ()):
        key = f"{kind}s[{index}]"
        if not isinstance(entry, dict) or not entry:
            table.report(key, describe(entry) if entry else "an empty one", "a table with name or email")
            continue
        person = Table(entry, file=table.file, key=table.dotted(key), problems=table.problems)
        name, address = person.line("name"), person.line("email")
        person.close()
        if address:
            addresses.append(f"{_quoted(name)} <{address}>" if name else address)
        elif name:
            names.append(name)
    return {kind: ", ".join(names) or None, f"{kind}_email": ", ".join(addresses) or None}


def _quoted(name: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"' if re.search(_QUOTED, name) else name


def _check_entry_points(table: Table) -> None:
    """Report mistakes in entry points, which appear in the wheel but not in METADATA."""
    groups = table.table("entry-points") or Table({}, file=table.file)
    for name in groups.names():
        if not re.fullmatch(_GROUP, name):
            groups.report(name, f"the group {name!r}", "letters, digits, '_' and '.'")
    for points in (table.table("scripts"), table.table("gui-scripts"), *map(groups.table, groups.names())):
        if points is not None:
            for name in points.names():
                points.string(name)


def _check_imports(table: Table) -> None:
    """Check that a name is in only one of the two lists, and that each parent package is in one, too (PEP 794)."""
    names, spaces = (
        {text.partition(";")[0].rstrip() for text in table.strings(key) or ()}
        for key in ("import-names", "import-namespaces")
    )
    for name in sorted(names & spaces):
        table.report("import-names", f"{name!r} in import-namespaces, too", "one of the two")
    parents = {name.rpartition(".")[0] for name in names | spaces} - {""}
    for name in sorted(parents - names - spaces):
        table.report("import-namespaces", f"no {name!r}", "each parent of an import name")
