"""Asking uv: a dry run of the same command in shadows, or a resolution of the same requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...system.files import is_folder, is_there, read_text
from ..caller import Caller
from ..environments import Environment, read_pyvenv_cfg
from ..folders import find_home, find_lock_upward, find_project
from ..installations.installation import Installation
from ..uv import UvCommand, find_uv_command
from .dry_run import DryRun
from .shadow import shadow_cache, shadow_environment, shadow_folder
from .uv_output import read_dry_run, read_resolution
from .uv_words import as_requirement, environment_stem, spelt

_NOISY = ("-q", "--quiet", "-v", "--verbose", "--color", "--no-progress")
_DROPPED = ("--cache-dir", "--directory", "--output-format")
"""The dry run has another cache, starts in uv's final working directory, and prints text for people."""
_PLACE = ("-p", "--python", "--system", "-t", "--target", "--prefix")
_HIDDEN = ("UV_PYTHON", "UV_SYSTEM_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX")
_LOUD = (
    *("FORCE_COLOR", "CLICOLOR_FORCE", "RUST_LOG", "UV_LOG_CONTEXT"),
    *("UV_CACHE_DIR", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"),
)
_RESOLVING_OPTIONS = """
--allow-insecure-host --config-file --config-setting --config-settings --config-settings-package --default-index
--exclude-newer --exclude-newer-package --extra-index-url --find-links --fork-strategy --index --index-strategy
--index-url --keyring-provider --native-tls --no-binary-package --no-build --no-build-isolation
--no-build-isolation-package --no-build-package --no-cache --no-config --no-index --no-sources --offline --prerelease
--project --refresh --refresh-package --resolution --system-certs --upgrade --upgrade-package -C -P -U -f -i -n
"""
_RESOLVING = frozenset(_RESOLVING_OPTIONS.split())
"""Options that change the resolution: all commands that resolve have them."""
_SYNCING_OPTIONS = "--reinstall --reinstall-package --locked --frozen --python -p"
_SYNCING = _RESOLVING | frozenset(_SYNCING_OPTIONS.split())
_SELECTING_OPTIONS = """
--package --all-packages --extra --all-extras --no-extra --group --no-group --only-group --all-groups --dev --no-dev
--only-dev --no-default-groups --no-editable
"""
_SELECTING = _SYNCING | frozenset(_SELECTING_OPTIONS.split())
_COMPILING_OPTIONS = """
--build-constraint --build-constraints --constraint --constraints --exclude --excludes --override --overrides
--torch-backend -b -c
"""
_COMPILING = _RESOLVING | frozenset(_COMPILING_OPTIONS.split())


def dry_runs_of_uv(
    installation: Installation, environ: Mapping[str, str], work: Path, caller: Caller, *, is_offline: bool
) -> Iterator[DryRun]:
    """Yield the dry runs for a command of uv: for the environment, then for a layer in front of it.

    :param work: an empty folder, for shadows and results.
    """
    command = find_uv_command(caller)
    if command is None:  # pragma: no cover - an installation of uv has one; for mypy
        raise LookupError(installation.program)
    quiet = {name: value for name, value in environ.items() if name not in _LOUD}
    # Another temporary folder, because uv has the locks of projects, scripts and the system's Python there.
    more = {"NO_COLOR": "1", "UV_NO_PROGRESS": "1", "TMPDIR": str(work), **({"UV_OFFLINE": "1"} if is_offline else {})}
    asked = _Asked(installation, command, caller, work, {**quiet, **more})
    if installation.program in ("uv pip install", "uv pip sync"):
        yield asked.as_pip()
        return
    is_read = command.is_project and not command.is_isolated  # the decider reads the lock then
    if command.is_script:
        yield asked.as_script()
    elif command.is_project and not (is_read and command.is_layered):
        yield asked.as_sync()
    if command.is_layered or command.tool_package is not None:
        yield asked.as_resolution()


class _Asked(NamedTuple):
    """A command, and the facts for its dry run."""

    installation: Installation
    command: UvCommand
    caller: Caller
    work: Path
    environ: Mapping[str, str]

    @property
    def _uv(self) -> str:
        """The path of the running uv (``UV``, since 0.8)."""
        return self.caller.environ.get("UV") or self.installation.process.argv[0]

    def as_pip(self) -> DryRun:
        """Return the dry run of ``uv pip``: the same arguments, in the shadow of the target."""
        place = self._place()
        dropped = (*_NOISY, *_DROPPED, *_PLACE)
        options = [option for option in self.command.arguments.options if option[0] not in dropped]
        name, words = self.command.arguments.positional[:2], self.command.arguments.positional[2:]
        hidden = _HIDDEN if "--python" in place else ()
        environ = {name: value for name, value in self.environ.items() if name not in hidden}
        return self._changes([*name, "--dry-run", *place, *self._cache(None), *spelt(options), "--", *words], environ)

    def _find_environment(self) -> Environment | None:
        """Return the environment that uv finds by its working directory and its variables."""
        environments = (self.caller.reader.read(path) for _, path in self.command.environment_paths())
        return next(filter(None, environments), None)

    def _place(self) -> list[str]:
        """Return the options that name the target, or its shadow.

        An environment without pyvenv.cfg needs no shadow: its lock is in the temporary folder, which differs here.
        """
        given, environment = self.command.arguments, self._find_environment()
        named, place = given.last("-p", "--python"), list[str]()
        if environment is not None and read_pyvenv_cfg(environment.prefix):
            shadow = shadow_environment(environment.prefix, self.work / "environment")
            place = ["--python", str(_python_in(shadow))]
        elif named:
            place = ["--python", named]
        elif given.has("--system"):
            place = ["--system"]
        for names in (("-t", "--target"), ("--prefix",)):
            folder = given.last(*names)
            if folder:
                place += [names[-1], str(shadow_folder(self.command.cwd / folder, self.work / "folder"))]
        folder_by_setting = self.installation.folder
        if folder_by_setting is not None and not given.has("-t", "--target", "--prefix"):
            place += ["--target", str(shadow_folder(folder_by_setting, self.work / "folder"))]
        return place

    def as_sync(self) -> DryRun:
        """Return ``uv sync --dry-run`` for a project, in the shadow of its environment; an empty one for --isolated."""
        given = self.command.arguments
        shadow = self.work / "environment"
        path = self.command.project_environment(self._root)[1]
        environment = None if self.command.is_isolated else self.caller.reader.read(path)
        if environment is not None:
            shadow_environment(environment.prefix, shadow)
        options = [option for option in given.options if option[0] not in (*_NOISY, *_DROPPED, "--active")]
        if self.command.name != "sync":
            options = [option for option in options if option[0] in _SELECTING]
            if self.command.name in ("add", "remove"):  # --extra is an extra of the added requirement there
                options = [option for option in options if option[0] != "--extra"]
                options += [("--extra", value) for value in given.values("--optional")]
            options += [] if given.has("--exact") else [("--inexact", "")]
        environ = {**self.environ, "UV_PROJECT_ENVIRONMENT": str(shadow)}
        return self._changes(["sync", "--dry-run", *self._cache(None), *spelt(options)], environ)

    @property
    def _root(self) -> Path:
        """The folder of the project, or of its workspace."""
        project = find_project(self.command.project) or self.command.project
        lock = find_lock_upward(project, "uv.lock", self.caller.trust)
        return project if lock is None else lock.parent

    def as_script(self) -> DryRun:
        """Return ``uv sync --script --dry-run`` for a script (PEP 723), in the shadow of its environment."""
        script = self.command.script or ""
        options = [option for option in self.command.arguments.options if option[0] in _SYNCING]
        exact = [] if self.command.is_exact else ["--inexact"]
        words = [
            "sync",
            "--dry-run",
            "--script",
            script,
            *exact,
            *self._cache(environment_stem(script)),
            *spelt(options),
        ]
        return self._changes(words, self.environ)

    def as_resolution(self) -> DryRun:
        """Return ``uv pip compile`` of the same requirements, for a new environment that uv makes."""
        options = [option for option in self.command.arguments.options if option[0] in _COMPILING]
        result = self.work / "resolution.txt"
        result.write_text("".join(f"{line}\n" for line in self._preferences()), "utf-8")
        words = ["pip", "compile", "--no-header", "--no-annotate", "--python", str(self.caller.executable)]
        words += [*self._cache(None), *spelt(options), "-o", str(result), "-", *self.installation.files]
        lines = [as_requirement(word) for word in self.installation.words]
        lines += [f"-e {path}" for path in self.installation.editables]
        return DryRun(
            label=f"uv pip compile, for {self.installation.program}",
            argv=[self._uv, *words],
            environ=self.environ,
            cwd=self.command.cwd,
            read=lambda _output, _errors: dict(read_resolution(read_text(result))),
            text="".join(f"{line}\n" for line in lines),
        )

    def _preferences(self) -> Iterator[str]:
        """Yield uv's preferences for a layer: the project's locked versions, else those of the environment below."""
        if not self.command.is_layered:
            return
        lock = read_text(self._root / "uv.lock") if self.command.is_project else ""
        for found in re.finditer(r'^name = "([^"]+)"\nversion = "([^"]+)"$', lock, re.MULTILINE):
            yield f"{found.group(1)}=={found.group(2)}"
        if not lock:
            environment = self._find_environment()
            for distribution in () if environment is None else environment.distributions:
                yield f"{distribution.name}=={distribution.version}"

    def _cache(self, script: str | None) -> list[str]:
        """Return the option for the shadow of uv's cache; empty if uv has no cache, and so no locks in it."""
        if self.command.arguments.has("-n", "--no-cache", "--no-cache-dir"):
            return []
        shadow = self.work / ("cache" if script is None else "cache-of-script")
        if not is_folder(shadow):
            shadow_cache(self._real_cache, shadow, script)
        return ["--cache-dir", str(shadow)]

    @property
    def _real_cache(self) -> Path:
        """Uv's cache: it contains the build environment; without isolation, by option, variable or default."""
        if self.caller.isolation == "throwaway":
            return self.caller.prefix.parent.parent
        named = self.command.arguments.last("--cache-dir") or self.command.environ.get("UV_CACHE_DIR")
        if named:
            return self.command.cwd / named
        home = find_home(self.command.environ)
        return Path(self.command.environ.get("XDG_CACHE_HOME") or home / ".cache") / "uv"

    def _changes(self, words: Sequence[str], environ: Mapping[str, str]) -> DryRun:
        """Return a dry run whose changes are read from its output."""
        name = words[:2] if words[0] == "pip" else words[:1]
        return DryRun(
            label=" ".join(["uv", *name, "--dry-run"]),
            argv=[self._uv, *words],
            environ=environ,
            cwd=self.command.cwd,
            read=lambda output, errors: read_dry_run(f"{output}\n{errors}"),
        )


def _python_in(prefix: Path) -> Path:
    windows = prefix / "Scripts" / "python.exe"
    return windows if is_there(windows) else prefix / "bin" / "python"
