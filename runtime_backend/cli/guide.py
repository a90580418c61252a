"""``runtime-backend`` without a command: what to do next in the working directory."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .. import __version__
from ..errors import DOCUMENTATION, RuntimeBackendError
from ..formats.toml import read_document
from ..system.files import is_file
from .adopt.adoption import BACKEND, SHIM, builds_against_torch
from .adopt.shim import MANIFEST
from .adopt.shim import SHIM as OWN_FOLDER
from .package.stated_requirements import table_of, texts_of
from .terminal import out, wants_colour

_NARROW, _LEAST = 30, 20
"""Fewer columns than these for a purpose: it stands below its command; no text is made narrower than the second."""


class Step(NamedTuple):
    """One command that may be the next one."""

    command: str
    purpose: str


class Situation(NamedTuple):
    """What a folder is, and what a person can do there."""

    found: str
    steps: Sequence[Step]


_EXPLAIN = Step("runtime-backend explain", "print what a build here would do, and why")
_EXPLAIN_COMMAND = Step("runtime-backend explain . -- pip install .", "the same for one command of a frontend")
_INSTALL = Step("pip install .", "build the package in one stage, and install it")
_LAST = Step("runtime-backend explain --last", "report what the last build did, and when")
_LOCK = Step("runtime-backend lock --check", "compare the build lock with what it was made from")
_VENDOR = Step("runtime-backend vendor --check", "compare the copy of the shim with its manifest")
_UPDATE = Step("runtime-backend wrap NAME==VERSION . --update", "change the wrapper to another version")
_INIT = (
    Step("runtime-backend init", "show what would change in pyproject.toml"),
    Step("runtime-backend init --write", "change it, so that one command builds the package against the right torch"),
    Step("runtime-backend vendor", "the same, with a copy of runtime-backend in the package: for forks"),
)
_CONSUME = (
    Step("runtime-backend wrap NAME==VERSION", "make a package that builds an upstream source against your torch"),
    Step("runtime-backend check", "find installed packages that were built for another torch"),
    Step("runtime-backend cache", "list what builds have kept"),
)


def guide() -> int:
    """Print what to do next in the working directory; return 0, since this is an answer and not a mistake."""
    width = max(shutil.get_terminal_size().columns - 2, _LEAST)
    is_coloured = wants_colour(sys.stdout, os.environ)
    for line, command in _render(find_situation(Path()), width):
        out(line, partial(_emphasised, command=command) if is_coloured else None)
    return 0


def find_situation(tree: Path) -> Situation:
    """Return what a folder is: a package with the shim, one that needs it, a wrapper, or none of them."""
    if not any(is_file(tree / name) for name in ("pyproject.toml", "setup.py")):
        return Situation("This folder has no package.", _CONSUME)
    try:
        document = read_document(tree / "pyproject.toml") if is_file(tree / "pyproject.toml") else {}
        if table_of(document, "build-system").get("build-backend") == BACKEND:
            return _of_user(tree, document)
        if builds_against_torch(tree, document):
            return Situation("The package in this folder builds against torch, without runtime-backend.", _INIT)
    except RuntimeBackendError as error:
        return Situation(f"The package in this folder cannot be read: {error}", ())
    return Situation("Nothing in this folder builds against torch.", _CONSUME)


def _of_user(tree: Path, document: Mapping[str, Any]) -> Situation:
    """Return the situation in a package that uses the shim."""
    ours = table_of(document, "tool", SHIM)
    if "source" in ours:
        found = "This folder is a wrapper: it builds an upstream source."
        return Situation(found, (_EXPLAIN, _INSTALL, _UPDATE, _LAST))
    folders = texts_of(table_of(document, "build-system").get("backend-path"))
    is_vendored = any(is_file(tree / folder / OWN_FOLDER.name / MANIFEST) for folder in folders)
    checks = [*([_LOCK] if "build-lock" in ours else []), *([_VENDOR] if is_vendored else [])]
    steps = (_EXPLAIN, _EXPLAIN_COMMAND, _INSTALL, _LAST, *checks)
    return Situation("The package in this folder builds with runtime-backend.", steps)


def _render(situation: Situation, width: int) -> Iterator[tuple[str, str]]:
    """Yield each line with the command in it; empty for a line without one."""
    title = f"runtime-backend {__version__} builds torch extensions against the torch that will run them."
    for paragraph in (title, situation.found):
        yield from ((line, "") for line in _wrap(paragraph, width))
        yield "", ""
    column = max((len(step.command) for step in situation.steps), default=0)
    if situation.steps:
        yield "Next, one of:", ""
    for step in situation.steps:
        yield from _render_step(step, column, width)
    if situation.steps:
        yield "", ""
    yield "All commands: runtime-backend --help", "runtime-backend --help"
    yield f"Documentation: {DOCUMENTATION}", ""


def _render_step(step: Step, column: int, width: int) -> Iterator[tuple[str, str]]:
    """Yield the lines of a step: the purpose stands right of the command, or below it if there is no room."""
    if width - column - 4 < _NARROW:
        yield f"  {step.command}", step.command
        yield from ((f"      {line}", "") for line in _wrap(step.purpose, width - 6))
        return
    first, *others = _wrap(step.purpose, width - column - 4)
    yield f"  {step.command:{column}}  {first}", step.command
    yield from ((f"{'':{column + 4}}{line}", "") for line in others)


def _wrap(text: str, width: int) -> list[str]:
    # Paths and addresses stay whole, so that they can be copied.
    return textwrap.wrap(text, max(width, _LEAST), break_long_words=False, break_on_hyphens=False)


def _emphasised(text: str, command: str) -> str:
    return text.replace(command, f"\033[1m{command}\033[0m", 1) if command else text
