"""The real backend in the process that calls it: loading it, what it made, and how it fails.

That process is the child for hooks that build (see :mod:`.calling`), and this one for those that only describe.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from ..errors import BackendError
from ..system.files import is_there, real_path


class ChildFailed(Exception):  # noqa: N818 - as subprocess.CalledProcessError has it
    """The real backend has failed, and has printed all that there was to print.

    :param code: the exit code that says so.
    :param summary: what Python says of it, or how the child ended, in one line.
    :param is_dead: whether the child has ended without an answer.
    """

    def __init__(self, code: int, summary: str, *, is_dead: bool) -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.is_dead = is_dead


def load_backend(spec: str, backend_path: Sequence[str], source: Path) -> Any:  # noqa: ANN401 - a backend is any object
    """Return the real backend: a module, or an object in one (PEP 517: ``module:object.attribute``).

    To be called where ``backend_path`` is on the import path.

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


def missing_hook(spec: str, hook: str) -> BackendError:
    """Return the refusal of a real backend that lacks a hook which it is called for."""
    return BackendError(f"{spec} has no {hook}, which PEP 517 demands")


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
    first = f"{error}".strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def print_failure(error: BaseException) -> None:
    """Print a failure as Python would: setup.py files that call exit() keep their own text."""
    if isinstance(error, SystemExit):
        if error.code is not None and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)  # noqa: T201 - what the interpreter does at exit
        return
    import traceback  # noqa: PLC0415 - a failure alone needs it

    traceback.print_exception(error.with_traceback(_without_ours(error.__traceback__)))


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the real backend's first frame on."""
    shim = str(Path(__file__).parents[1])
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(shim):
        trace = trace.tb_next
    return trace


def exit_code(error: BaseException) -> int:
    """Return the code of a failure; a setup.py that leaves with 0 has not built anything either."""
    code = error.code if isinstance(error, SystemExit) else 1
    return code if isinstance(code, int) and code else 1
