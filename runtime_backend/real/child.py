"""In the child: a module with the hooks of the real backend, which pyproject-hooks loads as the backend.

pyproject-hooks would report a failed import of the real backend in its own words, and print warnings only at the end,
which a failure does not reach. So the hook is called here, and the outcome is written to ``answer.json`` in the folder
of the call::

    {"version": that of the real backend's package}      it has returned; pyproject-hooks transfers the value
    {"refusal": a message, "hint": what to do or null, "stop": its name}
                                                         it is not a real backend, or its result does not exist
    {"failure": one line, "code": an exit code}          it has failed, and its messages are printed
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from ..errors import BackendError
from ..system.stopping import end_with, orderly
from .backend import check_made, exit_code, find_hook, load_backend, missing_hook, print_failure, summarise

INTERRUPTED = 130
"""The exit code of shells after Ctrl-C."""

HOOKS = (
    *("build_wheel", "build_editable", "build_sdist"),
    *("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable"),
    *("get_requires_for_build_wheel", "get_requires_for_build_editable", "get_requires_for_build_sdist"),
)
_MANDATORY = ("build_wheel", "build_sdist")

_control: dict[str, Any] = {}


def begin(control: Mapping[str, Any], folder: str) -> None:
    """Store the request, and the path for the answer."""
    _control.update(control, answer=os.path.join(folder, "answer.json"))  # noqa: PTH118 - read once


@contextmanager
def ending_with(parent: int) -> Iterator[None]:
    """End in an orderly way on a signal, and when the parent, which waits for the answer, ends."""
    with orderly():
        end_with(parent)
        yield


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a hook
    """Return a hook of the real backend; pyproject-hooks handles a missing one."""
    if name not in HOOKS:
        raise AttributeError(name)
    with _answering():
        found = find_hook(_load(), name)
        if found is None and name in _MANDATORY:
            raise missing_hook(_control["backend"], name)
    if found is None:
        raise AttributeError(name)
    return partial(_call, found, name)


def _load() -> object:
    warnings.showwarning = _show_warning  # pyproject-hooks prints warnings at the end, which a failure does not reach
    for name in [name for name in os.environ if name.startswith("_PYPROJECT_HOOKS_")]:
        del os.environ[name]  # they name this module, and would mislead a frontend that the real backend starts
    # Byte code of the real backend speeds up the next hook. For modules in the source tree, it would be written there.
    before = sys.dont_write_bytecode
    is_in_place = _control["bytecode"] is None and sys.pycache_prefix is None
    sys.dont_write_bytecode = before or (bool(_control["backend_path"]) and is_in_place)
    backend: object = load_backend(_control["backend"], _control["backend_path"], Path(_control["source"]))
    sys.dont_write_bytecode = before or not _control["writes_bytecode"]
    return backend


def _call(hook: Callable[..., Any], name: str, *arguments: Any) -> Any:  # noqa: ANN401 - arguments and result of any hook
    with _answering():
        made = hook(*arguments)
        if name.startswith("get_requires"):
            made = list(made or ())
        else:
            check_made(made, Path(arguments[0]), _control["backend"], name)
        _answer(version=_version())
    return made


@contextmanager
def _answering() -> Iterator[None]:
    """Write a failure of the real backend to the answer, and exit with its code."""
    try:
        yield
    except BackendError as error:
        _answer(refusal=error.message, hint=error.hint, stop=error.stop)
        raise SystemExit(1) from None
    except KeyboardInterrupt as error:  # the frontend's own process reports it
        _answer(failure=summarise(error), code=INTERRUPTED)
        raise SystemExit(INTERRUPTED) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a build script may do anything
        print_failure(error)
        _answer(failure=summarise(error), code=exit_code(error))
        raise SystemExit(exit_code(error)) from None


def _answer(**answer: object) -> None:
    Path(_control["answer"]).write_text(json.dumps(answer), "utf-8")


def _version() -> str | None:
    """Return the version of the real backend's top-level module; None if it has none."""
    package = sys.modules.get(_control["backend"].partition(":")[0].partition(".")[0])
    version = getattr(package, "__version__", None)
    return version if isinstance(version, str) else None


def _show_warning(  # noqa: PLR0913, PLR0917 - as the warnings module calls it
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)
