"""The content of a source tree: a digest of all files that a build may read, and what their text mentions.

A change of any file is another source. Left out are only the results of builds, and what version control and tools of
developers keep: other files that are ignored by git may be part of a build.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..store.names import digest
from ..system.files import decode, is_file, is_folder, is_there
from .scripts import Scripts, is_script, read_scripts

MOST_BYTES = 2 << 30
MOST_FILES = 100_000
"""Above these limits, a tree is not read: it would take longer than many builds."""
_LARGEST_TEXT = 2 << 20
"""The most bytes of a file that is searched."""

_KEPT_BY_TOOLS = (
    *(".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
    *(".hypothesis", ".DS_Store", ".ipynb_checkpoints"),
)
_RESULTS = re.compile(
    r"""
    .*\.egg-info | \.eggs | _skbuild | \.mesonpy-.*
    | build/(lib|lib\..*|temp\..*|bdist\..*|cp\d+|.*-[0-9a-f]{8})
    | dist/.*\.(whl|tar\.gz)
    | (.*/)?[^/]*\.py[co]
    """,
    re.VERBOSE,
)
"""The results of setuptools, scikit-build-core and meson-python, and our own build folders, by their path in a tree."""
_CODE = (".c", ".cc", ".cpp", ".cxx", ".cu", ".h", ".hh", ".hpp", ".hxx", ".cuh", ".inl", ".hip", ".pyx", ".pxd", ".in")
_UPWARD = re.compile(rb"(?:\.\./)+[\w./+-]*")
_ABOVE = re.compile(r"""["']\.\.["']|\bpardir\b|\.parent\.parent\b|\bparents\[[1-9]""")
"""How a Python file names the folder above its own."""

Signature = tuple[int, int, int]
"""Size, time of the last change, and inode of a file."""


class _Files(NamedTuple):
    tree: Path
    files: Mapping[str, str]
    """Path relative to the tree -> SHA-256, or the target of a link."""
    signatures: Mapping[str, Signature]
    scripts: Scripts


class Source(_Files):
    """A source tree that was read."""

    @cached_property
    def digest(self) -> str:
        """The digest of all paths and contents."""
        return digest([f"{path}={found}" for path, found in sorted(self.files.items())], 64)

    def find_changed(self) -> str | None:
        """Return a file that has changed since it was read; None if there is none. New files are results of a build."""
        for path, before in self.signatures.items():
            place = self.tree / path
            try:
                if _signature(place) != before and _hash(place) != self.files[path]:
                    return path
            except OSError:
                return path
        return None


def read_source(
    tree: Path, build_folders: Collection[Path] = (), backend_path: Collection[str] = (), *, is_complete: bool = False
) -> Source:
    """Read a source tree.

    :param build_folders: the folders in which the real backend compiles.
    :param backend_path: the folders from which the real backend is imported.
    :param is_complete: whether it needs nothing outside, as an sdist.
    :raises NoAnswer: if it cannot be read whole: it is too large, or needs what is outside.
    """
    reader = _Reader(tree, build_folders)
    reader.read_all()
    scripts = read_scripts(reader.texts, backend_path)
    if not is_complete and not is_file(tree / "PKG-INFO"):
        reader.read_outside()
        _check_not_above(reader.texts)
    return Source(tree=tree, files=reader.files, signatures=reader.signatures, scripts=scripts)


def _check_not_above(texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        found = _ABOVE.search(text) if path.endswith(".py") and "/" not in path else None
        if found is not None:
            raise NoAnswer(f"{path} names the folder above the source tree: {found.group()}")


class _Reader:
    """Reads the files of a tree, and those outside that it names."""

    def __init__(self, tree: Path, build_folders: Collection[Path]) -> None:
        self._tree = tree
        self._real = Path(os.path.realpath(tree))
        self._left_out = {str(folder) for folder in build_folders if folder != tree}
        self._bytes = 0
        self._outside: list[Path] = []
        self.files: dict[str, str] = {}
        self.signatures: dict[str, Signature] = {}
        self.texts: dict[str, str] = {}

    def read_all(self) -> None:
        """Read all files of the tree."""
        for path in self._list(self._tree):
            self._read(path)

    def read_outside(self) -> None:
        """Read what files of the tree name by a path that leads out of it."""
        seen = set[Path]()
        while self._outside:
            place = Path(os.path.realpath(self._outside.pop()))
            if place in seen or place.is_relative_to(self._real):
                continue
            seen.add(place)
            if self._real.is_relative_to(place):
                raise NoAnswer(f"a file of the source tree names a folder above it: {place}")
            for path in self._list(place) if is_folder(place) else [place]:
                self._read(path)

    def _list(self, folder: Path) -> Iterator[Path]:
        for inside, folders, names in os.walk(folder, onerror=_refuse):
            here = Path(inside)
            folders[:] = sorted(name for name in folders if not self._is_left_out(here / name))
            links = [name for name in folders if (here / name).is_symlink()]
            yield from (here / name for name in (*links, *sorted(names)) if not self._is_left_out(here / name))

    def _is_left_out(self, path: Path) -> bool:
        if path.name in _KEPT_BY_TOOLS or str(path) in self._left_out or is_file(path / "pyvenv.cfg"):
            return True
        return (
            path.is_relative_to(self._tree) and _RESULTS.fullmatch(path.relative_to(self._tree).as_posix()) is not None
        )

    def _read(self, path: Path) -> None:
        name = Path(os.path.relpath(path, self._tree)).as_posix()
        try:
            if path.is_symlink():
                self.files[name] = f"-> {path.readlink()}"
                self._outside.append(path)
                return
            self._count(path)
            self.signatures[name] = _signature(path)
            self.files[name] = _hash(path)
            if is_script(name) or name.endswith(_CODE):
                self._search(name, path)
        except OSError as error:
            raise NoAnswer(f"{path} cannot be read: {reason(error, path)}") from None

    def _count(self, path: Path) -> None:
        if not is_file(path):
            raise NoAnswer(f"{path} is not a file")
        self._bytes += path.stat().st_size
        if self._bytes > MOST_BYTES or len(self.files) >= MOST_FILES:
            raise NoAnswer(
                f"the source tree {self._tree} has more than {MOST_BYTES >> 30} GiB or {MOST_FILES} files to compare"
            )

    def _search(self, name: str, path: Path) -> None:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST_TEXT else b""
        if is_script(name) and not name.startswith("../"):
            self.texts[name] = decode(content)
        for found in _UPWARD.findall(content) if b"../" in content else ():
            place = path.parent / os.fsdecode(found)
            if not Path(os.path.normpath(place)).is_relative_to(self._tree) and is_there(place):
                self._outside.append(place)


def _refuse(error: OSError) -> None:
    raise NoAnswer(f"{error.filename} cannot be read: {reason(error, error.filename)}")


def _signature(path: Path) -> Signature:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def describe_place(path: Path) -> str | None:
    """Return a digest of what is at a path outside the source tree, by names, sizes and times; None if nothing is.

    :raises NoAnswer: if it has too many files.
    """
    if is_file(path):
        return digest([_describe_file(path)])
    texts: list[str] = []
    for inside, _, names in os.walk(path):
        texts += (f"{os.path.relpath(inside, path)}/{name} {_describe_file(Path(inside) / name)}" for name in names)
        if len(texts) > MOST_FILES // 10:
            raise NoAnswer(f"{path}, which a variable names, has more than {MOST_FILES // 10} files to compare")
    return digest(sorted(texts)) if texts else None


def _describe_file(path: Path) -> str:
    try:
        size, changed, _ = _signature(path)
    except OSError:  # a link to nothing
        return ""
    return f"{size} {changed}"
