"""``pdm.lock``, lock_version 4.x, with or without ``static_urls``.

The lock names no index; the indexes are in the project's pyproject.toml. A project may have several locks, one for each
of several exclusive choices (``pdm lock -L py312-linux.lock``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..config.selection import Selection, normalise_names
from ..system.files import is_file
from ..system.platforms import Platform
from ..system.urls import as_url
from .answer import SOURCE, Locked, corrupt, limited, only_lock_errors, parse_toml, read_lock, read_version
from .direct import locked_directly
from .listing import Listing, choose_wheel, drop_missing, read_file, read_listed_version
from .pdm_project import Project, read_project

KNOWN = "4"
SYSTEMS = {"manylinux": "linux", "musllinux": "linux", "alpine": "linux", "macos": "darwin", "windows": "win32"}
"""System in a pdm target -> ``sys_platform``, if they differ."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "x86": "i686", "i386": "i686"}
"""Alias of a machine -> the name used for comparisons."""
REPOSITORIES = ("git", "hg", "svn", "bzr")


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name in the selected groups; pdm counts extras as groups.

    :raises LockError: if the file is not a pdm.lock of version 4.
    """
    document = parse_toml(read_lock(path), path)
    metadata = document.get("metadata", {})
    _check_version(metadata, path)
    if not _is_for(metadata, platform):
        return ()
    folder = _project_folder(path, selection)
    project = read_project(folder / "pyproject.toml")
    groups = _select(metadata.get("groups", ["default"]), project, selection)
    named = [package for package in document.get("package", ()) if canonicalize_name(package["name"]) == name]
    packages = limited(named, name)
    possible = [package for package in packages if platform.accepts(package.get("marker", ""))]
    # Without the strategy inherit_metadata, packages have no groups, so any may be needed.
    chosen = [package for package in possible if not groups.isdisjoint(package.get("groups", groups))]
    return drop_missing(
        _locate(name, package, project, path=path, folder=folder, platform=platform) for package in chosen or possible
    )


def _check_version(metadata: Mapping[str, Any], path: Path) -> None:
    version = metadata.get("lock_version")
    if str(version).partition(".")[0] != KNOWN:
        raise corrupt(path, f"found metadata.lock_version = {version!r}, expected 4.x, which this reader knows")


def _is_for(metadata: Mapping[str, Any], platform: Platform) -> bool:
    """Return whether the lock is for this platform; a lock without targets (before 4.5) may be for any."""
    targets = metadata.get("targets", ())
    return not targets or any(_is_target(target, platform) for target in targets)


def _is_target(target: Mapping[str, str], platform: Platform) -> bool:
    """Return whether a target is this platform. The system's version is ignored: pdm only warns about it."""
    environment = platform.environment
    pythons = target.get("requires_python", "").split("||")
    is_python = any(SpecifierSet(p).contains(environment["python_full_version"], prereleases=True) for p in pythons)
    is_kind = target.get("implementation", environment["implementation_name"]) == environment["implementation_name"]
    system, _, rest = target.get("platform", "").partition("_")
    is_system = not system or SYSTEMS.get(system, system) == environment["sys_platform"]
    return is_python and is_kind and is_system and (not rest or _is_machine(rest, environment["platform_machine"]))


def _is_machine(rest: str, machine: str) -> bool:
    """Return whether the rest of a target, such as ``2_17_x86_64`` or ``arm64``, ends with the machine."""
    names = {name for name in (*MACHINES, *MACHINES.values()) if _one_name(name) == _one_name(machine.lower())}
    return any(rest == name or rest.endswith(f"_{name}") for name in (*names, machine.lower()))


def _one_name(machine: str) -> str:
    return MACHINES.get(machine, machine)


def _project_folder(path: Path, selection: Selection) -> Path:
    """Return the project's folder: the lock's folder, unless ``-L`` placed the lock elsewhere."""
    project = selection.project
    is_elsewhere = project is not None and not is_file(path.with_name("pyproject.toml"))
    return project if project is not None and is_elsewhere else path.parent


def _select(locked: list[str], project: Project, selection: Selection) -> frozenset[str]:
    """Return the groups that are installed, as pdm's ``GroupSelection`` does: by default all locked groups.

    If groups are selected, the result also contains the default group, and all development groups unless one of them is
    selected.
    """
    known = project.groups or frozenset(locked)
    dev = project.dev_groups if project.groups else known - {"default"}
    named = selection.groups | selection.extras
    every = selection.all_groups or selection.all_extras
    without = selection.without_groups | selection.without_extras
    if selection.default_groups and not (named or every or without or selection.only_groups):
        return normalise_names(locked) & known
    groups = set(named) if selection.only_groups else {"default", *named}
    if selection.default_groups and not named & dev:
        groups |= dev
    return frozenset(groups | (known - dev - {"default"} if every else set())) - without


def _locate(  # noqa: PLR0913 - a package and its context
    name: str, package: Mapping[str, Any], project: Project, *, path: Path, folder: Path, platform: Platform
) -> Locked:
    version, detail = read_version(package), package.get("marker", "")
    if any(key in package for key in REPOSITORIES):
        return Locked(name=name, version=version, lock=path, missing=SOURCE, detail=detail)
    files = tuple(read_file(_with_root(entry, folder)) for entry in package.get("files", ()))
    direct = package.get("url") or package.get("path")
    if direct is None:
        listing = Listing(
            name=name,
            version=read_listed_version(package),
            lock=path,
            files=files,
            indexes=project.indexes_of(name),
            or_default=project.asks_default(name),
            detail=detail,
        )
        return choose_wheel(listing, platform)
    url = as_url(_with_root({"url": direct}, folder)["url"], folder)
    hashes = frozenset(file.sha256 for file in files if file.sha256 is not None)
    locked = locked_directly(name, url, hashes=hashes, lock=path, platform=platform, detail=detail)
    return locked._replace(version=locked.version or version)


def _with_root(entry: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """Insert the project's folder into a URL for which pdm writes a placeholder."""
    if "url" not in entry:
        return entry
    root = folder.absolute().as_uri()
    return {**entry, "url": entry["url"].replace("file:///${PROJECT_ROOT}", root).replace("{root:uri}", root)}
