"""Calling the real backend.

In this process: the frontend has made one for this very call, and another interpreter start in every hook costs more
than all else that we do. What a process of its own would bring, its own variables and import path, is set for the call
and taken back after it, since tox runs every hook of a build in one process.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import BackendError
from ..system.files import is_there, real_path

KILLED = (
    "the kernel has killed a process for want of memory meanwhile: compile less at once, by MAX_JOBS=1 for this call,"
    " or by jobs = 'auto' in [tool.runtime-backend.cuda]"
)
"""What is said when a build has failed so: the compilers themselves say nothing then, or a mere 'Killed'."""


@contextmanager
def surroundings(
    changes: Mapping[str, str | None], *, before: Sequence[str] = (), behind: Sequence[str] = ()
) -> Iterator[None]:
    """Set variables and extend the import path for a while.

    :param changes: the new values; None takes a variable away. PYTHONPYCACHEPREFIX counts for this process too.
    :param before: folders to import from first.
    :param behind: folders to import from last.
    """
    previous = {name: os.environ.get(name) for name in changes}
    added, bytecode = {*before, *behind} - set(sys.path), sys.pycache_prefix
    _set_variables(changes)
    sys.path[:] = [*before, *sys.path, *behind]
    sys.pycache_prefix = changes.get("PYTHONPYCACHEPREFIX") or bytecode
    importlib.invalidate_caches()
    try:
        yield
    finally:
        # Only what was ours: setuptools puts its vendored modules on the path when it is imported, and once only.
        _set_variables(previous)
        sys.path[:] = [entry for entry in sys.path if entry not in added]
        for entry in {*before} - added:  # it was there already, further back: ours is the first
            sys.path.remove(entry)
        sys.pycache_prefix = bytecode


def _set_variables(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def load_backend(spec: str, backend_path: Sequence[str], source: Path) -> Any:  # noqa: ANN401 - a backend is any object
    """Return the real backend: a module, or an object in one (PEP 517: ``module:object.attribute``).

    To be called within :func:`surroundings` that put ``backend_path`` on the import path.

    :raises BackendError: when it cannot be found, or lies elsewhere than ``backend_path`` says.
    """
    name, _, attributes = spec.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise _not_found(spec, backend_path) from None
    _check_origin(module, spec, backend_path, source)
    found: Any = module
    for attribute in filter(None, attributes.split(".")):
        if not hasattr(found, attribute):
            raise BackendError(f"tool.runtime-backend.build-backend: found {spec!r}, but {name} has no {attribute!r}")
        found = getattr(found, attribute)
    return found


def find_hook(backend: object, hook: str) -> Callable[..., Any] | None:
    """Return a hook of the real backend; None when it has no such one."""
    found: Callable[..., Any] | None = getattr(backend, hook, None)
    return found


def check_made(made: object, folder: Path, spec: str, hook: str) -> None:
    """Refuse what a real backend returns without having made it.

    :raises BackendError: unless it is the name of something in the folder.
    """
    if not isinstance(made, str) or not is_there(folder / made):
        raise BackendError(f"{spec}: {hook} returned {made!r}, expected the name of what it made in {folder}")


def _not_found(spec: str, backend_path: Sequence[str]) -> BackendError:
    package = spec.partition(":")[0].partition(".")[0]
    if backend_path:
        hint = f"It was looked for in {', '.join(backend_path)} (tool.runtime-backend.backend-path), and installed."
    else:
        hint = f"Add what provides {package!r} to build-system.requires, beside runtime-backend."
    return BackendError(f"tool.runtime-backend.build-backend: found {spec!r}, which cannot be imported", hint=hint)


def _check_origin(module: ModuleType, spec: str, backend_path: Sequence[str], source: Path) -> None:
    """PEP 517: with ``backend-path``, the backend must be loaded from there."""
    if not backend_path:
        return
    folders = [real_path(source / folder) for folder in backend_path]
    place = real_path(Path(module.__file__ or ""))
    if not any(place.is_relative_to(folder) for folder in folders):
        raise BackendError(
            f"tool.runtime-backend.backend-path: {spec!r} was loaded from {place},"
            f" expected in {', '.join(backend_path)}"
        )


def summarise(error: BaseException) -> str:
    """Return the first line of what Python says of a failure of the real backend."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def print_failure(error: BaseException) -> None:
    """Print a failure as Python would: setup.py files that call exit() keep their own text."""
    if isinstance(error, SystemExit):
        if error.code is not None and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)  # noqa: T201 - what the interpreter does at exit
        return
    import traceback  # noqa: PLC0415 - a failure alone needs it

    traceback.print_exception(error)


def exit_code(error: BaseException) -> int:
    """Return the code of a failure; a setup.py that leaves with 0 has not built anything either."""
    code = error.code if isinstance(error, SystemExit) else 1
    return code if isinstance(code, int) and code else 1
