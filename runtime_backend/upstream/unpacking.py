"""Unpacking a foreign archive, so that it cannot write outside the folder or fill the disk."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from ..archives.packed import BROKEN, Header, why_broken
from ..errors import FULL, SourceError
from ..system.files import is_folder, list_names

LARGEST = 16 << 30
"""Limit of unpacked bytes; the largest real source (with CUTLASS and its history) has a few hundred MiB."""

MOST = 1 << 20
"""Limit of entries in an archive; the largest real sources have some ten thousand."""
_LONGEST = 4096
"""Limit of bytes in a path, and in the target of a link (PATH_MAX of Linux)."""
_LAST_TIME = 1 << 34
"""Limit of seconds since the epoch, in the year 2514: file systems reject later times."""
_ENCRYPTED = 1
"""Bit in the flags of a zip file's entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Member:
    """One entry of an archive."""

    name: str
    kind: str
    """``file``, ``folder``, ``link`` (symbolic), ``copy`` (a hard link), or a description of anything else."""
    content: IO[bytes] = field(default_factory=io.BytesIO)
    size: int = 0
    is_executable: bool = False
    time: float = 0
    target: str = ""


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive into a new folder; return the only folder in it, else the new folder itself.

    :raises SourceError: if the archive is damaged, or has an entry that sources never have.
    """
    folder.mkdir(parents=True)
    unpacking = _Unpacking(archive.name, folder)
    try:
        for member in _members(archive):
            unpacking.add(member)
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise SourceError(
            "archive-refused", "{archive} cannot be unpacked: {why}", archive=archive.name, why=why_broken(error)
        ) from None
    names = list_names(folder)
    return folder / names[0] if len(names) == 1 and is_folder(folder / names[0]) else folder


def _members(archive: Path) -> Iterator[_Member]:
    # In this order: a tar file with a zip file near its end looks like a zip file.
    try:
        tar = tarfile.open(archive, tarinfo=Header)  # noqa: SIM115 - _tarred closes it
    except tarfile.TarError:
        yield from _zipped(archive)
    else:
        yield from _tarred(tar)


def _tarred(tar: tarfile.TarFile) -> Iterator[_Member]:
    with tar as archive:
        while (item := archive.next()) is not None:
            vars(archive)["members"].clear()  # tarfile would keep all members in memory
            kinds = {item.isreg(): "file", item.isdir(): "folder", item.issym(): "link", item.islnk(): "copy"}
            yield _Member(
                name=item.name,
                kind=kinds.get(True, "a device or a pipe"),
                content=(archive.extractfile(item) if item.isreg() else None) or io.BytesIO(),
                size=item.size if item.isreg() else 0,
                is_executable=bool(item.mode & stat.S_IXUSR),
                time=item.mtime,
                target=item.linkname,
            )


def _zipped(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            mode = item.external_attr >> 16
            if item.flag_bits & _ENCRYPTED:
                raise SourceError(
                    "archive-refused",
                    "{path}: {filename!r} is encrypted; it is not unpacked",
                    path=path.name,
                    filename=item.filename,
                )
            if item.is_dir():
                yield _Member(name=item.filename.rstrip("/"), kind="folder")
            elif stat.S_ISLNK(mode):
                with archive.open(item) as content:
                    target = content.read(_LONGEST + 1).decode("utf-8", "replace")
                yield _Member(name=item.filename, kind="link", target=target)
            else:
                with archive.open(item) as content:
                    yield _Member(
                        name=item.filename,
                        kind="file",
                        content=content,
                        size=item.file_size,
                        is_executable=bool(mode & stat.S_IXUSR),
                    )


@dataclass
class _Unpacking:
    """The state of unpacking one archive."""

    archive: str
    folder: Path
    size: int = 0
    members: int = 0
    links: set[PurePosixPath] = field(default_factory=set)

    def add(self, member: _Member) -> None:
        """Write one entry to the disk.

        :raises SourceError: if the entry is refused.
        """
        self._check_name(member)
        name = PurePosixPath(member.name)
        self._check(member, name)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "folder":
            path.mkdir(exist_ok=True)
        elif member.kind == "link":
            path.symlink_to(member.target)
            self.links.add(name)
        elif member.kind == "copy":
            shutil.copy2(self._original(member), path)
        else:
            self._write(member, path)

    def _check_name(self, member: _Member) -> None:
        self.members += 1
        if self.members > MOST:
            raise SourceError(
                "archive-refused",
                "{archive}: found more than {most} files, expected fewer in a source",
                archive=self.archive,
                most=MOST,
            )
        if "\0" in member.name + member.target:
            raise self._refusal(member, "a path with a NUL")
        if max(len(member.name), len(member.target)) > _LONGEST:
            raise SourceError(
                "archive-refused",
                "{archive}: {start!r} ...: found a path of more than {longest} letters",
                archive=self.archive,
                start=member.name[:60],
                longest=_LONGEST,
            )

    def _check(self, member: _Member, name: PurePosixPath) -> None:
        if name.is_absolute() or ".." in name.parts or "\\" in member.name:
            raise self._refusal(member, "a path that leads out of it")
        if not self.links.isdisjoint((name, *name.parents)):
            raise self._refusal(member, "a path that goes through a link")
        if member.kind == "link" and not _stays_inside(name, member.target):
            raise self._refusal(member, f"a link that leads out of it, to {member.target!r}")
        if member.kind not in ("file", "folder", "link", "copy"):
            raise self._refusal(member, member.kind)

    def _original(self, member: _Member) -> Path:
        """Return the file that a hard link refers to."""
        target = PurePosixPath(member.target)
        path = self.folder / target
        if target.is_absolute() or ".." in target.parts or not self.links.isdisjoint((target, *target.parents)):
            raise self._refusal(member, f"a link that leads out of it, to {member.target!r}")
        self._count(path.stat().st_size)
        return path

    def _write(self, member: _Member, path: Path) -> None:
        self._count(member.size)
        with path.open("wb") as file:
            shutil.copyfileobj(member.content, file, 1 << 20)
        path.chmod(0o755 if member.is_executable else 0o644)
        if 0 < member.time < _LAST_TIME:
            os.utime(path, (member.time, member.time))

    def _count(self, size: int) -> None:
        self.size += size
        if self.size > LARGEST:
            raise SourceError(
                "archive-refused",
                "{archive}: found more than {largest} bytes of content, expected fewer in a source",
                archive=self.archive,
                largest=LARGEST,
            )

    def _refusal(self, member: _Member, found: str) -> SourceError:
        return SourceError(
            "archive-refused",
            "{archive}: {member!r}: found {found}; it is not unpacked",
            hint="No source has that. Report it to the publisher, and use another version.",
            archive=self.archive,
            member=member.name,
            found=found,
        )


def _stays_inside(name: PurePosixPath, target: str) -> bool:
    """Return whether a symbolic link leads to something in the archive.

    Nothing is unpacked through a link, so all parents of this link are folders, and ``..`` at the start of the target
    is safe. A later ``..`` might be relative to the target of another link.
    """
    path = PurePosixPath(target)
    ups = next((index for index, part in enumerate(path.parts) if part != ".."), len(path.parts))
    is_inside = ups < len(name.parts) - 1 or (ups == len(name.parts) - 1 and ups < len(path.parts))
    return not path.is_absolute() and "\\" not in target and ".." not in path.parts[ups:] and is_inside
