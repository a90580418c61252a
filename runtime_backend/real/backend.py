"""The real backend in the process that calls it: loading it, checking its results, reporting its failures.

Hooks that build run in a child process (see :mod:`.calling`), hooks that only describe the package in this process.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from ..errors import BackendError
from ..system.files import is_there, real_path


class ChildFailed(Exception):  # noqa: N818 - named like pyproject-hooks' exceptions
    """The real backend has failed, and its messages are printed already.

    :param code: the exit code.
    :param summary: the exception, or how the child ended, in one line.
    :param is_dead: whether the child ended without an answer.
    """

    def __init__(self, code: int, summary: str, *, is_dead: bool) -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.is_dead = is_dead


def load_backend(spec: str, backend_path: Sequence[str], source: Path) -> Any:  # noqa: ANN401 - a backend is any object
    """Return the real backend: a module, or an object in one (PEP 517: ``module:object.attribute``).

    ``backend_path`` must be on the import path.

    :raises BackendError: if it cannot be imported, or is not in ``backend_path``.
    """
    name, _, attributes = spec.partition(":")
    if not all(map(str.isidentifier, name.split("."))):  # .build, :object
        raise _not_found(spec, backend_path)
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
            raise BackendError(
                "no-real-backend",
                "tool.runtime-backend.build-backend: found {spec!r}, but {name} has no {attribute!r}",
                spec=spec,
                name=name,
                attribute=attribute,
            )
        found = getattr(found, attribute)
    return found


def find_hook(backend: object, hook: str) -> Callable[..., Any] | None:
    """Return a hook of the real backend; None if it has no hook of that name."""
    found: Callable[..., Any] | None = getattr(backend, hook, None)
    return found


def missing_hook(spec: str, hook: str) -> BackendError:
    """Return the error for a real backend without a mandatory hook."""
    return BackendError("no-hook", "{spec}: found no hook {hook}, expected one (PEP 517)", spec=spec, hook=hook)


def check_made(made: object, folder: Path, spec: str, hook: str) -> None:
    """Check that the real backend has made what its hook returns.

    :raises BackendError: if the result is not a name in the folder.
    """
    if not isinstance(made, str) or not is_there(folder / made):
        raise BackendError(
            "hook-returned-nothing",
            "{spec}: {hook} returned {made!r}, expected the name of a file or folder in {folder}",
            spec=spec,
            hook=hook,
            made=made,
            folder=folder,
        )


def _exists(spec: str) -> bool:
    """Return whether the top-level module of a real backend can be imported."""
    from importlib.util import find_spec  # noqa: PLC0415 - only for a stop

    top = spec.partition(":")[0].partition(".")[0]
    return top.isidentifier() and find_spec(top) is not None


def _not_found(spec: str, backend_path: Sequence[str]) -> BackendError:
    package = spec.partition(":")[0].partition(".")[0]
    if backend_path:
        hint = f"Expected it in {', '.join(backend_path)} (tool.runtime-backend.backend-path), or installed."
    elif _exists(spec):
        hint = f"Correct the name: the module {spec.partition('.')[0]!r} is installed, and has no {spec!r}."
    else:
        hint = (
            f"Add the package that provides {package!r} to build-system.requires, next to runtime-backend, or to"
            " build-requires, if the package has that key."
        )
    return BackendError(
        "no-real-backend",
        "tool.runtime-backend.build-backend: found {spec!r}, which cannot be imported",
        hint="{way_out}",
        spec=spec,
        way_out=hint,
    )


def _check_origin(module: ModuleType, spec: str, backend_path: Sequence[str], source: Path) -> None:
    """Check that the backend was loaded from ``backend-path``, if that is set (PEP 517)."""
    if not backend_path:
        return
    folders = [real_path(source / folder) for folder in backend_path]
    place = real_path(Path(module.__file__ or ""))
    if not any(place.is_relative_to(folder) for folder in folders):
        raise BackendError(
            "real-backend-from-elsewhere",
            "tool.runtime-backend.backend-path: {spec!r} was loaded from {place}, expected in {backend_path}",
            spec=spec,
            place=place,
            backend_path=", ".join(backend_path),
        )


def summarise(error: BaseException) -> str:
    """Return the first line of a Python exception of the real backend."""
    first = f"{error}".strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def print_failure(error: BaseException) -> None:
    """Print a failure as Python would: the text of setup.py files that call exit() is printed unchanged."""
    if isinstance(error, SystemExit):
        if error.code is not None and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)  # noqa: T201 - as the interpreter does at exit
        return
    import traceback  # noqa: PLC0415 - only failures need it

    traceback.print_exception(error.with_traceback(_without_ours(error.__traceback__)))


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the real backend's first frame on."""
    shim = f"{Path(__file__).parents[1]}{os.sep}"
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(shim):
        trace = trace.tb_next
    return trace


def exit_code(error: BaseException) -> int:
    """Return the exit code for a failure; never 0, since a setup.py that exits with 0 has not built anything either."""
    code = error.code if isinstance(error, SystemExit) else 1
    return code if isinstance(code, int) and code else 1
