"""The caller: this hook's process as the frontend made it, which frontend that is, and how it isolates builds."""

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
"""The name that build and pip (venv isolation) give the folder of a build environment, in the temporary folder."""

Isolation = Literal["none", "hidden", "throwaway", "kept", "assumed"]
"""How a frontend isolates a build.

``none``       not at all
``hidden``     the interpreter is the target's, with its distributions taken off the path (pip, pdm, pipenv)
``throwaway``  an environment made for this build (uv, build, poetry, pip's venv isolation)
``kept``       one that the last build used too (hatch, tox), in which that build's torch may still be
``assumed``    no frontend is there; the command line explains an isolated build
"""

_TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108 - where the temporary folder is if no variable names one


class _Facts(NamedTuple):
    """What is read of a process when the hook begins."""

    environ: Mapping[str, str]
    cwd: Path
    executable: Path
    prefix: Path
    sys_path: tuple[str, ...]
    reader: EnvironmentReader
    list_ancestors: Callable[[], Sequence[Process]]
    trust: Trust
    """Whose files are believed without being named."""
    argv: tuple[str, ...] = ()
    """This process's own script and arguments."""
    find_imported: Callable[[str], str | None] = lambda _: None
    """Returns the version of a distribution that this process has imported already: tox runs every hook in one."""
    is_hook: bool = True
    """False: the command line, which explains a build by a frontend that is not there."""


class Caller(_Facts):
    """Everything that a hook can see of who called it: made once in the face, and passed down."""

    @cached_property
    def findings(self) -> dict[object, Any]:
        """What functions have found out about this caller (see :func:`once`)."""
        return {}

    @cached_property
    def ancestors(self) -> Sequence[Process]:
        """The processes above, nearest first; read when first asked for."""
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
        """Uv builds in ``<its cache>/builds-v0/.tmpa1B2c3``."""
        is_placed_so = self.prefix.parent.name == "builds-v0" and self.prefix.name.startswith(".tmp")
        return is_placed_so and "uv" in self._config

    @property
    def _is_temporary(self) -> bool:
        """Build and pip build in ``<tmp>/build-env-a1b2c3d4`` and ``<tmp>/pip-build-env-a1b2c3d4``, or one below."""
        if not self._config:
            return False
        named = next((f for f in (self.prefix, self.prefix.parent) if re.fullmatch(_THROWAWAY, f.name)), None)
        roots = {os.path.realpath(place) for place in (*self._temporary_folders, *_TEMPORARY)}
        return named is not None and os.path.realpath(named.parent) in roots

    @property
    def _temporary_folders(self) -> tuple[str, ...]:
        """The temporary folders that the variables name, as Python's tempfile reads them."""
        return tuple(filter(None, (self.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))))

    def is_in_temporary_folder(self, path: Path) -> bool:
        """Return whether a path lies in the temporary folder, where frontends unpack sdists."""
        roots = [os.path.realpath(place) for place in self._temporary_folders or _TEMPORARY]
        return any(Path(os.path.realpath(path)).is_relative_to(root) for root in roots)

    @property
    def _is_tox_packaging(self) -> bool:
        """Tox runs the hooks of its packaging environment, whatever its name, in a process of its own making."""
        script = Path(self.argv[0]) if self.argv else Path()
        return "TOX_ENV_NAME" in self.environ and script.parts[-2:] == ("pyproject_api", "_backend.py")

    @property
    def _is_poetry(self) -> bool:
        """Poetry leaves no mark but the name of its folder, which anybody might choose: ``<tmp>/tmpa1b2c3d4/.venv``."""
        is_named_so = self.prefix.name == ".venv" and re.fullmatch(r"tmp[a-z0-9_]{8}", self.prefix.parent.name)
        if not is_named_so or "virtualenv" not in self._config:
            return False
        return not self.ancestors or [name for name, _ in self.frontends][:1] == ["poetry"]

    @cached_property
    def frontends(self) -> tuple[tuple[str, Process], ...]:
        """The frontends among the processes above, nearest first: the first one calls, on behalf of the others."""
        named = ((find_program(process.argv, process.cwd), process) for process in self.ancestors)
        return tuple((program.name, process) for program, process in named if program is not None)

    @cached_property
    def frontend(self) -> tuple[str | None, Process | None]:
        """The frontend's name, and its process if this system and its command line tell which it is."""
        nearest = self.frontends[0] if self.frontends else None
        if self.ancestors and (nearest is None or nearest[1] is not self.ancestors[0]):
            if self._is_uvs:  # under another name: uv calls hooks itself
                return "uv", self.ancestors[0]
            # pip calls hooks itself as well: this process is a program that has pip as a library.
            if self._is_marked_by_pip and (nearest is None or nearest[0] not in ("pip", "pipenv")):
                return "pip", None
        if nearest is not None:
            return nearest
        return self._marked_frontend, None

    @property
    def _marked_frontend(self) -> str | None:
        """The frontend by the marks that it leaves in this process, for where no other process is seen."""
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
        """The environment variables as the person has them, as far as this process and the frontend's tell.

        A frontend that makes an environment for the build may make it the activated one in here (uv, hatch, tox): then
        the next process above that does not say so. No further: a shell above keeps what was activated before it.
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
        """Where the person stands: the frontend's working directory, then the shell's.

        ``PWD`` is stale under a frontend that a program started elsewhere, or that changed its folder itself.
        """
        process = self.frontend[1]
        told = process.cwd if process is not None else None
        shell = self.environ.get("PWD")
        folders = [told, Path(shell) if shell else None]
        return tuple(dict.fromkeys(folder for folder in folders if folder is not None))


def once(find: Callable[[Caller], T]) -> Callable[[Caller], T]:
    """Keep what a function finds out about a caller: a command line is read once in a hook."""

    @wraps(find)
    def found(caller: Caller) -> T:
        if find not in caller.findings:
            caller.findings[find] = find(caller)
        kept: T = caller.findings[find]
        return kept

    return found


def _working_folder() -> Path:
    """Return the working folder.

    :raises TargetError: when it has been removed, or may not be looked at.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise TargetError(
            f"the working folder cannot be used: {reason(error)}",
            hint="It may have been removed. Go to a folder that exists, then run the same command again.",
        ) from None


def read_caller() -> Caller:
    """Return the caller of this very process."""
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
