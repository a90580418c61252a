"""In the child: the real backend as pyproject-hooks loads it there, a module with the hooks that the real one has.

pyproject-hooks would report a real backend that cannot be imported in its own words, and hold back warnings until the
end, which a failure does not reach. So the hook is called here, and what comes of it is written to ``answer.json`` in
the folder of the call::

    {"version": that of the real backend's package}      it has returned something, which pyproject-hooks passes on
    {"refusal": a message, "hint": what to do or null}   it is no real backend, or has not made what it says
    {"failure": one line, "code": an exit code}          it has failed; all that there is to print is printed
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
"""The exit code of shells for what Ctrl-C has ended."""

HOOKS = (
    *("build_wheel", "build_editable", "build_sdist"),
    *("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable"),
    *("get_requires_for_build_wheel", "get_requires_for_build_editable", "get_requires_for_build_sdist"),
)
_DEMANDED = ("build_wheel", "build_sdist")

_control: dict[str, Any] = {}


def begin(control: Mapping[str, Any], folder: str) -> None:
    """Take down what is called, and where the answer goes."""
    _control.update(control, answer=os.path.join(folder, "answer.json"))  # noqa: PTH118 - read once


@contextmanager
def ending_with(parent: int) -> Iterator[None]:
    """End in an orderly way when asked to, and when the process that waits for the answer has ended."""
    with orderly():
        end_with(parent)
        yield


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a hook
    """Return a hook of the real backend; pyproject-hooks takes the lack of one for an answer."""
    if name not in HOOKS:
        raise AttributeError(name)
    with _answering():
        found = find_hook(_load(), name)
        if found is None and name in _DEMANDED:
            raise missing_hook(_control["backend"], name)
    if found is None:
        raise AttributeError(name)
    return partial(_call, found, name)


def _load() -> object:
    warnings.showwarning = _show_warning  # pyproject-hooks keeps warnings for the end, which a failure does not reach
    for name in [name for name in os.environ if name.startswith("_PYPROJECT_HOOKS_")]:
        del os.environ[name]  # they name us, and would mislead a frontend that the real backend starts
    # Byte code of the real backend serves the next hook; that of the source tree would lie in the source tree.
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = before or (bool(_control["backend_path"]) and sys.pycache_prefix is None)
    backend: object = load_backend(_control["backend"], _control["backend_path"], Path(_control["source"]))
    sys.dont_write_bytecode = before or not _control["writes_bytecode"]
    return backend


def _call(hook: Callable[..., Any], name: str, *arguments: Any) -> Any:  # noqa: ANN401 - what the hook takes and returns
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
    """Write down a failure of the real backend, and end with it."""
    try:
        yield
    except BackendError as error:
        _answer(refusal=error.message, hint=error.hint)
        raise SystemExit(1) from None
    except KeyboardInterrupt as error:  # the frontend's own process says so
        _answer(failure=summarise(error), code=INTERRUPTED)
        raise SystemExit(INTERRUPTED) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a build script may do anything
        print_failure(error)
        _answer(failure=summarise(error), code=exit_code(error))
        raise SystemExit(exit_code(error)) from None


def _answer(**answer: object) -> None:
    Path(_control["answer"]).write_text(json.dumps(answer), "utf-8")


def _version() -> str | None:
    """Return the version of the module that the real backend is of; None where it has none."""
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
