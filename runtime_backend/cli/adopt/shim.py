"""The shim as files: what a package needs to contain a copy of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ... import __version__
from ...config.build_requires import SHIM_REQUIRES
from ...errors import CommandError
from ...formats.jsontext import parse_json
from ...store.atomic import replacing_folder
from ...system.files import is_file, is_folder, read_text

SHIM = Path(__file__).parents[2]

REQUIRES = tuple(SHIM_REQUIRES.values())
"""The shim's own requirements, as in its pyproject.toml. No frontend installs them for a copy."""

MANIFEST, ATTRIBUTES = "VENDORED.json", ".gitattributes"

_ATTRIBUTES = "* linguist-vendored linguist-generated\n"
"""Attributes that fold the files in reviews, and exclude them from the repository's statistics."""
_FORMAT = 1
_CACHES = ("__pycache__",)
_LEFT_OUT = ("cli", "__main__.py", *_CACHES)
"""Parts that only the command line needs: a copy has none of them."""


class Copy(NamedTuple):
    """A copy in another package."""

    version: str
    is_current: bool
    """Whether it equals the shim that is running."""
    drift: tuple[str, ...]
    """The changes since it was made; a manifest that is not of its version, too."""
    added: frozenset[str]
    """The files in it that the manifest does not name."""

    @property
    def is_intact(self) -> bool:
        """Return whether it is the shim that is running, unchanged."""
        return self.is_current and not self.drift


def copy_shim(folder: Path) -> None:
    """Write a copy with its manifest into a folder in one step, replacing an older copy.

    If it is interrupted, a complete copy exists, or none. It removes what an earlier interrupted run left.
    """
    with replacing_folder(folder) as new:
        _write_copy(new)


def remove_copy(folder: Path) -> None:
    """Remove a copy, and the folder around it if that is empty."""
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


def read_copy(folder: Path) -> Copy | None:
    """Compare a copy with its manifest and with this shim; None if there is none.

    :raises CommandError: if the folder contains something else.
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
            "no-vendored-copy",
            "{path}: found {found}, expected the manifest of a copy",
            hint="Remove the folder, then run: runtime-backend vendor",
            path=path,
            found="another format" if is_file(path) else "none",
        )
    found, own = _hashes(folder, left_out=_CACHES), _hashes(SHIM)
    drift = list(_differences(files, found))
    if files != own and version == __version__:
        drift.append(f"{MANIFEST}: found other hashes than those of version {version}")
    return Copy(
        version=version,
        is_current=files == own,
        drift=tuple(drift),
        added=frozenset(found.keys() - files.keys()),
    )


def _differences(expected: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    yield from (f"{name}: missing" for name in sorted(expected.keys() - found.keys()))
    yield from (f"{name}: not of the shim" for name in sorted(found.keys() - expected.keys()))
    yield from (f"{name}: edited" for name in sorted(expected) if found.get(name, expected[name]) != expected[name])


def _hashes(folder: Path, left_out: Collection[str] = _LEFT_OUT) -> dict[str, str]:
    """Return path -> SHA-256, independent of the line ends of a checkout."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for path in _files(folder, left_out)
    }


def _files(folder: Path, left_out: Collection[str]) -> Iterator[Path]:
    for inside, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in left_out)
        yield from (Path(inside) / name for name in sorted(names) if name not in (*left_out, MANIFEST, ATTRIBUTES))
