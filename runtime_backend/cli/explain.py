"""``runtime-backend explain``: the plan for building a source tree here."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..config import load_settings
from ..errors import TargetError
from ..frontend.caller import Caller, read_caller
from ..frontend.processes import Process
from ..frontend.programs import find_program
from ..frontend.start import find_believed, find_start
from ..plan.as_json import describe_plan
from ..plan.as_text import plan_tree, render
from ..plan.planning import make_plan
from .adopt.documents import find_tree
from .declaration import refuse_misspelt, refuse_undeclared
from .terminal import coloured, out, out_json, say, wants_colour

HOOK = "get_requires_for_build_wheel"
"""The hook whose plan is shown: the first one, since a frontend installs what it requires."""


def explain(source: str, command: Sequence[str] = (), *, as_json: bool) -> int:
    """Print the plan, and return 1 if the build would stop.

    :param command: the frontend's command that would run the build; empty if none was named.
    :raises CommandError: if there is no such source tree.
    :raises BackendError: if it does not declare the shim.
    :raises ConfigError: if its settings are wrong.
    :raises TargetError: if the command is not a frontend's, or was not found.
    """
    tree = find_tree(Path(source))
    refuse_undeclared(tree)
    # The build would run in a process of the frontend, so the import path of this process does not count.
    caller = read_caller()._replace(cwd=tree, sys_path=(), is_hook=False)
    if command:
        caller = _called_by(command, caller)
    settings = load_settings(tree, start=find_start(caller), environ=caller.environ, trust=find_believed(caller))
    refuse_misspelt(tree, settings)
    plan = make_plan(HOOK, settings, caller, say)
    if as_json:
        out_json(describe_plan(plan))
    else:
        is_coloured = wants_colour(sys.stdout, os.environ)
        for line in render(plan_tree(plan)):
            out(line, coloured if is_coloured else None)
        if plan.refusal is not None:
            out(f"the build would stop, error[{plan.refusal.stop}]: {plan.refusal}")
    return 0 if plan.refusal is None else 1


def _called_by(command: Sequence[str], caller: Caller) -> Caller:
    """Return the caller as the command's frontend would appear, as far as the decision needs it.

    :raises TargetError: if the command is not a frontend's, or was not found.
    """
    path = shutil.which(command[0], path=caller.environ.get("PATH"))
    argv = [*_interpreter_of(Path(path)), path, *command[1:]] if path else list(command)
    program = find_program(argv, Path.cwd()) if path else None
    if program is None:
        raise TargetError(
            "no-frontend-in-command",
            "{command}: found no frontend, expected a command of pip, uv or another frontend on PATH",
            command=shlex.join(command),
        )
    process = Process(argv=tuple(argv), cwd=Path.cwd(), environ=caller.environ, pid=os.getpid())
    caller = caller._replace(list_ancestors=lambda: (process,))
    environment = caller.reader.read(Path(argv[0]).absolute()) if program.name == "pip" else None
    if environment is None:
        return caller
    reader = caller.reader._replace(python=environment.python)
    return caller._replace(prefix=environment.prefix, executable=Path(argv[0]), reader=reader)


def _interpreter_of(script: Path) -> list[str]:
    """Return the Python in a script's first line, as a list of one; empty for any other program."""
    with script.open("rb") as file:
        first = file.read(256).partition(b"\n")[0].decode("utf-8", errors="replace")
    words = first[2:].split() if first.startswith("#!") else []
    if words[:1] == ["/usr/bin/env"]:
        words = [shutil.which(word) or "" for word in words[1:2]]
    return words[:1] if words and Path(words[0]).name.startswith(("python", "pypy")) else []
