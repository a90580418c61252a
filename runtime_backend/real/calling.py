"""Calling a hook of the real backend in a child process with pyproject-hooks: the parent's side.

A hook that builds runs compilers for minutes, and may import anything. In a separate process, it may also close streams
or crash, and it sees the current runtime, even if the frontend runs every hook in one process (tox). The child runs
:mod:`.start`, which sets the surroundings of the real backend, then pyproject-hooks' own script, which calls the hook
through :mod:`.child`.
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
"""Runs a command with variables in a folder; returns its exit code, or the negative number of the signal that ended it.
"""


class HookRequest(NamedTuple):
    """One call of a hook of the real backend."""

    backend: str
    """The real backend, in PEP 517's syntax."""
    backend_path: Sequence[str]
    source: Path
    hook: str
    folder: Path | None
    """The folder for the results; None for a hook that makes nothing."""
    config_settings: Mapping[str, Any] | None
    metadata_directory: str | None = None
    """Metadata that were prepared before, for a hook that builds."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of pyproject-hooks' method."""
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
    """The result of a call."""

    value: Any
    version: str | None
    """The version of the real backend's package, if it has one."""


def call_in_child(request: HookRequest, around: ChildSurroundings, run: Run) -> Answer:
    """Call a hook, and return its result.

    :raises BackendError: if the real backend or the hook is missing, the result does not exist, or pyproject-hooks is
        not installed.
    :raises ChildFailed: if the hook fails.
    """
    try:
        from pyproject_hooks import BuildBackendHookCaller, HookMissing  # noqa: PLC0415 - only a call in a child needs it
    except ImportError:  # a vendored copy
        raise BackendError(
            "no-pyproject-hooks",
            "pyproject-hooks is not installed; runtime-backend calls the real backend through it",
            hint="Add pyproject-hooks>=1.1 to build-system.requires; without build isolation, install it.",
        ) from None
    answer: dict[str, Any] = {}

    def start(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        python, *words, folder = cmd
        control = {**request._asdict(), **around._asdict(), "parent": os.getpid()}
        environ = {**control.pop("environ"), **(extra_environ or {})}
        del control["folder"], control["config_settings"]
        (Path(folder) / "control.json").write_text(json.dumps(control, default=str), "utf-8")
        code = run([python, str(_START), *words, folder], environ, Path(cwd or request.source))
        answer.update(_read_answer(Path(folder) / "answer.json"))
        if code or "return_val" not in _read_answer(Path(folder) / "output.json"):
            _refuse(code, answer)

    caller = BuildBackendHookCaller(
        str(request.source), _DOOR, runner=start, python_executable=around.python or sys.executable
    )
    try:
        value = getattr(caller, request.hook)(**request.arguments)
    except HookMissing:
        raise missing_hook(request.backend, request.hook) from None
    return Answer(value=value, version=answer.get("version"))


def _read_answer(path: Path) -> dict[str, Any]:
    """Return the child's answer; empty if there is none, or the build script has damaged it."""
    try:
        answer = parse_json(read_text(path), is_own=True)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refuse(code: int, answer: Mapping[str, Any]) -> None:
    """Raise the error with which a child ended."""
    if "refusal" in answer:
        raise BackendError(
            answer["stop"],
            "{refusal}",
            hint=None if answer["hint"] is None else "{way_out}",
            refusal=answer["refusal"],
            way_out=answer["hint"],
        )
    if "failure" in answer:
        raise ChildFailed(answer["code"], answer["failure"], is_dead=False)
    raise ChildFailed(max(code, 1), _describe_end(code), is_dead=True)


def _describe_end(code: int) -> str:
    if code >= 0:
        return f"the process ended with exit code {code} without an answer"
    name = f"signal {-code}"
    with suppress(ValueError):  # a real-time signal
        name = signal.Signals(-code).name
    why = ", as the kernel does when memory runs out" if name == "SIGKILL" else ""
    return f"the process was ended by {name}{why}"
