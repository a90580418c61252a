"""Fetch: a runtime that became known only after the build environment was made, installed into our cache.

It is what is left in ``build_*`` when ``get_requires_*`` was asked too early: uv, with metadata that its hooks tell,
asks before the lock is written, and does not ask again. Kept are folders that an installer filled::

    <cache>/fetched/torch-2.7.0.cu126-5f1c…      named for the requirement and the interpreter; never changed
    <cache>/fetched/torch-2.7.0.cu126-5f1c….lock held by the process that fills it, and by builds that use it

A folder appears in one step, when it is whole; builds that want the same one at once wait for the first. A folder that
has lost some of its files is fetched again.
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
    """Return the fetching of one pinned requirement; nothing is done yet.

    :param folder: of all that is fetched.
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
        """Return the resolution with what was fetched for it; None where nothing was, or it is another one."""
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
        """Install the runtime and what it needs; the installer checks the hash that the requirement names.

        :raises ProvisionError: when it cannot be installed.
        """
        try:
            open_folder(self.folder.parent)
            with exclusively(
                self.folder, lambda: say(f"waiting: another build fetches {self.folder}, or uses it")
            ) as lock:
                if not _is_whole(self.folder):  # else another build has fetched it meanwhile
                    self._fetch(source, say, lock)
        except OSError as error:
            raise ProvisionError(
                f"{self.requirement} cannot be fetched: {reason(error)}", hint=way_out(error)
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
        """Install the runtime into a folder, which takes the installer's temporary files as well, and return where.

        pip unpacks a runtime among those, and leaves it there when it is killed.
        """
        site, scratch = folder / "site", folder / "scratch"
        scratch.mkdir(parents=True)
        command, changed = source.installer()
        changed.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)))
        # What it prints is the progress; a frontend shows it where it shows the output of builds.
        environ = {name: value for name, value in {**source.environ, **changed}.items() if value is not None}
        words = [*command, "--target", str(site), self.requirement]
        try:
            ended = run_installer(words, environ, source.cwd, kept=[lock])
        except OSError as error:
            raise ProvisionError(
                f"{self.requirement} cannot be fetched: {command[0]} cannot be started: {reason(error)}",
                hint="Install it in the environment that the wheel is for, then run the same command again.",
            ) from None
        if ended.code != 0:
            raise self._failure(" ".join(command), source, ended)
        return site

    def damaged(self) -> ProvisionError:
        """Return the refusal of a folder that was installed for the requirement, and holds something else."""
        return ProvisionError(
            f"{self.folder} was fetched for {self.requirement}, but it does not hold that",
            hint="Remove it, then run the same command again: `runtime-backend cache clean fetched`.",
        )

    def _failure(self, command: str, source: Source, ended: Ended) -> ProvisionError:
        what = f"{self.requirement} could not be fetched{' offline' if source.is_offline else ''}"
        if ended.is_abandoned:
            return ProvisionError(f"{what}: the frontend has ended meanwhile")
        if ended.is_disk_full:
            where = f"on the disk of {self.folder.parent}, or on that of the installer's own cache"
            hint = way_out(OSError(errno.ENOSPC, ""))
            return ProvisionError(f"{what}: no space left {where}; the command was {command}", hint=hint)
        return ProvisionError(
            f"{what}: {command} ended with code {ended.code}, and its own words stand above",
            hint="Install it in the environment that the wheel is for, then run the same command again; or run it"
            f" again {'without being offline' if source.is_offline else 'when the index can be reached'}.",
        )


class Source(NamedTuple):
    """Where the frontend gets things from: what holds for it holds for what is fetched on its behalf."""

    environ: Mapping[str, str]
    """The frontend's variables."""
    cwd: Path
    """The consumer's folder, with its settings of indexes."""
    options: tuple[str, ...]
    """uv's own, of its command line."""
    is_offline: bool

    def installer(self) -> tuple[list[str], dict[str, str | None]]:
        """Return the installer's command, and the variables that it must not see.

        uv says where it lies (``UV``), and finds in its own cache what it has just resolved.
        """
        uv = self.environ.get("UV")
        if uv:
            offline = ["--offline"] if self.is_offline and "--offline" not in self.options else []
            # uv pip is given an interpreter: VIRTUAL_ENV is the build environment, which the frontend may hold.
            command = [uv, "pip", "install", "--python", sys.executable, *self.options, *offline]
            return command, {"VIRTUAL_ENV": None, "PYTHONPATH": None}
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        return [*command, *(["--no-index"] if self.is_offline else [])], dict.fromkeys(_HIDDEN)


_HIDDEN = ("PYTHONPATH", "PYTHONNOUSERSITE", "PIP_BUILD_TRACKER", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT")
"""Variables of pip's isolation, and those that say where it installs."""


def _is_whole(folder: Path) -> bool:
    """Return whether distributions are installed in a folder, and none of their files is gone.

    RECORD names scripts where they would be in an environment, not where ``--target`` puts them.
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
