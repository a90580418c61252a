"""The content of a source tree: a digest of all files that a build may read, and what their text mentions.

A change of any file is another source. Left out are only the results of builds, and what version control and tools of
developers keep: other files that are ignored by git may be part of a build.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..store.names import digest
from ..system.files import decode, file_digest, is_file, is_folder, is_there, read_bytes
from .outside import find_above, find_upward, is_code, list_places
from .scripts import Scripts, find_scripts, is_script, read_scripts

MOST_BYTES = 2 << 30
MOST_FILES = 100_000
"""Above these limits, a tree is not read: it would take longer than many builds."""

_KEPT_BY_TOOLS = (
    *(".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
    *(".hypothesis", ".DS_Store", ".ipynb_checkpoints"),
)
_RESULTS = re.compile(
    r"""
    .*\.egg-info | _skbuild | \.mesonpy-[^/]*
    | build/(lib|lib\.[^/]*|temp\.[^/]*|bdist\.[^/]*|cp\d+|[^/]*-[0-9a-f]{8})
    | dist/[^/]*\.(whl|tar\.gz)
    """,
    re.VERBOSE,
)
"""The results of setuptools, scikit-build-core and meson-python, and our own build folders, by their path in a tree."""

Signature = tuple[int, int, int, bool]
"""Size, time of the last change, and inode of a file, and whether it is executable, which a wheel keeps."""


class _Files(NamedTuple):
    tree: Path
    files: Mapping[str, str]
    """Path relative to the tree -> SHA-256, or the target of a link; empty for an empty folder."""
    signatures: Mapping[str, Signature]
    scripts: Scripts


class Source(_Files):
    """A source tree that was read."""

    @cached_property
    def digest(self) -> str:
        """The digest of all paths and contents."""
        return digest([text for item in sorted(self.files.items()) for text in item], 64)

    def find_changed(self) -> str | None:
        """Return a file that has changed since it was read; None if there is none. New files are results of a build."""
        return next((path for path, found in self.files.items() if found and not self._has_still(path, found)), None)

    def _has_still(self, path: str, found: str) -> bool:
        place = self.tree / path
        try:
            if path not in self.signatures:
                return found == _target(place, self.tree)
            return _signature(place) == self.signatures[path] or found == _describe(place)
        except OSError:
            return False


def read_source(
    tree: Path, build_folders: Collection[Path] = (), backend_path: Collection[str] = (), *, is_complete: bool = False
) -> Source:
    """Read a source tree.

    :param build_folders: the folders in which the real backend compiles.
    :param backend_path: the folders from which the real backend is imported.
    :param is_complete: whether it needs nothing outside, and only its scripts matter: an upstream source.
    :raises NoAnswer: if it cannot be read whole: it is too large, or needs what is outside.
    """
    is_whole = is_complete or _is_sdist(tree)
    real = Path(os.path.realpath(tree))
    left_out = [real / folder.relative_to(tree) for folder in build_folders if folder.is_relative_to(tree)]
    reader = _Reader(real, left_out, follows_text=not is_whole)
    reader.read_all()
    if not is_complete:
        reader.read_outside()
    while not is_whole and reader.search_scripts(find_scripts(reader.texts, backend_path)):
        reader.read_outside()
    for path in () if is_whole else find_scripts(reader.texts, backend_path):
        found = find_above(path, reader.texts[path])
        if found is not None:
            raise NoAnswer(f"{path} names the folder above the source tree: {found}")
    scripts = read_scripts(reader.texts, backend_path)
    return Source(tree=real, files=reader.files, signatures=reader.signatures, scripts=scripts)


def _is_sdist(tree: Path) -> bool:
    """Return whether a tree is an unpacked sdist, not a checkout in which somebody has committed PKG-INFO."""
    return is_file(tree / "PKG-INFO") and not any(is_there(folder / ".git") for folder in (tree, *tree.parents))


class _Reader:
    """Reads the files of a tree, and those outside that it names.

    :param tree: its path without links.
    :param follows_text: whether to read what the text of files names.
    """

    def __init__(self, tree: Path, left_out: Collection[Path], *, follows_text: bool) -> None:
        self._tree = tree
        self._left_out = {folder for folder in left_out if folder != tree}
        self._follows_text = follows_text
        self._bytes = 0
        self._outside: list[Path] = []
        self._searched: set[bytes] = set()
        self._scripts: set[str] = set()
        self.files: dict[str, str] = {}
        self.signatures: dict[str, Signature] = {}
        self.texts: dict[str, str] = {}

    def read_all(self) -> None:
        """Read all files of the tree."""
        for path in self._list(self._tree):
            self._read(path)

    def read_outside(self) -> None:
        """Read what links of the tree lead to, and what files name by a path that leads out of it."""
        seen = set[Path]()
        while self._outside:
            named = self._outside.pop()
            place = Path(os.path.realpath(named))
            if place != Path(os.path.normpath(named)):
                self.files[_name(named, self._tree)] = _target(named, self._tree)
            if place not in seen:
                seen.add(place)
                self._read_place(place)

    def search_scripts(self, names: Iterable[str]) -> bool:
        """Search the build scripts in Python; return whether one was not searched before. Tests are not searched."""
        new = [name for name in names if name.endswith(".py") and name not in self._scripts]
        self._scripts.update(new)
        for name in new:
            self._search(self._tree / name)
        return bool(new)

    def _read_place(self, place: Path) -> None:
        """Read a file, or all files of a folder. In the tree, only what was left out is still unread."""
        if place in self._tree.parents:
            raise NoAnswer(f"a file of the source tree names a folder above it: {place}")
        around = [folder for folder in (place, *place.parents) if self._tree in folder.parents]
        if is_folder(place) and place.is_relative_to(self._tree) and not any(map(self._is_left_out, around)):
            return
        paths = self._list(place) if is_folder(place) else [place] if is_there(place) else []
        for path in paths:
            if _name(path, self._tree) not in self.files:
                self._read(path)

    def _list(self, folder: Path) -> Iterator[Path]:
        """Yield the files and links in a folder; an empty folder is put into the list of files."""
        for inside, folders, names in os.walk(folder, onerror=_refuse):
            here = Path(inside)
            if not folders and not names:
                self.files[f"{_name(here, self._tree)}/"] = ""
            folders[:] = sorted(name for name in folders if not self._is_left_out(here / name))
            links = [name for name in folders if (here / name).is_symlink()]
            yield from (here / name for name in (*links, *sorted(names)) if not self._is_left_out(here / name))

    def _is_left_out(self, path: Path) -> bool:
        if path.name in _KEPT_BY_TOOLS or path in self._left_out or is_file(path / "pyvenv.cfg"):
            return True
        return path.is_relative_to(self._tree) and _RESULTS.fullmatch(_name(path, self._tree)) is not None

    def _read(self, path: Path) -> None:
        name = _name(path, self._tree)
        try:
            if path.is_symlink():
                self.files[name] = _target(path, self._tree)
                self._outside.append(path)
                return
            self._count(path)
            self.signatures[name] = _signature(path)
            self.files[name] = _describe(path)
            if is_script(name):
                self.texts[name] = decode(read_bytes(path))
            if self._follows_text and not name.endswith(".py") and (is_script(name) or is_code(name)):
                self._search(path)
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

    def _search(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                found = find_upward(file)
        except OSError as error:
            raise NoAnswer(f"{path} cannot be read: {reason(error, path)}") from None
        places = [path.parent / os.fsdecode(upward) for upward in found]
        places += [place for upward in found - self._searched for place in list_places(upward, self._tree)]
        self._searched |= found
        for place in sorted(places):
            if not Path(os.path.normpath(place)).is_relative_to(self._tree) and is_there(place):
                self._outside.append(place)


def _name(path: Path, tree: Path) -> str:
    return Path(os.path.relpath(path, tree)).as_posix()


def _target(path: Path, tree: Path) -> str:
    """Return where a path leads by links: its own target, and the end of all links, relative to the tree."""
    own = os.readlink(path) if path.is_symlink() else ""  # noqa: PTH115 - as it is written, not normalised
    return f"-> {own} ({_name(Path(os.path.realpath(path)), tree)})"


def _refuse(error: OSError) -> None:
    raise NoAnswer(f"{error.filename} cannot be read: {reason(error, error.filename)}")


def _signature(path: Path) -> Signature:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino, bool(found.st_mode & stat.S_IXUSR)


def _describe(path: Path) -> str:
    """Return the SHA-256 of a file, and whether it is executable."""
    return file_digest(path) + (" executable" if path.stat().st_mode & stat.S_IXUSR else "")
