"""``runtime-backend check``: what was built for another runtime than the one that is installed now."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import TargetError
from ..files import is_file, is_there
from ..frontend import Environment, read_caller, upward_in
from ..trust import find_trust
from .linkage import Unfit, find_unfit
from .rebuilding import rebuild_command
from .staleness import Finding, find_stamped
from .terminal import out, out_json, say


def check(named: str | None, *, as_json: bool) -> int:
    """Print what was found, and return 1 if something has to be built again.

    :param named: a prefix or an interpreter; None: the one that the person works in.
    :raises TargetError: when there is no such environment.
    """
    environment = _find(named, os.environ, Path.cwd())
    findings = list(find_stamped(environment))
    unfit, left_out = _look_at_unstamped(environment, findings)
    stale = [finding for finding in findings if finding.is_stale]
    commands = [rebuild_command(finding.distribution, environment) for finding in stale]
    if as_json:
        out_json(_describe(environment, findings, commands, unfit))
    else:
        _tell(environment, findings, commands)
    for warning in [str(entry) for entry in unfit] + ([left_out] if left_out else []):
        say(f"warning: {warning}")
    return 1 if stale else 0


def _find(named: str | None, environ: Mapping[str, str], cwd: Path) -> Environment:
    """Return the environment: named, activated, ``.venv`` upward, or that of this very interpreter if it is one."""
    reader = read_caller().reader
    activated = [environ[name] for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if environ.get(name)]
    own = [sys.prefix] if is_file(Path(sys.prefix) / "pyvenv.cfg") else []
    folders = upward_in(find_trust(environ), cwd)
    upward = [str(folder / ".venv") for folder in folders if is_there(folder / ".venv")]
    candidates = [*activated, *upward[:1], *own] if named is None else [named]
    for candidate in candidates[:1]:
        # As it is spelt: the interpreter of a virtual environment is a link to the one that it was made from.
        found = reader.read(Path(os.path.abspath(candidate)))  # noqa: PTH100 - Path.resolve follows links
        if found is not None:
            return found
        raise TargetError(f"{candidate}: found no environment there, expected a prefix or an interpreter")
    raise TargetError(
        "no environment is activated, and there is no .venv here or further up",
        hint="Name it: runtime-backend check PREFIX",
    )


def _look_at_unstamped(environment: Environment, findings: list[Finding]) -> tuple[list[Unfit], str | None]:
    """Return what the libraries tell; without the library that reads them, a word about that."""
    stamped = {finding.distribution.name for finding in findings}
    others = [found for found in environment.distributions if found.name not in stamped]
    try:
        return find_unfit(others, environment), None
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "elftools":
            raise
        return [], "what has no stamp was not looked at; that takes pyelftools: pip install 'runtime-backend[cli]'"


def _tell(environment: Environment, findings: list[Finding], commands: list[str]) -> None:
    if not findings:
        out(f"{environment.prefix}: nothing in it has a stamp")
    for finding in findings:
        out(str(finding))
    if commands:
        out("to build them again:")
        for command in commands:
            out(f"  {command}")


def _describe(
    environment: Environment, findings: list[Finding], commands: list[str], unfit: list[Unfit]
) -> dict[str, Any]:
    rebuilding = iter(commands)
    return {
        "environment": str(environment.prefix),
        "distributions": [
            {**finding.describe(), "rebuild": next(rebuilding) if finding.is_stale else None} for finding in findings
        ],
        "unstamped": [entry.describe() for entry in unfit],
        "stale": bool(commands),
    }
