"""``poetry.lock``, lock-version 1.x and 2.x.

From 2.1 on (poetry 2), each package has its groups and markers. Before, the project's pyproject.toml is read, as poetry
does, which resolves again on every install; several candidates may remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..config.selection import Selection, normalise_names
from ..system.platforms import Platform
from ..system.urls import as_url
from .answer import SOURCE, Locked, corrupt, limited, only_lock_errors, parse_toml, read_lock
from .direct import locked_directly
from .listing import Listing, LockedFile, choose_wheel, drop_missing, read_file, read_listed_version
from .markers import decide_extras, ignore_extras
from .poetry_constraints import allows
from .poetry_project import Choice, read_needs, read_optional_groups

KNOWN = ("1", "2")
Package: TypeAlias = Mapping[str, Any]


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name in the selected groups and extras.

    :raises LockError: if the file is not a poetry.lock of version 1 or 2.
    """
    document = parse_toml(read_lock(path), path)
    _check_version(document, path)
    named = [package for package in document.get("package", ()) if canonicalize_name(package["name"]) == name]
    packages = limited(named, name)
    python = document["metadata"].get("python-versions", "*")
    if not packages or not allows(python, platform.environment["python_full_version"]):
        return ()
    project = path.with_name("pyproject.toml")
    choice = Choice(
        selection=selection,
        optional_groups=read_optional_groups(project),
        extras=_active_extras(document, selection),
    )
    left: Sequence[Package]
    if all("groups" in package for package in packages):
        possible = [package for package in packages if _is_for(package, platform)]
        left = [package for package in possible if _is_chosen(package, choice, platform)] or possible
    else:
        left = _ask_project(name, packages, document, choice=choice, platform=platform, project=project)
    return drop_missing(_locate(name, package, document, path, platform) for package in left)


def _check_version(document: Package, path: Path) -> None:
    version = document.get("metadata", {}).get("lock-version")
    if str(version).partition(".")[0] not in KNOWN:
        what = f"found metadata.lock-version = {version!r}, expected 1.x or 2.x, which this reader knows"
        raise corrupt(path, what)


def _active_extras(document: Package, selection: Selection) -> frozenset[str]:
    known = normalise_names(document.get("extras", ()))
    return (known if selection.all_extras else selection.extras) - selection.without_extras


def _markers(package: Package) -> Iterator[tuple[str, str]]:
    """Yield (group, marker). The lock has one marker for all groups, or a table without the unconditional groups."""
    markers = package.get("markers", "")
    for group in package["groups"]:
        yield group, markers if isinstance(markers, str) else markers.get(group, "")


def _is_for(package: Package, platform: Platform) -> bool:
    return any(platform.accepts(ignore_extras(marker)) for _, marker in _markers(package))


def _is_chosen(package: Package, choice: Choice, platform: Platform) -> bool:
    return any(
        choice.has_group(group) and platform.accepts(decide_extras(marker, choice.extras))
        for group, marker in _markers(package)
    )


def _ask_project(  # noqa: PLR0913 - the lock and the project
    name: str,
    packages: Sequence[Package],
    document: Package,
    *,
    choice: Choice,
    platform: Platform,
    project: Path,
) -> Sequence[Package]:
    """Return the packages that chosen requirements of the project allow; if none, those possible on this platform."""
    needs = read_needs(project, name)
    meant = [(package, [need for need in needs if need.means(package)]) for package in packages]
    chosen = [package for package, by in meant if any(need.is_chosen(choice, platform) for need in by)]
    possible = [package for package, by in meant if not by or any(need.is_for(platform) for need in by)]
    return chosen or possible or (packages if _is_needed_by_others(name, document) else [])


def _is_needed_by_others(name: str, document: Package) -> bool:
    return any(name == canonicalize_name(key) for other in document["package"] for key in other.get("dependencies", ()))


def _locate(name: str, package: Package, document: Package, path: Path, platform: Platform) -> Locked:
    source = package.get("source", {})
    kind, markers = source.get("type", "legacy"), package.get("markers", "")
    marker = markers if isinstance(markers, str) else " or ".join(markers.values())
    detail = "; ".join(part for part in (marker, source.get("url", "")) if part)
    version = read_listed_version(package)
    files = _files(package, document)
    if kind == "legacy":
        indexes = (source["url"],) if source else ()  # without a source: the default index
        listing = Listing(name=name, version=version, lock=path, files=files, indexes=indexes, detail=detail)
        return choose_wheel(listing, platform)
    if kind not in ("url", "file"):
        return Locked(name=name, version=version, lock=path, missing=SOURCE, detail=detail)
    hashes = frozenset(file.sha256 for file in files if file.sha256 is not None)
    url = as_url(source["url"], path.parent)
    direct = locked_directly(name, url, hashes=hashes, lock=path, platform=platform, detail=detail)
    return direct._replace(version=version)


def _files(package: Package, document: Package) -> tuple[LockedFile, ...]:
    """Return the files of a package. lock-version 1.x lists the files of all locked versions of a name together."""
    entries = package.get("files")
    if entries is None:
        entries = document["metadata"].get("files", {}).get(package["name"], ())
    files = map(read_file, entries)
    return tuple(file for file in files if file.version in (None, Version(package["version"])))
