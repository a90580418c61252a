"""Fetching a runtime into our cache when it becomes known only after the build environment was made.

``build_*`` needs this if ``get_requires_*`` was called too early: uv, for a package with dynamic metadata, calls it
before it writes the lock, and does not call it again. The cache has folders that an installer filled::

    <cache>/fetched/torch-2.7.0.cu126-5f1c…      named for the requirement and the interpreter; never changed
    <cache>/fetched/torch-2.7.0.cu126-5f1c….lock held by the process that fills it, and by builds that use it

A folder appears in one step, when it is complete; concurrent builds that need the same folder wait for the first. A
folder that has lost files is fetched again.
"""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import ProvisionError, RuntimeReadError
from ..errors.reasons import reason
from ..frontend.environments import Environment
from ..installed.distributions import DistributionIndex
from ..installed.identity import read_identity
from ..resolve.resolution import Resolution
from ..store.atomic import unfinished
from ..store.cache import open_folder, way_out
from ..store.holding import exclusively, remove
from ..store.names import digest, safe_name
from ..system.files import is_folder, is_there
from ..system.platforms import Platform
from .installing import Ended, run_installer


def plan_fetching(folder: Path, python: str, requirement: str) -> Fetching:
    """Return the fetch of one pinned requirement; nothing is done yet.

    :param folder: the folder of all fetched runtimes.
    :param python: the running interpreter's ``X.Y``.
    """
    facts = [requirement, python, sys.implementation.cache_tag or "", *map(str, Platform().tags[:1])]
    name = f"{safe_name(_label(requirement))}-{digest(facts)}"
    return Fetching(requirement=requirement, folder=folder / name, python=python)


class Fetching(NamedTuple):
    """One runtime that may be fetched."""

    requirement: str
    folder: Path
    python: str

    def find(self, resolution: Resolution) -> Resolution | None:
        """Return the resolution with the runtime that was fetched for it; None if there is none, or another one."""
        if not is_folder(self.folder):
            return None
        environment = Environment(prefix=self.folder, python=self.python, site_dirs=(self.folder,))
        distribution = environment.distributions.find(resolution.identity.name)
        if distribution is None:
            return None
        try:
            identity = read_identity(distribution, environment.distributions)
        except RuntimeReadError:
            return None
        if not resolution.accepts(identity, "exact"):
            return None
        return resolution._replace(identity=identity, distribution=distribution, environment=environment)

    def fetch(self, source: Source, say: Callable[[str], None]) -> None:
        """Install the runtime and its dependencies. The installer checks the hash in the requirement.

        :raises ProvisionError: if it cannot be installed.
        """
        try:
            open_folder(self.folder.parent)
            with exclusively(
                self.folder, lambda: say(f"waiting: another build fetches {self.folder}, or uses it")
            ) as lock:
                if not _is_whole(self.folder):  # else another build has just fetched it
                    self._fetch(source, say, lock)
        except OSError as error:
            raise ProvisionError(
                "cache-cannot-be-written",
                "{requirement} cannot be fetched: {why}",
                hint="{way_out}",
                requirement=self.requirement,
                why=reason(error),
                way_out=way_out(error),
            ) from None

    def _fetch(self, source: Source, say: Callable[[str], None], lock: int) -> None:
        say(f"fetching {self.requirement} into {self.folder.parent}: the build environment lacks it")
        started = time.monotonic()
        with unfinished(self.folder) as new:
            installed = self._install(new, source, lock)
            remove(self.folder)  # a damaged one
            installed.replace(self.folder)
        say(f"fetched in {time.monotonic() - started:.0f} s; `runtime-backend cache clean fetched` removes it")

    def _install(self, folder: Path, source: Source, lock: int) -> Path:
        """Install the runtime into a folder, and return its site-packages.

        The installer's temporary files go into the same folder: pip unpacks a runtime there, and leaves it behind when
        it is killed.
        """
        site, scratch = folder / "site", folder / "scratch"
        scratch.mkdir(parents=True)
        command, changed = source.installer()
        changed.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)))
        # Its output reports the progress; frontends show it like the output of builds.
        environ = {name: value for name, value in {**source.environ, **changed}.items() if value is not None}
        words = [*command, "--target", str(site), self.requirement]
        try:
            ended = run_installer(words, environ, source.cwd, kept=[lock])
        except OSError as error:
            raise ProvisionError(
                "runtime-cannot-be-fetched",
                "{requirement} cannot be fetched: {program} cannot be started: {why}",
                hint="Install it in the environment that the wheel is for, then run the same command again.",
                requirement=self.requirement,
                program=command[0],
                why=reason(error),
            ) from None
        if ended.code != 0:
            raise self._failure(" ".join(command), source, ended)
        return site

    def damaged(self) -> ProvisionError:
        """Return the refusal of a folder that does not contain the requirement that it was fetched for."""
        return ProvisionError(
            "fetched-runtime-replaced",
            "{folder}: found another runtime or none, expected {requirement}, which was fetched into it",
            hint="Remove it, then run the same command again: `runtime-backend cache clean fetched`.",
            folder=self.folder,
            requirement=self.requirement,
        )

    def _failure(self, command: str, source: Source, ended: Ended) -> ProvisionError:
        what = f"{self.requirement} could not be fetched{' offline' if source.is_offline else ''}"
        if ended.is_abandoned:
            return ProvisionError("runtime-cannot-be-fetched", "{what}: the frontend has ended", what=what)
        if ended.is_disk_full:
            where = f"on the disk of {self.folder.parent}, or on the disk of the installer's own cache"
            hint = way_out(OSError(errno.ENOSPC, ""))
            return ProvisionError(
                "runtime-cannot-be-fetched",
                "{what}: no space left {where}; the command was {command}",
                hint="{way_out}",
                what=what,
                where=where,
                command=command,
                way_out=hint,
            )
        return ProvisionError(
            "runtime-cannot-be-fetched",
            "{what}: {command} ended with code {code}; see its output above",
            hint="Install it in the environment that the wheel is for, then run the same command again; or run it"
            " again {when}.",
            what=what,
            command=command,
            code=ended.code,
            when="without being offline" if source.is_offline else "when the index can be reached",
        )


