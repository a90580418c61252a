"""``conda-<platform>.lock``: conda-lock's explicit format for one platform, a package per line below ``@EXPLICIT``."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config.selection import Selection
from ..system.platforms import Platform
from .answer import Locked, corrupt, only_lock_errors, read_lock
from .conda import CondaPackage, conda_name, conda_platform, lock_pypi

_PLATFORM = re.compile(r"^# platform: *(\S+)$", re.MULTILINE)
_PIP = re.compile(r"^# pip (\S+) @ (\S+)$", re.MULTILINE)
_CONDA = re.compile(r"^[^#@\s].*$", re.MULTILINE)


@only_lock_errors
def read(path: Path, name: str, selection: Selection, platform: Platform) -> tuple[Locked, ...]:  # noqa: ARG001
    """Return the locked runtimes of that name, if the file is for this platform. It is made for one selection.

    :raises LockError: if the file has no line ``@EXPLICIT``.
    """
    text = read_lock(path)
    if not re.search(r"^@EXPLICIT$", text, re.MULTILINE):
        raise corrupt(path, "found no line @EXPLICIT, expected one, as conda-lock writes it")
    stated = _PLATFORM.search(text)
    subdir = stated.group(1) if stated else path.name.removeprefix("conda-").removesuffix(".lock")
    if subdir != conda_platform(platform):
        return ()
    packages = [CondaPackage.from_url(url.strip()) for url in _CONDA.findall(text)]
    found = [package.lock(name, path) for package in packages if package.name == conda_name(name)]
    found += [
        lock_pypi(name, "", url.partition("#")[0], _sha256(url), path=path, platform=platform, detail="of pip")
        for spelled, url in _PIP.findall(text)
        if canonicalize_name(spelled) == name
    ]
    return tuple(found)


def _sha256(url: str) -> str | None:
    algorithm, _, digest = url.partition("#")[2].partition("=")
    return digest if algorithm == "sha256" and digest else None
