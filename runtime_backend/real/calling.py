"""Calling a hook of the real backend in a child, by pyproject-hooks: this side of the process border.

A hook that builds runs compilers for minutes, and imports what it likes. In a process of its own it may close what it
likes as well, may crash, and sees the runtime that is there now, also where the frontend runs every hook in one process
(tox). The child runs :mod:`.start`, which sets what is around the real backend, then pyproject-hooks' own script, which
calls the hook by way of :mod:`.child`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import BackendError
from ..formats.jsontext import parse_json
from ..system.files import read_text
from .backend import ChildFailed, missing_hook
from .surroundings import ChildSurroundings

_START = Path(__file__).with_name("start.py")
_DOOR = "runtime_backend.real.child"

Run = Callable[[Sequence[str], Mapping[str, str], Path], int]
"""Runs a command, with variables, in a folder; returns its exit code, on POSIX the signal that ended it, negative."""


class HookRequest(NamedTuple):
    """One call of a hook of the real backend."""

    backend: str
    """The real backend, as PEP 517 spells it."""
    backend_path: Sequence[str]
    source: Path
    hook: str
    folder: Path | None
    """Where the hook puts what it makes; None where it makes nothing."""
    config_settings: Mapping[str, Any] | None
    metadata_directory: str | None = None
    """Metadata that were prepared before, for a hook that builds."""

    @property
    def arguments(self) -> dict[str, Any]:
        """What the method of pyproject-hooks is called with."""
        kind = self.hook.partition("_for_")[0]
        given: dict[str, Any] = {"config_settings": None if self.config_settings is None else {**self.config_settings}}
        if kind == "prepare_metadata":
            return {"metadata_directory": str(self.folder), **given, "_allow_fallback": False}
        if kind == "build_sdist":
            return {"sdist_directory": str(self.folder), **given}
        if kind == "get_requires":
            return given
        return {"wheel_directory": str(self.folder), **given, "metadata_directory": self.metadata_directory}


class Answer(NamedTuple):
    """What came of a call."""

    value: Any
    version: str | None
    """Of the real backend's package, where it tells one."""


def call_in_child(request: HookRequest, around: ChildSurroundings, run: Run) -> Answer:
    """Return what a hook returns.

    :raises BackendError: when there is no such real backend or hook, or it returns what it has not made; without
        pyproject-hooks.
    :raises ChildFailed: when it fails.
    """
    try:
        from pyproject_hooks import BuildBackendHookCaller, HookMissing  # noqa: PLC0415 - a call in a child alone needs it
    except ImportError:  # a vendored copy
        raise BackendError(
            "pyproject-hooks is not installed, and the real backend is called by it",
            hint="Add pyproject-hooks>=1.1 to build-system.requires; without build isolation, install it.",
        ) from None
    told: dict[str, Any] = {}

    def start(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        python, *words, folder = cmd
        control = {**request._asdict(), **around._asdict(), "parent": os.getpid()}
        environ = {**control.pop("environ"), **(extra_environ or {})}
        control["bytecode"] = environ.pop("PYTHONPYCACHEPREFIX", None)
        control["compiled"] = [name for name in sys.modules if name.startswith("packaging.")]
        del control["folder"], control["config_settings"]
        (Path(folder) / "control.json").write_text(json.dumps(control, default=str), "utf-8")
        code = run([python, str(_START), *words, folder], environ, Path(cwd or request.source))
        told.update(_read_answer(Path(folder) / "answer.json"))
        if code or "return_val" not in _read_answer(Path(folder) / "output.json"):
            _refuse(code, told)

    caller = BuildBackendHookCaller(str(request.source), _DOOR, runner=start, python_executable=sys.executable)
    try:
        value = getattr(caller, request.hook)(**request.arguments)
    except HookMissing:
        raise missing_hook(request.backend, request.hook) from None
    return Answer(value=value, version=told.get("version"))


def _read_answer(path: Path) -> dict[str, Any]:
    """Return what the child wrote down; nothing where it did not, or where the build script has spoilt it."""
    try:
        answer = parse_json(read_text(path), is_own=True)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refuse(code: int, told: Mapping[str, Any]) -> None:
    """Raise what a child has ended with."""
    if "refusal" in told:
        raise BackendError(told["refusal"], hint=told["hint"])
    if "failure" in told:
        raise ChildFailed(told["code"], told["failure"], is_dead=False)
    raise ChildFailed(max(code, 1), _describe_end(code), is_dead=True)


def _describe_end(code: int) -> str:
    if code >= 0:
        return f"the process ended with exit code {code} without an answer"
    name = f"signal {-code}"
    with suppress(ValueError):  # a real-time signal
        name = signal.Signals(-code).name
    why = ", as the kernel does when memory runs out" if name == "SIGKILL" else ""
    return f"the process was ended by {name}{why}"
