"""Finding cache entries that no build will use again: links to environments that are gone, old answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ...store.cache import bytecode_folder
from ...store.holding import LONGEST
from ...system.files import is_folder, is_there, list_names, real_path
from ..cache import links_in
from . import environments

_LINKED = ("overlays", "cuda")


def find_unused(cache: Path) -> Iterator[Path]:
    """Yield paths that can be removed without any build having to make them again. Builds may be running.

    An environment that is removed by mistake stops the next import of its editable, with the command to install it.
    """
    for kind in _LINKED:
        yield from _leading_nowhere(cache / kind)
    yield from environments.find_unused(cache / "environments")
    yield from (path for path in _listed(cache / "asked") if path.suffix == ".json" and _is_old(path))
    yield from _bytecode_of_nothing(bytecode_folder(cache), Path(cache.anchor))


def _listed(folder: Path) -> list[Path]:
    return [folder / name for name in list_names(folder)]


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > LONGEST
    except OSError:  # another process has removed it
        return False


def _leading_nowhere(folder: Path) -> Iterator[Path]:
    """Yield the folders of links to an environment that is gone, and the links to these folders."""
    gone = [held for held in _listed(folder / ".held") if not held.name.startswith(".") and _is_gone(held)]
    yield from gone
    for path in _listed(folder):
        if path.is_symlink() and (not is_there(path) or real_path(path) in map(real_path, gone)):
            yield path


def _is_gone(held: Path) -> bool:
    links = links_in(held)
    return bool(links) and not any(map(is_there, links))


def _bytecode_of_nothing(folder: Path, source: Path) -> Iterator[Path]:
    """Yield the folders of byte code whose source is gone.

    :param source: the folder whose byte code is in ``folder``.
    """
    for path in _listed(folder):
        if is_folder(path):
            if is_folder(source / path.name):
                yield from _bytecode_of_nothing(path, source / path.name)
            else:
                yield path
