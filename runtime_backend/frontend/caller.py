"""The caller: this hook's process, its frontend, and the isolation of the build."""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from ..errors import TargetError
from ..errors.reasons import reason
from ..system.trust import Trust, find_trust
from .environments import Environment, EnvironmentReader, read_pyvenv_cfg
from .processes import Process, list_ancestors
from .programs import find_program

T = TypeVar("T")

_THROWAWAY = r"(pip-)?build-env-[a-z0-9_]{8}"
"""The folder's name of a build environment by build or pip (venv isolation), in the temporary folder."""

Isolation = Literal["none", "hidden", "throwaway", "kept", "assumed"]
"""How a frontend isolates a build.

``none``       not at all
``hidden``     the interpreter is the target's, with its distributions removed from the path (pip, pdm, pipenv)
``throwaway``  an environment made for this build (uv, build, poetry, pip's venv isolation)
``kept``       an environment that the last build used, too (hatch, tox), and that may contain that build's torch
``assumed``    no frontend is running; the command line explains an isolated build
"""

_TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108 - the defaults without a variable


class _Facts(NamedTuple):
    """The facts about a process, read when the hook begins."""

    environ: Mapping[str, str]
    cwd: Path
    executable: Path
    prefix: Path
    sys_path: tuple[str, ...]
    reader: EnvironmentReader
    list_ancestors: Callable[[], Sequence[Process]]
    trust: Trust
    """The users whose files are read without being named."""
    argv: tuple[str, ...] = ()
    """The script of this process, and its arguments."""
    find_imported: Callable[[str], str | None] = lambda _: None
    """Returns the version of a distribution that this process imported; tox runs all hooks in one process."""
    is_hook: bool = True
    """False for the command line, which explains a build without a frontend."""


