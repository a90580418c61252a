"""The messages of stops, each with the next command to run, derived from the frontend's command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config import RuntimeRule
from ..errors import DecisionError, ResolutionError
from ..formats.parsing import parse_requirement
from ..frontend.arguments import find_positional
from ..frontend.installations import Installation
from ..frontend.installations.pip import PIP_VALUED
from ..frontend.uv_options import VALUED_OPTIONS
from .decision import Decision
from .naming import read_word
from .resolution import Resolution
from .search import Step

_ADD = {"poetry": "poetry add --lock {name}, then poetry install", "pdm": "pdm add {name}"}
"""Project manager -> the command that adds a runtime to its lock."""


def with_runtime(installation: Installation, requirement: str) -> str:
    """Return the command with a requirement for the runtime: ``pip install torch==2.7.0 -U ./package``.

    It replaces another requirement for the same runtime; all options stay.
    """
    program = installation.program
    if program == "uv pip sync":
        return f"write {requirement} into {' '.join(installation.files)}, then run the same command again"
    if program.startswith(("uv run", "uv tool", "uv x")):
        name = "uv tool install" if program == "uv tool upgrade" else program
        return f"{name} --with {shlex.quote(requirement)}, with the other arguments unchanged"
    if program.startswith("uv ") and not program.startswith("uv pip "):
        return f"uv add {shlex.quote(requirement)}"
    return _spelt_with(installation, requirement)


def _spelt_with(installation: Installation, requirement: str) -> str:
    """Return the command line of pip or uv pip, with a requirement after the command's name."""
    argv, start = installation.process.argv, installation.start
    words = argv[start:]
    places = list(
        find_positional(words, valued=PIP_VALUED if installation.program.startswith("pip ") else VALUED_OPTIONS)
    )
    command = len(installation.program.split()) - 1  # pip | install, uv | pip install
    gone = {place for place in places[command:] if _names(words[place], requirement)}
    first = places[command - 1] + 1
    rest = [word for place, word in enumerate(words) if place >= first and place not in gone]
    return shlex.join([*_program(argv, start), *words[:first], requirement, *rest])


def _program(argv: Sequence[str], start: int) -> Sequence[str]:
    """Return a program as a person types it: ``pip`` for the path of its script, ``python -m pip`` unchanged."""
    is_script = start == 1 or argv[start - 2] != "-m"
    return [Path(argv[start - 1]).name] if is_script else argv[:start]


def _names(word: str, requirement: str) -> bool:
    """Return whether an argument is another requirement for the same runtime."""
    runtime = parse_requirement(requirement)
    return runtime is not None and read_word(word, ()).project == canonicalize_name(runtime.name)


def nothing_known(
    rule: RuntimeRule, steps: list[Step], frontend: str | None, installation: Installation | None
) -> ResolutionError:
    """Return the stop for a build without a known runtime."""
    name = rule.name
    if installation is not None and installation.program == "uv sync":
        there = next((step for step in steps if step.found.startswith(f"{name} ")), None)
        if there is not None and not there.path.endswith(".lock"):
            return ResolutionError(
                "runtime-about-to-be-removed",
                "uv sync is about to remove {found} from {path}: its lock does not install {name} here",
                hint="Keep it: uv sync --inexact, with the other arguments unchanged; or add it to the project: uv"
                " add {name}",
                found=there.found,
                path=there.path,
                name=name,
            )
    looked = (
        "\n".join(f"  {step}" for step in dict.fromkeys(steps)) or "  nothing: no environment and no lock was found"
    )
    return ResolutionError(
        "no-runtime",
        "no {name} is known to build against. Looked at:\n{looked}",
        hint="{way_out}",
        name=name,
        looked=looked,
        way_out=_how_to_name(rule, frontend, installation),
    )


