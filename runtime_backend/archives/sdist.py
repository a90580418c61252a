"""Finished sdists: the files that a wheel build needs, and adding missing ones."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..store.atomic import replacing
from .packed import BROKEN, Header, refusal


def complete_sdist(sdist: Path, source: Path, needed: Iterable[Path]) -> list[str]:
    """Add the files that an sdist lacks, in one step, and return their paths in the source tree.

    :param needed: files inside the source tree.
    :raises BackendError: if the file is not an sdist.
    """
    root = sdist.name.removesuffix(".tar.gz")
    try:
        with tarfile.open(sdist, tarinfo=Header) as archive:
            there = set(archive.getnames())
        missing = [path for path in needed if f"{root}/{path.relative_to(source).as_posix()}" not in there]
        if missing:
            _add(sdist, root, source, missing)
    except BROKEN as error:
        message = f"{sdist}: the real backend returned a file that is not a .tar.gz archive, as PEP 517 requires"
        raise refusal(error, message) from None
    return [path.relative_to(source).as_posix() for path in missing]


def _add(sdist: Path, root: str, source: Path, missing: list[Path]) -> None:
    with (
        replacing(sdist) as new,
        tarfile.open(sdist) as old,
        tarfile.open(new, "w:gz", format=tarfile.PAX_FORMAT) as out,
    ):
        for member in old.getmembers():
            out.addfile(member, old.extractfile(member) if member.isreg() else None)
        for path in missing:
            out.add(path, f"{root}/{path.relative_to(source).as_posix()}", filter=_owned_by_nobody)


def _owned_by_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Remove the owner: an sdist does not identify its author."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def pack_files(sdist: Path, source: Path, files: Iterable[Path], pkg_info: bytes) -> None:
    """Make an sdist of some files of a source tree, and of metadata (PEP 643)."""
    root = sdist.name.removesuffix(".tar.gz")
    member = tarfile.TarInfo(f"{root}/PKG-INFO")
    member.size, member.mtime = len(pkg_info), int(time.time())
    with tarfile.open(sdist, "w:gz", format=tarfile.PAX_FORMAT) as out:
        for path in dict.fromkeys(files):
            out.add(path, f"{root}/{path.relative_to(source).as_posix()}", filter=_owned_by_nobody)
        out.addfile(member, io.BytesIO(pkg_info))


def files_for_a_build(source: Path, shim: Path) -> Iterator[Path]:
    """Yield the files that a wheel build needs: pyproject.toml, and this shim if it is vendored.

    :param shim: the folder of this package.
    """
    yield source / "pyproject.toml"
    if not shim.is_relative_to(source):
        return
    for folder, folders, files in os.walk(shim):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(folder) / name for name in sorted(files))
