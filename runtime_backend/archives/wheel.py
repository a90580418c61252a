"""Finished wheels: reading their content, and adding files."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import BackendError
from ..store.atomic import replacing
from .packed import BROKEN, refusal, why_broken

_COMPILED = (".so", ".pyd", ".dylib", ".dll", ".a", ".lib")
_COMPILABLE = (".c", ".cc", ".cpp", ".cxx", ".cu", ".hip", ".mm", ".pyx", ".rs", ".f90")
_NOT_SOURCE = {".git", ".hg", ".tox", ".nox", ".venv", "build", "dist", "node_modules", "__pycache__", "tests", "test"}


def count_compiled(wheel: Path) -> int:
    """Return the number of compiled files in a wheel.

    :raises BackendError: if the file is not a wheel, like all functions here.
    """
    with _opened(wheel) as archive:
        return sum(_is_compiled(name) for name in archive.namelist())


def _is_compiled(name: str) -> bool:
    return name.endswith(_COMPILED) or ".so." in name.rpartition("/")[2]


def find_compilable(source: Path) -> str | None:
    """Return a source file for a compiler in a source tree, relative to the tree; None if there is none."""
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCE)
        found = next((name for name in sorted(files) if name.endswith(_COMPILABLE)), None)
        if found is not None:
            return os.path.relpath(os.path.join(folder, found), source)  # noqa: PTH118 - os.walk gives strings
    return None


def put_into_dist_info(wheel: Path, files: Mapping[str, bytes], top: Mapping[str, bytes] | None = None) -> None:
    """Add files to a wheel's dist-info and its RECORD in one step, replacing existing ones.

    Entries in front of the first replaced one are not compressed again: that takes minutes for a large wheel, and
    dist-info is at the end of a wheel.

    :param files: name -> content.
    :param top: files at the top of the wheel.
    :raises BackendError: if the wheel has no RECORD in its dist-info.
    """
    with replacing(wheel) as new, _opened(wheel) as old:
        record = _find_record(old, wheel)
        folder = record.filename.rpartition("/")[0]
        added = {**{f"{folder}/{name}": content for name, content in files.items()}, **(top or {})}
        replaced = {record.filename, *added}
        shutil.copyfile(wheel, new)
        with zipfile.ZipFile(new, "a", zipfile.ZIP_DEFLATED) as out:
            for item in _cut(out, replaced):
                if item.filename not in replaced:
                    _copy(old, item, out)
            for path, content in added.items():
                _write(out, path, record, content)
            _write(out, record.filename, record, _new_record(_read_record(old, record, wheel), added))


def _cut(archive: zipfile.ZipFile, names: Collection[str]) -> list[zipfile.ZipInfo]:
    """Remove the first entry that has one of the names, and all behind it, from an open archive; return them.

    What is written next overwrites them.
    """
    items = sorted(archive.infolist(), key=lambda item: item.header_offset)
    first = next(number for number, item in enumerate(items) if item.filename in names)
    for item in items[first:]:
        archive.filelist.remove(item)
        archive.NameToInfo.pop(item.filename, None)
    archive.start_dir = items[first].header_offset
    return items[first:]


def with_version(wheel: Path, version: str, to: Path) -> None:
    """Write a wheel with another version: without the label that its authors added when they published it.

    :raises BackendError: if the file is not a wheel.
    """
    with _opened(wheel) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as out:
        record = _find_record(old, wheel)
        before = record.filename.partition(".dist-info/")[0]
        after = f"{before.partition('-')[0]}-{version}"
        rows = []
        for item in old.infolist():
            name = re.sub(rf"^{re.escape(before)}(\.dist-info|\.data)/", rf"{after}\1/", item.filename)
            content = old.read(item)
            if name == f"{after}.dist-info/METADATA":
                content = re.sub(rb"(?m)^Version:[^\r\n]*", f"Version: {version}".encode(), content, count=1)
            if item.filename != record.filename:
                rows.append(_row(name, content))
                _write(out, name, item, content)
        _write(out, f"{after}.dist-info/RECORD", record, _record_text([*rows, [f"{after}.dist-info/RECORD", "", ""]]))


def read_from_dist_info(wheel: Path, name: str) -> bytes | None:
    """Return the content of a file in a wheel's dist-info; None if there is none."""
    with _opened(wheel) as archive:
        names = (
            entry for entry in archive.namelist() if entry.endswith(f".dist-info/{name}") and entry.count("/") == 1
        )
        found = next(names, None)
        return None if found is None else archive.read(found)


def read_top_modules(wheel: Path) -> tuple[str, dict[str, str]]:
    """Return the name of a wheel's dist-info, and its modules at the top: name -> text."""
    with _opened(wheel) as archive:
        info = _find_record(archive, wheel).filename.rpartition("/")[0]
        names = [name for name in archive.namelist() if name.endswith(".py") and "/" not in name]
        return info, {name.removesuffix(".py"): archive.read(name).decode("utf-8", "replace") for name in names}


@contextmanager
def _opened(wheel: Path) -> Iterator[zipfile.ZipFile]:
    """Open the file that the real backend made.

    :raises BackendError: if it is not a wheel.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            yield archive
    except BROKEN as error:
        message = f"{wheel}: the real backend returned a file that is not a wheel: {why_broken(error)}"
        raise refusal(error, message) from None


def _find_record(archive: zipfile.ZipFile, wheel: Path) -> zipfile.ZipInfo:
    for item in archive.infolist():
        if item.filename.endswith(".dist-info/RECORD") and item.filename.count("/") == 1:
            return item
    raise BackendError(
        "wheel-without-record", "{wheel}: the real backend made a wheel without a .dist-info/RECORD", wheel=wheel
    )


def _copy(old: zipfile.ZipFile, item: zipfile.ZipInfo, out: zipfile.ZipFile) -> None:
    with old.open(item) as content, out.open(_like(item, item.filename), "w") as target:
        shutil.copyfileobj(content, target, 1 << 20)


def _write(out: zipfile.ZipFile, name: str, like: zipfile.ZipInfo, content: bytes) -> None:
    out.writestr(_like(like, name), content)


def _like(item: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    """Return an entry with the time and mode of another, so that a reproducible wheel stays reproducible."""
    new = zipfile.ZipInfo(name, item.date_time)
    new.compress_type, new.external_attr, new.create_system = item.compress_type, item.external_attr, item.create_system
    new.file_size = item.file_size  # from which zipfile decides whether the entry needs ZIP64
    return new


def _read_record(archive: zipfile.ZipFile, record: zipfile.ZipInfo, wheel: Path) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(archive.read(record).decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise BackendError(
            "wheel-without-record",
            "{wheel}: {filename}: cannot be read, expected UTF-8 text with a path, a hash and a size in each line",
            wheel=wheel,
            filename=record.filename,
        ) from None


def _new_record(old: list[list[str]], added: Mapping[str, bytes]) -> bytes:
    rows = [row for row in old if row and row[0] not in added]
    for path, content in added.items():
        rows.insert(len(rows) - 1, _row(path, content))
    return _record_text(rows)


def _row(path: str, content: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [path, f"sha256={digest}", str(len(content))]


def _record_text(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8")