class Source(NamedTuple):
    """The frontend's settings for downloads, which also apply to a fetch."""

    environ: Mapping[str, str]
    """The frontend's environment variables."""
    cwd: Path
    """The consumer's folder, which has the settings of indexes."""
    options: tuple[str, ...]
    """Options of uv's command line."""
    is_offline: bool

    def installer(self) -> tuple[list[str], dict[str, str | None]]:
        """Return the installer's command, and changes to its environment: None removes a variable.

        uv sets ``UV`` to its own path, and its cache has what it has just resolved.
        """
        uv = self.environ.get("UV")
        if uv:
            offline = ["--offline"] if self.is_offline and "--offline" not in self.options else []
            # uv pip gets an interpreter: VIRTUAL_ENV is the build environment, which the frontend may have locked.
            command = [uv, "pip", "install", "--python", sys.executable, *self.options, *offline]
            return command, {"VIRTUAL_ENV": None, "PYTHONPATH": None}
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        return [*command, *(["--no-index"] if self.is_offline else [])], dict.fromkeys(_HIDDEN)


_HIDDEN = ("PYTHONPATH", "PYTHONNOUSERSITE", "PIP_BUILD_TRACKER", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT")
"""Variables of pip's isolation, and variables that set where pip installs."""


def _is_whole(folder: Path) -> bool:
    """Return whether a folder contains distributions, and all of their files exist.

    Scripts are not checked: RECORD has their paths in an environment, not where ``--target`` puts them.
    """
    installed = list(DistributionIndex([folder]))
    names = (name for distribution in installed for name in distribution.files if not name.startswith(".."))
    return bool(installed) and all(is_there(folder / name) for name in names if not name.endswith(".pyc"))


def _label(requirement: str) -> str:
    """Return ``torch-2.7.0.cu126`` for a requirement by version or by the URL of a wheel."""
    name, _, url = requirement.partition(" @ ")
    if not url:
        return requirement.replace("===", "-").replace("==", "-")
    parts = url.partition("#")[0].rpartition("/")[2].replace("%2B", "+").split("-")
    return "-".join([name, *parts[1:2]])