def _how_to_name(rule: RuntimeRule, frontend: str | None, installation: Installation | None) -> str:
    name, wanted = rule.name, f"{rule.name}{rule.requirement.specifier}"
    if installation is not None and installation.is_installing:
        if installation.has_no_dependencies:
            return f"Install {wanted} first, in a separate command without --no-deps; then run the same command again."
        return f"Name it in the same command: {with_runtime(installation, wanted)}"
    if installation is not None or frontend in ("build", "uv", "hatch", "tox"):
        return (
            f"This command installs nothing. Activate the environment that the wheel is for and has {name}, or"
            f" name one for this call: RUNTIME_BACKEND_PIN='{name}==VERSION', RUNTIME_BACKEND_TARGET=/path/to/env."
        )
    if frontend in ("poetry", "pdm"):
        return f"Add it to the project: {_ADD[frontend].format(name=name)}; then run the same command again."
    return (
        f"Install {name} in the environment that the wheel is for, or lock it, then run the same command again; or name"
        f" it for this call: RUNTIME_BACKEND_TARGET=/path/to/environment, or RUNTIME_BACKEND_PIN='{name}==VERSION'."
    )


def cannot_ask(installation: Installation, why: str, name: str) -> DecisionError:
    """Return the stop for a command whose dry run might give another result.

    :param why: the reason.
    """
    if installation.program.startswith("uv run"):
        hint = "Save the script in a file, and run that: uv run script.py"
    elif "clone" in why:
        hint = f"Install {name} first, in a separate command; then run: {installation.program} -e URL#egg=NAME"
    else:
        option = "" if installation.program == "uv pip sync" else "-r "
        hint = f"Save the requirements in a file, and name that: {installation.program} {option}requirements.txt"
    return DecisionError(
        "command-cannot-be-asked",
        "it is not known which {name} the target will have: {why}",
        hint="{way_out}",
        name=name,
        why=why,
        way_out=hint,
    )


def would_not_replace(name: str, there: str, wanted: str, folder: Path) -> DecisionError:
    """Return the stop for ``pip install --target`` over another version."""
    return DecisionError(
        "target-folder-mixes-versions",
        "pip would mix two versions in {folder}: found {name} {there}, but pip chooses {name} {wanted}, and does not"
        " replace existing folders",
        hint="Let pip replace it: the same command with --upgrade.",
        folder=folder,
        name=name,
        there=there,
        wanted=wanted,
    )


def differs(stated: Resolution, decided: Resolution | None, evidence: str, way_out: str, origin: str) -> DecisionError:
    """Return the stop for a runtime that was set by hand, if the target will have another one.

    :param origin: the variable or the config setting that set it.
    """
    name = stated.identity.name
    other = "none" if decided is None else str(decided.identity)
    return DecisionError(
        "pin-differs",
        "{origin} names {name} {version}, but the target will have {other} ({evidence})",
        hint="Give the frontend the same runtime: {way_out}; or remove {origin}.",
        origin=origin,
        name=name,
        version=stated.identity.version,
        other=other,
        evidence=evidence,
        way_out=way_out,
    )


def names_none(origin: str, decided: Resolution, decision: Decision | None) -> DecisionError:
    """Return the stop for a named target or lock without a runtime, if the command's target will have one."""
    evidence = "" if decision is None else f" ({decision.evidence})"
    name = decided.identity.name
    return DecisionError(
        "named-target-without-runtime",
        "{origin} has no {name}, but the target of the command will have {decided}{evidence}",
        hint="Remove {origin}, so that the frontend's own target counts.",
        origin=origin,
        name=name,
        decided=decided.identity,
        evidence=evidence,
    )


def about_to_be_replaced(resolution: Resolution, requirement: str, origin: str, way_out: str | None) -> ResolutionError:
    """Return the stop for a runtime that the package itself does not accept."""
    return ResolutionError(
        "runtime-not-supported",
        "the package does not accept {resolution}: expected {requirement!r} ({origin}); installing the package would"
        " replace the runtime",
        hint=(
            "Install a {name} that fits, or name it: {way_out}."
            if way_out
            else "Install a {name} that fits into the environment that the wheel is for, then run the same command"
            " again."
        ),
        resolution=resolution,
        requirement=requirement,
        origin=origin,
        name=resolution.identity.name,
        way_out=way_out,
    )


def unverified(resolution: Resolution, evidence: str) -> str:
    """Return the note for an assumed runtime."""
    return (
        f"NOT VERIFIED: {evidence}, so it is not known what the command installs; assuming {resolution}. If it installs"
        f" another {resolution.identity.name}, this wheel does not fit: run pip, uv or another frontend as a separate"
        " program, so that its process can be seen"
    )
