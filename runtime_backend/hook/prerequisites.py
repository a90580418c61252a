"""Build tools that no frontend installs: Python's headers and a C++ compiler.

They are checked only after a build failed: a package that needs neither builds without them, and the messages of
compilers and CMake do not name the system package to install.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..plan import Plan
from ..system.files import is_file

_COMPILERS = ("c++", "g++", "clang++")
_LAUNCHERS = ("ccache", "sccache", "distcc")
"""Programs whose first argument is the compiler."""


def find_missing(plan: Plan, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each missing tool of a failed build, with the command that installs it.

    :param environ: the environment of the hook; the plan's variables are added.
    """
    if plan.kind == "wheel":
        planned = {variable.name: variable.value for variable in plan.variables if variable.value is not None}
        yield from _missing_headers(include_folders())
        yield from _missing_compiler({**environ, **planned})


def include_folders() -> list[Path]:
    """Return the folders for the headers of the running interpreter."""
    paths = sysconfig.get_paths()
    return [Path(paths[name]) for name in ("include", "platinclude") if name in paths]


def _missing_headers(folders: Sequence[Path]) -> Iterator[str]:
    if not folders or any(is_file(folder / "Python.h") for folder in folders):
        return
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    yield (
        f"Python's headers are not installed: found no {folders[0] / 'Python.h'}. Install them: apt install"
        f" python{version}-dev (Debian, Ubuntu), dnf install python3-devel or python{version}-devel (Fedora, RHEL),"
        f" zypper install python{version.replace('.', '')}-devel (openSUSE), apk add python3-dev (Alpine). A Python of"
        " uv, pyenv or conda has its own."
    )


def _missing_compiler(environ: Mapping[str, str]) -> Iterator[str]:
    if os.name != "posix":  # Visual Studio's compiler is on PATH only in its own shell
        return
    named, path = environ.get("CXX", ""), environ.get("PATH", os.defpath)
    if named and (gone := _not_found(named, path)):
        what = f"CXX is {named!r}, and {gone!r} is not on PATH"
        yield f"no C++ compiler was found: {what}. Install it, or name another one."
    elif not named and not any(shutil.which(name, path=path) for name in _COMPILERS):
        yield (
            f"no C++ compiler is installed: found none of {', '.join(_COMPILERS)} on PATH. Install one: apt install g++"
            " (Debian, Ubuntu), dnf install gcc-c++ (Fedora, RHEL), zypper install gcc-c++ (openSUSE), apk add g++"
            " (Alpine), xcode-select --install (macOS); or name one: CXX=/path/to/the/compiler."
        )


def _not_found(command: str, path: str) -> str | None:
    """Return the program of a command that is not on PATH: the launcher, or the compiler after it."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation mark is not closed
        words = command.split()
    programs = words[:2] if words and os.path.basename(words[0]) in _LAUNCHERS else words[:1]  # noqa: PTH119 - it may be no path
    return next((program for program in programs if shutil.which(program, path=path) is None), None)
