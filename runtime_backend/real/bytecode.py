"""Storing byte code apart from its modules: those of an overlay are files of the target, which is not to be changed.

The variable PYTHONPYCACHEPREFIX does that for every module. Those of the build environment, which pip has compiled,
would be compiled once more in every build, so only processes that the real backend starts get the variable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import machinery
from threading import RLock
from types import CodeType

_ONE_AT_A_TIME = RLock()


@contextmanager
def stored_apart(folders: Sequence[str], prefix: str) -> Iterator[None]:
    """Store the byte code of the modules in some folders and below them as PYTHONPYCACHEPREFIX does.

    :param folders: absolute paths, such as entries of the import path.
    :param prefix: the value of PYTHONPYCACHEPREFIX.
    """
    hook = _path_hook(folders, prefix)
    sys.path_hooks.insert(0, hook)
    _forget(folders)
    try:
        yield
    finally:
        with suppress(ValueError):  # the real backend has set other hooks
            sys.path_hooks.remove(hook)
        _forget(folders)


def _path_hook(folders: Sequence[str], prefix: str) -> Callable[[str], machinery.FileFinder]:
    class Loader(machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType | None:
            with _ONE_AT_A_TIME:
                before, sys.pycache_prefix = sys.pycache_prefix, prefix
                try:
                    return super().get_code(fullname)
                finally:
                    sys.pycache_prefix = before

    def find(path: str) -> machinery.FileFinder:
        if not _is_below(path, folders):
            raise ImportError(path)  # the import system asks the next hook
        return machinery.FileFinder(
            path,
            (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
            (Loader, machinery.SOURCE_SUFFIXES),
            (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
        )

    return find


def _forget(folders: Sequence[str]) -> None:
    """Let the import system ask the path hooks again for some folders."""
    for path in [path for path in sys.path_importer_cache if _is_below(path, folders)]:
        del sys.path_importer_cache[path]


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
