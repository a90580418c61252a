"""Folders of links at a stable path, so that compiler caches and editable rebuilds find the same names every time.

    <folder>/torch-2.13.0.cpu-1f0c…      a link, replaced in one step, to
    <folder>/.held/torch-2.13.0.cpu-1f0c…-77ab…   the folder of links, named by a digest of them

A build uses the same links from start to end. The stable path leads to the environment of the last build; while a build
uses it, a build for another environment uses its own folder of links instead. So do results that need the links after
the build: an editable that is rebuilt when it is imported must not depend on another environment.

Missing and wrong links in a folder are repaired one by one, whether a build was killed while making it or it was
damaged later. Links into a build environment are removed with the environment: such a folder has its stable path for
one build at a time.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

from ..system.files import is_there, read_text
from .atomic import replacing
from .cache import open_folder
from .holding import exclusively, held_if_free, in_use, remove, remove_if_free
from .names import digest

_KEPT = ("fetched", "toolkits")
"""Folders of the cache with link targets that must not be removed while a build uses them."""


class LinkedFolder(NamedTuple):
    """A planned folder of links; :meth:`shown` makes it."""

    path: Path
    """The stable path: a name in one of the folders of the cache."""
    targets: Mapping[str, Path]
    """Path in the folder, with slashes -> target of the link."""
    texts: Mapping[str, str] = MappingProxyType({})
    """Path in the folder -> content of a regular file."""
    is_temporary: bool = False
    """Whether the targets are removed after this build."""

    @property
    def held(self) -> Path:
        """The folder of the links, which the stable path leads to."""
        manifest = [f"{entry}={target}" for entry, target in self.targets.items()]
        manifest += [f"{entry}:{text}" for entry, text in self.texts.items()]
        return (
            self.path.parent
            / ".held"
            / f"{'.passing-' if self.is_temporary else ''}{self.path.name}-{digest(manifest)}"
        )

    @contextmanager
    def shown(self, refuse: Callable[[OSError], Exception], *, is_lasting: bool = False) -> Iterator[Path]:
        """Make the folder for the duration of the block, and yield its path.

        :param refuse: returns the exception to raise if it cannot be written, or the system has no symbolic links.
        :param is_lasting: whether the result of the build uses the folder after the build, too.
        """
        with ExitStack() as stack:
            try:
                path = self._show(stack, is_lasting=is_lasting)
            except OSError as error:
                raise refuse(error) from error
            yield path

    def _show(self, stack: ExitStack, *, is_lasting: bool) -> Path:
        held = self.held
        open_folder(self.path.parent)
        held.parent.mkdir(exist_ok=True)
        for entry in self._kept():
            stack.enter_context(in_use(entry))
            if not is_there(entry):
                raise OSError(errno.ESTALE, "it was removed during this build", str(entry))
        if self.is_temporary:
            stack.callback(_remove_quietly, held)
        stack.enter_context(in_use(held))
        if next(self._repairs(held), None) is not None:
            with exclusively(held.parent):
                for repair in self._repairs(held):
                    repair()
        if self.is_temporary:
            return self._point_alone(held, stack)
        return held if is_lasting else self._point(held, stack)

    def _kept(self) -> list[Path]:
        """Return the entries of the cache that the links lead to; other builds must not remove them."""
        cache = self.path.parent.parent
        roots = {f"{cache / name}{os.sep}": cache / name for name in _KEPT}
        texts = {str(target) for target in self.targets.values()}
        found = {
            folder / text.removeprefix(root).partition(os.sep)[0]
            for root, folder in roots.items()
            for text in texts
            if text.startswith(root)
        }
        files = {target for target in self.targets.values() if target.parent == self.path.parent}
        return sorted(found | files)

    def _point(self, held: Path, stack: ExitStack) -> Path:
        """Point the stable path to the folder, and keep it there; return the folder if others use the path now."""
        with held_if_free(self.path) as is_free:
            if is_free and not self._leads_to(held):
                self._lead_to(held)
        with ExitStack() as attempt:
            attempt.enter_context(in_use(self.path))
            if self._leads_to(held):
                stack.enter_context(attempt.pop_all())
                return self.path
        return held

    def _point_alone(self, held: Path, stack: ExitStack) -> Path:
        """Point the stable path to the folder until the build ends, unless another build is using the path."""
        if not stack.enter_context(held_if_free(self.path)):
            return held
        stack.callback(self._release)
        self._lead_to(held)
        return self.path

    def _release(self) -> None:
        if self.path.is_symlink():
            self.path.unlink()

    def _leads_to(self, held: Path) -> bool:
        return _link_of(self.path) == _relative(held)

    def _lead_to(self, held: Path) -> None:
        with replacing(self.path) as new:
            new.symlink_to(_relative(held), target_is_directory=True)

    def _repairs(self, held: Path) -> Iterator[Callable[[], None]]:
        """Yield a repair for each missing or wrong part of the folder, in order."""
        entries = [PurePosixPath(entry) for entry in (*self.targets, *self.texts)]
        folders = {held / parent for entry in entries for parent in entry.parents}
        for folder in sorted(folders, key=lambda folder: len(folder.parts)):
            if folder.is_symlink() or not folder.is_dir():
                yield partial(_make_folder, folder)
        for entry, target in self.targets.items():
            if _link_of(held / entry) != str(target):
                yield partial(_make_link, held / entry, target)
        for entry, text in self.texts.items():
            if (held / entry).is_symlink() or read_text(held / entry) != text:
                yield partial(_write, held / entry, text)


def _make_folder(path: Path) -> None:
    """Make a folder; a link at its path is removed, never followed."""
    remove(path)
    path.mkdir()


def _make_link(path: Path, target: Path) -> None:
    is_folder = target.is_dir()
    if is_there(path) or path.is_symlink():
        _replace(path, lambda new: new.symlink_to(target, target_is_directory=is_folder))
    else:
        path.symlink_to(target, target_is_directory=is_folder)


def _write(path: Path, text: str) -> None:
    _replace(path, lambda new: new.write_text(text, "utf-8"))


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    """Replace a path in one step, even if it is a folder."""
    with replacing(path) as new:
        make(new)
        if path.is_dir() and not path.is_symlink():
            remove(path)


def _link_of(path: Path) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 - the unchanged text of the link
    except OSError:
        return None


def _remove_quietly(folder: Path) -> None:
    with suppress(OSError):  # a later build removes it
        remove_if_free(folder)


def _relative(held: Path) -> str:
    return f".held{os.sep}{held.name}"
