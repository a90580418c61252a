"""Finding the person's cache, and making folders in it."""

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
"""The cache of a person without a home folder. It cannot be written to, but many builds write nothing."""


def find_cache(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of our cache, which may not exist yet.

    :param named: the folder in the settings.
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
    """Return the person's home folder; None in a container whose user id has no name.

    A relative path counts as none, since it would be another folder in each source tree.
    """
    home = environ.get("HOME")
    found = Path(os.path.expanduser("~") if home is None else home)  # noqa: PTH111 - Path.home raises
    return found if found.is_absolute() else None


def open_folder(folder: Path) -> Path:
    """Make one of the folders in the cache, and the cache itself, if they do not exist; return the folder.

    Everything that writes into the cache calls this first. A new cache is not readable by others, since the output and
    the downloads of builds are private.

    :param folder: its parent is the cache.
    :raises OSError: if it cannot be made.
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
    """Return the next step if the cache cannot be written to.

    :param otherwise: an alternative, as the rest of the sentence.
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
    """Refuse a cache that others can write to: its content is run as the person.

    :raises ProvisionError: names the two ways out.
    """
    objection = trust.objection(cache)
    if objection is not None:
        raise ProvisionError(
            "cache-of-another-user",
            "the cache {cache} is not used, because its content runs as you: {objection}",
            hint="Name a folder of your own: RUNTIME_BACKEND_CACHE_DIR=/path. If you trust this one, name it:"
            " {setting}",
            cache=cache,
            objection=objection,
            setting=trusting(cache),
        )


def bytecode_folder(cache: Path) -> Path:
    """Return the folder for the byte code of builds, which must not be written into the target through an overlay."""
    return cache / "bytecode"


def prune_bytecode(cache: Path, passing: Sequence[Path], kept: Path) -> None:
    """Remove byte code whose source will never be imported again from the same path.

    A build also compiles modules of its build environment, whose path is new each time, so their byte code would
    accumulate. The byte code of the standard library and of overlays is used by the next build.

    :param passing: the folders that contain build environments and unpacked sources.
    :param kept: the folder of overlays, which may be inside one of those.
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
