"""What a call of the real backend is to find around it: variables, the import path, the working directory.

A child gets them as values. Hooks that only describe the package are called in this process, where another interpreter
would cost more than all else that we do: there they are set for the call, and taken back after it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class ChildSurroundings(NamedTuple):
    """What a child finds."""

    environ: Mapping[str, str]
    path: Sequence[str]
    """All that it imports from."""
    preparation: str | None = None
    """The module of the shim whose ``prepare`` is called before the real backend is loaded, such as ``stub.child``."""
    writes_bytecode: bool = True
    """Whether the hook may leave byte code beside what it imports."""


class Surroundings(NamedTuple):
    """What changes for a call; all else stays as it is in this process."""

    changes: Mapping[str, str | None]
    """The new values of variables; None takes one away. PYTHONPYCACHEPREFIX counts for the caller's imports too."""
    before: tuple[str, ...] = ()
    """Folders to import from first."""
    behind: tuple[str, ...] = ()
    """Folders to import from last."""
    folder: Path | None = None
    """The working directory; None: that of this process."""

    def of_child(self) -> ChildSurroundings:
        """Return what a child is to find.

        On its import path is the frontend's ``backend-path`` too, which newer pyproject-hooks keep in a finder instead.
        """
        environ = {**os.environ, **self.changes}
        named = json.loads(os.environ.get("_PYPROJECT_HOOKS_BACKEND_PATH_JSON", "[]"))
        return ChildSurroundings(
            environ={name: value for name, value in environ.items() if value is not None},
            path=[*self.before, *(entry for entry in named if entry not in sys.path), *sys.path, *self.behind],
        )

    @contextmanager
    def here(self) -> Iterator[None]:
        """Set all of it in this process, for a while."""
        previous = {name: os.environ.get(name) for name in self.changes}
        added, bytecode = {*self.before, *self.behind} - set(sys.path), sys.pycache_prefix
        home = None if self.folder is None else os.getcwd()  # noqa: PTH109 - a path, whatever stands in it
        _set_variables(self.changes)
        sys.path[:] = [*self.before, *sys.path, *self.behind]
        sys.pycache_prefix = self.changes.get("PYTHONPYCACHEPREFIX") or bytecode
        importlib.invalidate_caches()
        try:
            if self.folder is not None:
                os.chdir(self.folder)
            yield
        finally:
            if home is not None:
                os.chdir(home)
            # Only what was ours: setuptools puts its vendored modules on the path when it is imported, and once only.
            _set_variables(previous)
            sys.path[:] = [entry for entry in sys.path if entry not in added]
            for entry in {*self.before} - added:  # it was there already, further back: ours is the first
                sys.path.remove(entry)
            sys.pycache_prefix = bytecode


def _set_variables(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
