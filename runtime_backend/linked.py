"""Folders of links at a stable path, so that compiler caches and editable rebuilds find the same names every time.

    <folder>/torch-2.13.0.cpu-1f0c…      a link, replaced in one step, to
    <folder>/.held/torch-2.13.0.cpu-1f0c…-77ab…   the links; named for them, never changed

Nothing is ever written in place: a build that is killed leaves at most an unnamed folder, which a later one removes,
and builds that run at once need no lock, because whoever comes second finds what it would have made.

Links that lead into a build environment go with it: such a folder has its stable path for one build at a time, and a
second build that runs meanwhile uses the other path.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from .cache import held_if_free
from .files import is_folder

_UNFINISHED, _PASSING = ".new-", ".passing-"
_ABANDONED = {_UNFINISHED: 3600, _PASSING: 2 * 24 * 3600}
"""Beginning of a name -> seconds after which such a folder belongs to nobody: no build takes two days."""


class LinkedFolder(NamedTuple):
    """A folder of links as planned; :meth:`show` makes it."""

    path: Path
    """The stable path."""
    targets: Mapping[str, Path]
    """Path in the folder, with slashes -> what it links to."""
    texts: Mapping[str, str] = MappingProxyType({})
    """Path in the folder -> the text of a file that is no link."""
    is_passing: bool = False
    """Whether what it leads to goes with this build."""

    @property
    def held(self) -> Path:
        """The folder that the stable path leads to."""
        manifest = [f"{entry}={target}" for entry, target in self.targets.items()]
        manifest += [f"{entry}:{text}" for entry, text in self.texts.items()]
        return self.path.parent / ".held" / f"{_PASSING if self.is_passing else ''}{self.path.name}-{digest(manifest)}"

    def show(self) -> Path:
        """Make the folder unless it is there, and return its stable path.

        :raises OSError: when it cannot be written, or the system has no symbolic links.
        """
        held = self._make_held()
        if not self.path.is_symlink() or os.readlink(self.path) != _relative(held):  # noqa: PTH115
            self._point(held)
        return self.path

    @contextmanager
    def shown(self, refuse: Callable[[OSError], Exception]) -> Iterator[Path]:
        """Show the folder for a while, and yield where it is.

        :param refuse: makes what is raised when it cannot be written.
        """
        with ExitStack() as stack:
            try:
                path = stack.enter_context(self._shown_to_one()) if self.is_passing else self.show()
            except OSError as error:
                raise refuse(error) from error
            yield path

    @contextmanager
    def _shown_to_one(self) -> Iterator[Path]:
        """Show what goes with this build: at the stable path, unless another build has that now."""
        held = self._make_held()
        with held_if_free(self.path.with_name(f".{self.path.name}.lock")) as is_ours:
            try:
                if is_ours:
                    self._point(held)
                yield self.path if is_ours else held
            finally:
                if is_ours and self.path.is_symlink():
                    self.path.unlink()
                _remove(held)

    def _make_held(self) -> Path:
        held = self.held
        if not is_folder(held):
            self._make_new(held)
        return held

    def _make_new(self, held: Path) -> None:
        held.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(held.parent)
        unfinished = held.parent / f"{_UNFINISHED}{os.getpid()}-{time.monotonic_ns()}"
        for entry, target in self.targets.items():
            link = unfinished / entry
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target, target_is_directory=is_folder(target))
        for entry, text in self.texts.items():
            path = unfinished / entry
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        try:
            unfinished.rename(held)
        except OSError as error:
            _remove(unfinished)
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another build made the same one meanwhile
                raise

    def _point(self, held: Path) -> None:
        new = self.path.parent / f".new-{os.getpid()}-{time.monotonic_ns()}"
        new.symlink_to(_relative(held), target_is_directory=True)
        new.replace(self.path)


def digest(parts: Sequence[str]) -> str:
    """Return sixteen letters that stand for some texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", errors="surrogateescape")).hexdigest()[:16]


def safe_name(text: str) -> str:
    """Return a text as a name: build scripts put paths into commands and patterns."""
    return re.sub(r"[^A-Za-z0-9.-]+", ".", text)


def _relative(held: Path) -> str:
    return f".held{os.sep}{held.name}"


def _remove_abandoned(folder: Path) -> None:
    for beginning, seconds in _ABANDONED.items():
        for path in folder.glob(f"{beginning}*"):
            try:
                is_abandoned = time.time() - path.lstat().st_mtime > seconds
            except OSError:  # its owner has just finished it
                continue
            if is_abandoned:
                _remove(path)


def _remove(folder: Path) -> None:
    import shutil  # noqa: PLC0415 - hardly ever needed

    shutil.rmtree(folder, ignore_errors=True)
