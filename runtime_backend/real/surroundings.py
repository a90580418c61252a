"""The surroundings of a call of the real backend: environment variables, import path, working directory.

A child process gets them as values. Hooks that only describe the package are called in this process, since another
interpreter would take longer than all the rest: there they are set for the call, and restored after it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class ChildSurroundings(NamedTuple):
    """The surroundings in a child process."""

    environ: Mapping[str, str]
    path: Sequence[str]
    """The complete import path."""
    preparation: str | None = None
    """The module of the shim whose ``prepare`` is called before the real backend is loaded: ``stub.child``."""
    writes_bytecode: bool = True
    """Whether the hook may write byte code next to the modules that it imports."""
    python: str | None = None
    """The interpreter; None for that of this process."""
    apart: Sequence[str] = ()
    """Folders of the import path whose byte code is stored below :attr:`bytecode`."""
    bytecode: str | None = None
    """PYTHONPYCACHEPREFIX for processes that the child starts, but not for the child; None if it is in the variables.
    """


class Surroundings(NamedTuple):
    """The changes for a call; everything else stays as in this process."""

    changes: Mapping[str, str | None]
    """New values of variables; None removes one. PYTHONPYCACHEPREFIX also applies to the imports of the process."""
    before: tuple[str, ...] = ()
    """Folders at the start of the import path."""
    behind: tuple[str, ...] = ()
    """Folders at the end of the import path."""
    folder: Path | None = None
    """The working directory; None for that of this process."""
    python: Path | None = None
    """The interpreter of a child process; None for that of this process."""
    moved: Mapping[str, str] = MappingProxyType({})
    """Folder of the import path -> its clone, for a child process."""
    bytecode: str | None = None
    """The PYTHONPYCACHEPREFIX that applies only to :attr:`apart` and to other processes; None if it applies to all."""

    @property
    def apart(self) -> tuple[str, ...]:
        """The folders of the import path whose byte code must not be stored in them."""
        return (*self.before, *self.behind)

    def of_child(self) -> ChildSurroundings:
        """Return the surroundings for a child process.

        The import path includes the frontend's ``backend-path``, which newer pyproject-hooks put in a finder.
        """
        environ = {**os.environ, **self.changes}
        if self.bytecode is not None:
            environ["PYTHONPYCACHEPREFIX"] = None
        named = json.loads(os.environ.get("_PYPROJECT_HOOKS_BACKEND_PATH_JSON", "[]"))
        path = [*self.before, *(entry for entry in named if entry not in sys.path), *sys.path, *self.behind]
        return ChildSurroundings(
            environ={name: value for name, value in environ.items() if value is not None},
            path=list(dict.fromkeys(map(self._moved, path))) if self.moved else path,
            python=None if self.python is None else str(self.python),
            apart=self.apart,
            bytecode=self.bytecode,
        )

    def _moved(self, entry: str) -> str:
        return self.moved.get(os.path.normpath(entry) if entry else entry, entry)

    @contextmanager
    def here(self) -> Iterator[None]:
        """Set the surroundings in this process for the duration of the block."""
        previous = {name: os.environ.get(name) for name in self.changes}
        added, prefix = {*self.apart} - set(sys.path), sys.pycache_prefix
        home = None if self.folder is None else os.getcwd()  # noqa: PTH109 - the unchanged text
        _set_variables(self.changes)
        sys.path[:] = [*self.before, *sys.path, *self.behind]
        if self.bytecode is None:
            sys.pycache_prefix = self.changes.get("PYTHONPYCACHEPREFIX") or prefix
        importlib.invalidate_caches()
        try:
            if self.folder is not None:
                os.chdir(self.folder)
            with self._storing_apart():
                yield
        finally:
            if home is not None:
                os.chdir(home)
            # Remove only our entries: setuptools adds its vendored modules to the path, only when it is first imported.
            _set_variables(previous)
            sys.path[:] = [entry for entry in sys.path if entry not in added]
            for entry in {*self.before} - added:  # it was on the path already, further back: ours is the first
                sys.path.remove(entry)
            sys.pycache_prefix = prefix

    def _storing_apart(self) -> AbstractContextManager[None]:
        if self.bytecode is None:
            return nullcontext()
        from .bytecode import stored_apart  # noqa: PLC0415 - only with an overlay

        return stored_apart(self.apart, self.bytecode)


def _set_variables(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
