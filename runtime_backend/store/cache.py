"""Where this person's cache is, and making folders in it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import FULL, ProvisionError
from ..system.files import is_folder, list_names
from ..system.trust import Trust, trusting

HOMELESS = Path(os.devnull) / "runtime-backend"
"""The cache of a person without a home folder: nothing can be written there, and many builds write nothing."""


def find_cache(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of our cache, which need not exist yet.

    :param named: the one that the settings name.
    """
    if named is not None:
        return named
    if os.name == "nt" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "runtime-backend" / "Cache"
    base, home = Path(environ.get("XDG_CACHE_HOME", "")), _find_home(environ)
    if sys.platform == "darwin":
        return HOMELESS if home is None else home / "Library" / "Caches" / "runtime-backend"
    # The XDG specification: a relative path is invalid and is ignored.
    if base.is_absolute():
        return base / "runtime-backend"
    return HOMELESS if home is None else home / ".cache" / "runtime-backend"


def _find_home(environ: Mapping[str, str]) -> Path | None:
    """Return a person's home folder; None in a container whose user is a number without a name.

    A relative one would be another folder in each source tree.
    """
    home = environ.get("HOME")
    found = Path(os.path.expanduser("~") if home is None else home)  # noqa: PTH111 - Path.home raises
    return found if found.is_absolute() else None


def open_folder(folder: Path) -> Path:
    """Make one of the folders in the cache, and the cache itself, if they are not there; return the folder.

    Everything that is written into the cache goes through here first. What builds print and fetch is their person's:
    a cache that is made here is closed to others.

    :param folder: its parent is the cache.
    :raises OSError: when it cannot be made.
    """
    if folder.is_relative_to(HOMELESS):
        raise NotADirectoryError(
            errno.ENOTDIR, "no home folder: HOME is not set, and the system knows no user with this id"
        )
    try:
        if not is_folder(folder):
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), error.filename) from None
    return folder


def way_out(error: OSError, otherwise: str = "") -> str:
    """Return what to do when the cache cannot be written to.

    :param otherwise: another way, as the rest of a sentence.
    """
    if error.errno in FULL:
        return (
            "Free some space there (`runtime-backend cache clean` removes what no build uses), or name a cache folder"
            f" on another disk: RUNTIME_BACKEND_CACHE_DIR=/path{otherwise}."
        )
    if error.errno == errno.ESTALE:
        return f"Run the same command again{otherwise}."
    return f"Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path{otherwise}."


def check_owner(cache: Path, trust: Trust) -> None:
    """Refuse a cache that others can write to: what lies in it is run as the person.

    :raises ProvisionError: with the two ways out.
    """
    objection = trust.objection(cache)
    if objection is not None:
        raise ProvisionError(
            f"the cache {cache} is not used, since what lies in it runs as you: {objection}",
            hint="Name a folder of your own: RUNTIME_BACKEND_CACHE_DIR=/path. If you trust this one, name it:"
            f" {trusting(cache)}",
        )


def bytecode_folder(cache: Path) -> Path:
    """Return the folder that takes the byte code of a build, which must not go into the target through an overlay."""
    return cache / "bytecode"


def prune_bytecode(cache: Path, passing: Sequence[Path], kept: Path) -> None:
    """Remove the byte code of what will never be imported again from the same path.

    A build compiles what it imports, from its build environment too; that one has another path every time, and its byte
    code would pile up. That of the standard library and of the overlays serves the next build.

    :param passing: the folders that build environments and unpacked sources lie in.
    :param kept: the overlays' folder, which may itself lie in one of those.
    """
    for folder in passing:
        _prune(bytecode_folder(cache) / folder.relative_to(folder.anchor), bytecode_folder(cache), kept)


def _prune(folder: Path, bytecode: Path, kept: Path) -> None:
    import shutil  # noqa: PLC0415 - two hooks of eight need it

    for name in list_names(folder):
        mirrored = Path(kept.anchor) / (folder / name).relative_to(bytecode)
        if not kept.is_relative_to(mirrored):
            shutil.rmtree(folder / name, ignore_errors=True)
        elif mirrored != kept:
            _prune(folder / name, bytecode, kept)
