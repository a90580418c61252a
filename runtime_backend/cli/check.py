"""``runtime-backend check``: finding distributions that were built for another runtime than the installed one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..archives.linkage import Unread
from ..errors import TargetError
from ..frontend.caller import read_caller
from ..frontend.environments import Environment
from ..frontend.folders import upward_in
from ..system.files import is_closed, is_file, is_there
from ..system.trust import find_trust
from .stale.linkage import Unfit, find_unfit
from .stale.rebuilding import Rebuilding, plan_rebuilding
from .stale.staleness import Finding, find_stamped
from .terminal import out, out_json, say


def check(named: str | None, *, as_json: bool) -> int:
    """Print the results; return 1 if a distribution must be rebuilt, 2 if one could not be compared.

    :param named: a prefix or an interpreter; None for the current environment.
    :raises TargetError: if there is no such environment.
    """
    environment = _find(named, os.environ)
    _refuse_unreadable(environment)
    findings = list(find_stamped(environment))
    unfit, unread, left_out = _look_at_unstamped(environment, findings)
    plans = [plan_rebuilding(found.distribution, environment) if found.is_stale else None for found in findings]
    if as_json:
        out_json(_describe(environment, findings, plans, unfit))
    else:
        _print(environment, findings, plans)
    for plan in plans:
        if plan is not None and plan.note is not None:
            say(f"note: {plan.note}")
    for warning in [*map(str, unfit), *map(str, unread), *left_out]:
        say(f"warning: {warning}")
    if any(finding.is_stale for finding in findings):
        return 1
    return 2 if any(finding.is_unchecked for finding in findings) else 0


def _find(named: str | None, environ: Mapping[str, str]) -> Environment:
    """Return the named environment, else the activated one, else the nearest ``.venv``, else this interpreter's.

    :raises TargetError: if there is none.
    """
    candidate = named or next((environ[name] for name in _ACTIVATED if environ.get(name)), None)
    if candidate is None:
        candidate = _find_unnamed(environ)
        say(f"no environment is activated; checking {candidate}")
    # Not resolved: the interpreter of a virtual environment is a link to its base interpreter.
    found = read_caller().reader.read(Path(os.path.abspath(candidate)))  # noqa: PTH100 - Path.resolve follows links
    if found is None:
        raise TargetError(
            "no-such-environment",
            "{candidate}: found no environment there, expected a prefix or an interpreter",
            candidate=candidate,
        )
    return found


_ACTIVATED = ("VIRTUAL_ENV", "CONDA_PREFIX")


def _find_unnamed(environ: Mapping[str, str]) -> str:
    for folder in upward_in(find_trust(environ), Path.cwd()):
        if is_there(folder / ".venv"):
            return str(folder / ".venv")
    if is_file(Path(sys.prefix) / "pyvenv.cfg"):
        return sys.prefix
    raise TargetError(
        "no-environment",
        "no environment is activated, and there is no .venv in this folder or its parents",
        hint="Name it: runtime-backend check PREFIX",
    )


def _refuse_unreadable(environment: Environment) -> None:
    """Refuse an environment whose folders cannot be listed, since it would look empty.

    :raises TargetError: names the folder.
    """
    for folder in environment.site_dirs:
        if is_closed(folder):
            raise TargetError("folder-unreadable", "{folder}: cannot be read: permission denied", folder=folder)


def _look_at_unstamped(
    environment: Environment, findings: list[Finding]
) -> tuple[list[Unfit], list[Unread], list[str]]:
    """Check the libraries of distributions without a stamp; if pyelftools is missing, return a note about that."""
    stamped = {finding.distribution.name for finding in findings}
    others = [found for found in environment.distributions if found.name not in stamped]
    try:
        return *find_unfit(others, environment), []
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "elftools":
            raise
        missing = (
            "distributions without a stamp were not checked: that needs pyelftools: pip install 'runtime-backend[cli]'"
        )
        return [], [], [missing]


def _print(environment: Environment, findings: list[Finding], plans: list[Rebuilding | None]) -> None:
    if not findings:
        out(f"{environment.prefix}: found no distribution with a stamp")
    for finding in findings:
        out(str(finding))
    commands = [plan.command for plan in plans if plan is not None and plan.command is not None]
    if commands:
        out("to rebuild them:")
        for command in commands:
            out(f"  {command}")


def _describe(
    environment: Environment, findings: list[Finding], plans: list[Rebuilding | None], unfit: list[Unfit]
) -> dict[str, Any]:
    return {
        "environment": str(environment.prefix),
        "distributions": [
            {**finding.describe(), "rebuild": plan and plan.command, "note": plan and plan.note}
            for finding, plan in zip(findings, plans, strict=True)
        ],
        "unstamped": [entry.describe() for entry in unfit],
        "stale": any(finding.is_stale for finding in findings),
    }
