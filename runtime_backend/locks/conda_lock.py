"""``conda-lock.yml``, version 1: packages of conda and pip, each for one platform and one category."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..config.selection import Selection
from ..system.platforms import Platform
from .answer import Locked, corrupt, only_lock_errors, read_lock, read_version
from .conda import CondaPackage, conda_name, conda_platform, lock_pypi
from .yaml import parse_part

_ITEM = re.compile(r"^- .*\n(?: .*\n)*", re.MULTILINE)


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the locked runtimes of that name for this platform, in the categories that are installed.

    :raises LockError: if the file is not a conda-lock of version 1.
    """
    document = parse_part(read_lock(path), _ITEM, _wanted(name), path)
    if document.get("version") != "1":
        raise corrupt(
            path, f"found version: {document.get('version')}, expected 1, the only version that this reader knows"
        )
    subdir = conda_platform(platform)
    found = (
        _locked(entry, name, path, platform)
        for entry in document["package"] or ()
        if entry["platform"] == subdir and _is_of(entry, name) and _is_installed(entry, selection)
    )
    return tuple(dict.fromkeys(found))  # each category repeats the entry


def _wanted(name: str) -> Callable[[str], bool]:
    spelled = name.replace("-", "[-_.]+")
    named = re.compile(rf"^..name: .*(?:{spelled}|{re.escape(conda_name(name))})", re.MULTILINE | re.IGNORECASE)
    return lambda item: named.search(item) is not None


def _is_of(entry: Mapping[str, Any], name: str) -> bool:
    if entry["manager"] == "conda":
        return bool(entry["name"] == conda_name(name))
    return canonicalize_name(entry["name"]) == name


def _is_installed(entry: Mapping[str, Any], selection: Selection) -> bool:
    """``conda-lock install`` installs ``main``, ``dev`` unless ``--no-dev`` is given, and the given extras."""
    category = entry.get("category") or "main"
    if category in selection.without_groups | selection.without_extras:
        return False
    if category == "dev":
        return selection.default_groups or selection.all_groups or "dev" in selection.groups
    return category == "main" or selection.all_extras or category in selection.extras | selection.groups


def _locked(entry: Mapping[str, Any], name: str, path: Path, platform: Platform) -> Locked:
    url: str = entry["url"]
    if entry["manager"] == "conda":
        return CondaPackage.from_entry(entry, url).lock(name, path)
    sha256 = (entry.get("hash") or {}).get("sha256")
    return lock_pypi(name, read_version(entry), url, sha256, path=path, platform=platform, detail="of pip")
