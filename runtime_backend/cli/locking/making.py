"""Resolving build requirements with uv, else with pip, to a lock of PEP 751."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from ...errors import CommandError
from ...errors.reasons import reason
from ...locks.answer import parse_toml, read_lock
from ...system.files import is_file, read_text
from ..adopt.shim import REQUIRES
from ..isolation import step

OLDEST = "3.10"
"""The oldest Python of the shim, and so of every build with it."""
_FIRST_PIP = Version("25.1")
"""The first pip that makes locks."""


class Making(NamedTuple):
    """What a lock is made from, and how."""

    requires: Sequence[str]
    constraints: Sequence[str]
    left_out: Sequence[str]
    """Names that the lock must not contain: the runtimes."""
    python: str
    """The oldest Python that it is for, ``X.Y``."""
    folder: Path
    """Where the settings of uv and pip are looked for."""
    before: Path | None
    """A lock whose versions are kept where possible; None to resolve anew."""
    upgraded: Sequence[str] = ()
    """Names whose version is not kept."""


def find_uv() -> str | None:
    """Return the uv that makes a lock; None if this environment's pip makes it.

    :raises CommandError: if there is neither uv nor a pip that locks.
    """
    uv = shutil.which("uv")
    if uv is None and _pip_version() < _FIRST_PIP:
        raise CommandError(
            "no-locking-tool",
            "the build requirements cannot be locked: found neither uv nor a pip that locks",
            hint="Install one of them: pip install uv, or: pip install 'pip>={first}'",
            first=_FIRST_PIP,
        )
    return uv


def _pip_version() -> Version:
    try:
        return Version(metadata.version("pip"))
    except metadata.PackageNotFoundError:
        return Version("0")


def make_lock(making: Making, uv: str | None, say: Callable[[str], None]) -> str:
    """Return the text of a lock with wheels only.

    :param uv: see :func:`find_uv`.
    :raises CommandError: if the resolver finds no solution, or cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="runtime-backend-lock-") as work:
        made = Path(work) / "pylock.build.toml"
        _write_lines(Path(work) / "requires.txt", making.requires)
        constraints = [*REQUIRES, *making.constraints, *(_kept(making) if uv is None else ())]
        _write_lines(Path(work) / "constraints.txt", constraints)
        if uv is None:
            say("note: found no uv, so pip makes the lock: for this Python and this platform only")
        elif making.before is not None and is_file(making.before):
            shutil.copyfile(making.before, made)
        command = _of_pip(made) if uv is None else _of_uv(uv, made, making)
        with step(f"locking the build requirements with {'pip' if uv is None else 'uv'}", say):
            _run(command, making.folder)
        return read_text(made)


_start = subprocess.run
"""A name for tests to replace: others in this process start programs, too."""


def _of_uv(uv: str, made: Path, making: Making) -> list[str]:
    every = "" in making.upgraded
    upgrades = ["--upgrade"] if every else [f"--upgrade-package={name}" for name in making.upgraded]
    return [
        *(uv, "pip", "compile", "--quiet", "--universal", "--format=pylock.toml", "--only-binary=:all:", "--no-header"),
        *("--no-sources", "--no-python-downloads", f"--python={sys.executable}", f"--python-version={making.python}"),
        *(f"--no-emit-package={name}" for name in making.left_out),
        *(*upgrades, f"--constraints={made.parent / 'constraints.txt'}", f"--output-file={made}"),
        str(made.parent / "requires.txt"),
    ]


def _of_pip(made: Path) -> list[str]:
    folder = made.parent
    return [
        *(sys.executable, "-m", "pip", "lock", "--quiet", "--only-binary=:all:", "--disable-pip-version-check"),
        *(f"--requirement={folder / 'requires.txt'}", f"--constraint={folder / 'constraints.txt'}"),
        f"--output={made}",
    ]


def _run(command: Sequence[str], folder: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_CONSTRAINT")}
    try:
        ended = _start(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CommandError(
            "locking-failed", "{program} cannot be started: {why}", program=command[0], why=reason(error)
        ) from None
    if ended.returncode:
        raise CommandError(
            "locking-failed",
            "the build requirements cannot be locked:\n{output}",
            hint="A lock contains wheels only, for every platform that it is for. Change build-requires, or let it"
            " take newer versions: runtime-backend lock --upgrade",
            output=ended.stderr.strip() or ended.stdout.strip(),
        )


def _kept(making: Making) -> list[str]:
    """Return the versions of the lock before as constraints, since pip does not keep them."""
    if making.before is None or not is_file(making.before) or "" in making.upgraded:
        return []
    packages = parse_toml(read_lock(making.before), making.before).get("packages", [])
    found = ((str(package.get("name")), package.get("version")) for package in packages)
    return [f"{name}=={version}" for name, version in found if version and name not in making.upgraded]


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def oldest_python(project: Any) -> str:  # noqa: ANN401 - any TOML
    """Return the oldest Python that a package is for, ``X.Y``, by its ``requires-python``; at least :data:`OLDEST`."""
    stated = project.get("requires-python") if isinstance(project, dict) else None
    try:
        specifiers = list(SpecifierSet(stated)) if isinstance(stated, str) else []
    except InvalidSpecifier:
        return OLDEST
    lower = [Version(s.version.removesuffix(".*")) for s in specifiers if s.operator in (">=", "~=", "==", ">")]
    oldest = max([Version(OLDEST), *lower])
    return f"{oldest.major}.{oldest.minor}"