class Caller(_Facts):
    """All facts about a hook's process and frontend, made once per hook and passed down."""

    @cached_property
    def findings(self) -> dict[object, Any]:
        """Cached results of functions of this caller (see :func:`once`)."""
        return {}

    @cached_property
    def ancestors(self) -> Sequence[Process]:
        """The ancestor processes, nearest first; read on first use."""
        return self.list_ancestors()

    @cached_property
    def own_environment(self) -> Environment | None:
        """The environment of the running interpreter, its user site and system site packages included."""
        return self.reader.read(self.prefix)

    @cached_property
    def isolation(self) -> Isolation:
        """How the frontend isolates this build."""
        if not self.is_hook:
            return "assumed"
        if self.environ.get("HATCH_ENV_ACTIVE") == "hatch-build" or self._is_tox_packaging:
            return "kept"
        if self._is_uvs or self._is_temporary or self._is_poetry:
            return "throwaway"
        own = self.own_environment
        visible = {os.path.realpath(entry) for entry in self.sys_path if entry}
        if own is None or any(os.path.realpath(folder) in visible for folder in own.site_dirs):
            return "none"
        return "hidden"

    @cached_property
    def _config(self) -> Mapping[str, str]:
        return read_pyvenv_cfg(self.prefix)

    @property
    def _is_uvs(self) -> bool:
        """Whether the build environment is uv's: ``<uv's cache>/builds-v0/.tmpa1B2c3``."""
        is_placed_so = self.prefix.parent.name == "builds-v0" and self.prefix.name.startswith(".tmp")
        return is_placed_so and "uv" in self._config

    @property
    def _is_temporary(self) -> bool:
        """Whether it is build's or pip's: ``<tmp>/build-env-a1b2c3d4``, ``<tmp>/pip-build-env-a1b2c3d4``, or below."""
        if not self._config:
            return False
        named = next((f for f in (self.prefix, self.prefix.parent) if re.fullmatch(_THROWAWAY, f.name)), None)
        roots = {os.path.realpath(place) for place in (*self._temporary_folders, *_TEMPORARY)}
        return named is not None and os.path.realpath(named.parent) in roots

    @property
    def _temporary_folders(self) -> tuple[str, ...]:
        """The temporary folders in the variables that Python's tempfile reads."""
        return tuple(filter(None, (self.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))))

    def is_in_temporary_folder(self, path: Path) -> bool:
        """Return whether a path is in the temporary folder, in which frontends unpack sdists."""
        roots = [os.path.realpath(place) for place in self._temporary_folders or _TEMPORARY]
        return any(Path(os.path.realpath(path)).is_relative_to(root) for root in roots)

    @property
    def _is_tox_packaging(self) -> bool:
        """Whether this is the process in which tox runs the hooks of its packaging environment, of any name."""
        script = Path(self.argv[0]) if self.argv else Path()
        return "TOX_ENV_NAME" in self.environ and script.parts[-2:] == ("pyproject_api", "_backend.py")

    @property
    def _is_poetry(self) -> bool:
        """Whether the build environment is poetry's: ``<tmp>/tmpa1b2c3d4/.venv``, a name that others may use."""
        is_named_so = self.prefix.name == ".venv" and re.fullmatch(r"tmp[a-z0-9_]{8}", self.prefix.parent.name)
        if not is_named_so or "virtualenv" not in self._config:
            return False
        return not self.ancestors or [name for name, _ in self.frontends][:1] == ["poetry"]

    @cached_property
    def frontends(self) -> tuple[tuple[str, Process], ...]:
        """The frontends among the ancestors, nearest first: the first one calls the hooks, started by the others."""
        named = ((find_program(process.argv, process.cwd), process) for process in self.ancestors)
        return tuple((program.name, process) for program, process in named if program is not None)

    @cached_property
    def frontend(self) -> tuple[str | None, Process | None]:
        """The frontend's name, and its process; None for each that cannot be found."""
        nearest = self.frontends[0] if self.frontends else None
        if self.ancestors and (nearest is None or nearest[1] is not self.ancestors[0]):
            if self._is_uvs:  # uv under another name: it calls hooks directly
                return "uv", self.ancestors[0]
            # pip calls hooks directly, too, so the parent is a program that uses pip as a library.
            if self._is_marked_by_pip and (nearest is None or nearest[0] not in ("pip", "pipenv")):
                return "pip", None
        if nearest is not None:
            return nearest
        return self._marked_frontend, None

    @property
    def _marked_frontend(self) -> str | None:
        """The frontend by its marks in this process, for systems that show no other process."""
        if self.isolation == "hidden" and "pdm-build-env-" in self.environ.get("PYTHONPATH", ""):
            return "pdm"
        if self.isolation == "throwaway" and self._is_poetry:
            return "poetry"
        if self._is_uvs:
            return "uv"
        return "pip" if self._is_marked_by_pip else None

    @property
    def _is_marked_by_pip(self) -> bool:
        return "PIP_BUILD_TRACKER" in self.environ and self.isolation in ("hidden", "throwaway")

    @cached_property
    def personal_environ(self) -> Mapping[str, str]:
        """The person's environment variables, as far as this process and the frontend's show them.

        Some frontends activate the build environment in this process (uv, hatch, tox). The variables are then those of
        the nearest ancestor without that. Only four are read: a shell further up has the variables of its own start.
        """
        if self.isolation not in ("throwaway", "kept"):
            return self.environ
        own = os.path.realpath(self.prefix)
        for environ in (self.environ, *(ancestor.environ for ancestor in self.ancestors[:4])):
            active = environ.get("VIRTUAL_ENV")
            if environ and (active is None or os.path.realpath(active) != own):
                return environ
        return {name: value for name, value in self.environ.items() if name != "VIRTUAL_ENV"}

    @property
    def working_folders(self) -> tuple[Path, ...]:
        """The person's working directories: the frontend's, then the shell's.

        ``PWD`` is out of date if a program started the frontend in another folder, or the frontend changed its folder.
        """
        process = self.frontend[1]
        own = process.cwd if process is not None else None
        shell = self.environ.get("PWD")
        folders = [own, Path(shell) if shell else None]
        return tuple(dict.fromkeys(folder for folder in folders if folder is not None))


def once(find: Callable[[Caller], T]) -> Callable[[Caller], T]:
    """Cache the result of a function of a caller, so that a command line is read once per hook."""

    @wraps(find)
    def found(caller: Caller) -> T:
        if find not in caller.findings:
            caller.findings[find] = find(caller)
        kept: T = caller.findings[find]
        return kept

    return found


def _working_folder() -> Path:
    """Return the working directory.

    :raises TargetError: if it was removed, or may not be read.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise TargetError(
            "no-working-directory",
            "the working directory cannot be used: {why}",
            hint="It may have been removed. Change to another one, then run the same command again.",
            why=reason(error),
        ) from None


def read_caller() -> Caller:
    """Return the caller of this process."""
    flags = "t" if "t" in getattr(sys, "abiflags", "") else ""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}{flags}"
    return Caller(
        environ=dict(os.environ),
        cwd=_working_folder(),
        executable=Path(sys.executable),
        prefix=Path(sys.prefix),
        sys_path=tuple(sys.path),
        reader=EnvironmentReader(python=python, user_base=Path(site.getuserbase())),
        list_ancestors=list_ancestors,
        trust=find_trust(os.environ),
        argv=tuple(sys.argv),
        find_imported=_find_imported,
    )


def _find_imported(name: str) -> str | None:
    module = sys.modules.get(name.replace("-", "_"))
    version = getattr(module, "__version__", None)
    return None if version is None else str(version)
