"""The shim as files: what a package needs to carry it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ... import __version__
from ...errors import CommandError
from ...formats.jsontext import parse_json
from ...system.files import is_file, is_folder, read_text

SHIM = Path(__file__).parents[2]

REQUIRES = ("packaging>=26.1", "pyproject-hooks>=1.1", "tomli>=2; python_version < '3.11'")
"""What it needs, and no frontend installs for a copy; the same as in the shim's own pyproject.toml."""

MANIFEST, ATTRIBUTES = "VENDORED.json", ".gitattributes"

_ATTRIBUTES = "* linguist-vendored linguist-generated\n"
"""Reviews fold the files, and the statistics of the repository leave them out."""
_FORMAT = 1
_LEFT_OUT = ("cli", "__main__.py", "__pycache__")
"""What only the command line needs."""
_PASSING = ("new", "old")
"""Names of what is there while a copy is made."""


class Copy(NamedTuple):
    """A copy in somebody's package."""

    version: str
    is_current: bool
    """Whether it is the same as the running one."""
    drift: tuple[str, ...]
    """What was done to it since it was made."""


def copy_shim(folder: Path) -> None:
    """Put a copy into a folder, with its manifest, in one step; an older one goes.

    Whatever stops it, there is a whole copy or none, and what an earlier run left is swept.
    """
    _remove_passing(folder)
    new, old = (folder.with_name(f".{what}-{os.getpid()}-{folder.name}") for what in _PASSING)
    try:
        _write_copy(new)
        if is_folder(folder):
            folder.rename(old)
        new.rename(folder)
    finally:
        if is_folder(old) and not is_folder(folder):
            old.rename(folder)
        _remove_passing(folder)


def remove_copy(folder: Path) -> None:
    """Remove a copy, and the folder around it where nothing else is in there."""
    shutil.rmtree(folder)
    with suppress(OSError):
        folder.parent.rmdir()


def _write_copy(folder: Path) -> None:
    hashes = _hashes(SHIM)
    for name in hashes:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIM / name, folder / name)
    manifest = {"format": _FORMAT, "version": __version__, "files": hashes}
    (folder / MANIFEST).write_text(f"{json.dumps(manifest, indent=2)}\n", "utf-8")
    (folder / ATTRIBUTES).write_text(_ATTRIBUTES, "utf-8")


def _remove_passing(folder: Path) -> None:
    for what in _PASSING:
        for left in folder.parent.glob(f".{what}-*-{folder.name}"):
            shutil.rmtree(left, ignore_errors=True)


def read_copy(folder: Path) -> Copy | None:
    """Return what a copy is; None where there is none.

    :raises CommandError: when there is something else.
    """
    if not is_folder(folder):
        return None
    path = folder / MANIFEST
    try:
        manifest = parse_json(read_text(path))
        version, files = str(manifest["version"]), dict(manifest["files"])
        is_known = manifest["format"] == _FORMAT
    except (ValueError, KeyError, TypeError):
        is_known, version, files = False, "", {}
    if not is_known:
        raise CommandError(
            f"{path}: found {'another format' if is_file(path) else 'none'}, expected the manifest of a copy",
            hint="Remove the folder, then run: runtime-backend vendor",
        )
    found = _hashes(folder)
    return Copy(version=version, is_current=files == _hashes(SHIM), drift=tuple(_differences(files, found)))


def _differences(expected: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    yield from (f"{name}: missing" for name in sorted(expected.keys() - found.keys()))
    yield from (f"{name}: not of the shim" for name in sorted(found.keys() - expected.keys()))
    yield from (f"{name}: edited" for name in sorted(expected) if found.get(name, expected[name]) != expected[name])


def _hashes(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256, whatever line ends a checkout has."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for path in _files(folder)
    }


def _files(folder: Path) -> Iterator[Path]:
    for inside, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        yield from (Path(inside) / name for name in sorted(names) if name not in (*_LEFT_OUT, MANIFEST, ATTRIBUTES))
