"""Finding the frontend in a command line, and the start of its arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..system.files import is_file

FRONTENDS = ("uv", "uvx", "pip", "build", "pyproject-build", "poetry", "pdm", "hatch", "tox", "nox", "pipenv")
_ALIASES = {
    "pyproject-build": "build",
    "uvx": "uv",
    "__pip-runner__": "pip",
    "pip-compile": "pip",
    "pip-sync": "pip",
    "piptools": "pip",
}
_CONSOLE_SCRIPT = rb"(?m)^from pip(\._internal\.\S+)? import main"
_LONGEST_SCRIPT = 2_000
"""Bytes; ten times the size of the console scripts that installers write."""


class Program(NamedTuple):
    """A frontend in a command line."""

    name: str
    """One of :data:`FRONTENDS`, without the aliases."""
    start: int
    """The index of the frontend's first argument in argv."""


def find_program(argv: Sequence[str], cwd: Path | None = None) -> Program | None:
    """Return the frontend that a command line runs: ``uv sync``, ``python -m pip wheel .``, ``python /x/bin/build``.

    :param cwd: the process's working directory, by which a renamed script of pip is found and read.
    """
    if not argv:
        return None
    name, start = _stem(argv[0]), 1
    if name.startswith(("python", "pypy")):
        name, start = _program_of(argv)
        if name == "runpy" and start < len(argv):  # python -m runpy pip install
            name, start = argv[start].partition(".")[0], start + 1
    name = name.rstrip("0123456789.-")  # pip3.11, pip-26.3.pyz
    name = _ALIASES.get(name, name)
    if name in FRONTENDS:
        return Program(name=name, start=start)
    script = argv[start - 1] if start <= len(argv) else None
    is_renamed = cwd is not None and script is not None and _is_pip(cwd / script)
    return Program(name="pip", start=start) if is_renamed else None


def _is_pip(script: Path) -> bool:
    """Return whether a file is a renamed pip: a console script, or a zip archive with pip."""
    if not is_file(script):
        return False
    try:
        with script.open("rb") as file:
            head = file.read(_LONGEST_SCRIPT)
    except OSError:
        return False
    if re.search(_CONSOLE_SCRIPT, head) and len(head) < _LONGEST_SCRIPT:
        return True
    if not head.startswith((b"#!", b"PK")):  # an archive may start with a shebang, too
        return False
    import zipfile  # noqa: PLC0415 - a renamed pip is rare

    try:
        with zipfile.ZipFile(script) as archive:
            return "pip/__main__.py" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _program_of(argv: Sequence[str]) -> tuple[str, int]:
    """Return the module or script that an interpreter runs, and the index of the argument after it.

    ``-Im build``, ``-mpip``, ``-X dev /x/bin/pip``; the name is empty if it runs neither.
    """
    index = 1
    while index < len(argv):
        word = argv[index]
        if word == "-":  # the program is read from standard input
            break
        if not word.startswith("-"):
            name = Path(word).parent.name if _stem(word) == "__main__" else _stem(word)
            return name, index + 1
        option, value = ("", "") if word.startswith("--") else _interpreter_option(word)
        if option == "c":
            break
        if option == "m":
            module = value or (argv[index + 1] if index + 1 < len(argv) else "")
            return module.partition(".")[0], index + (1 if value else 2)
        index += 2 if option and not value else 1
    return "", len(argv)


def _interpreter_option(word: str) -> tuple[str, str]:
    """Return (letter, attached value) of the option with a value in a cluster; empty if there is none."""
    found = re.match(r"-[A-Za-z]*?([cmWX])(.*)", word, re.DOTALL)
    return (found.group(1), found.group(2)) if found else ("", "")


def _stem(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    for ending in (".exe", ".py", ".pyz"):
        name = name.removesuffix(ending)
    return name
