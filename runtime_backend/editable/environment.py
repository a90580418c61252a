"""A kept environment: a virtual environment in our cache with a clone of each distribution of a build environment.

    <cache>/environments/<name>-<digest of the source folder>-<digest of its content>/
        runtime-backend.json      the source folder; written last
        bin/python, lib/…         the virtual environment, its scripts with its own interpreter
        users/…                   a file for each installed editable that was imported: the path of its guard

Files are hard links where that is possible, so the environment takes no space while the frontend's cache has them.
"""

from __future__ import annotations

import errno
import json
import os
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import ProvisionError
from ..errors.reasons import reason
from ..installed.distributions import Distribution
from ..store.atomic import replacing_folder
from ..store.cache import open_folder, way_out
from ..store.holding import exclusively
from ..system.files import is_file

RECORD = "runtime-backend.json"
USERS = "users"
_OVERLAYS = "runtime_backend_overlays.pth"


class KeptEnvironment(NamedTuple):
    """A planned environment; :meth:`held` makes it."""

    path: Path
    clones: tuple[Distribution, ...]
    shown: tuple[Path, ...]
    """Folders that its interpreter imports from, too: the overlays with the runtimes."""

    @property
    def scripts(self) -> Path:
        """The folder of programs."""
        return self.path / "bin"

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.scripts / "python"

    @property
    def site(self) -> Path:
        """The folder of distributions."""
        return _site(self.path)

    @property
    def sites(self) -> tuple[Path, ...]:
        """The folders of the build environment that the clones come from."""
        return tuple(dict.fromkeys(distribution.site for distribution in self.clones))

    @property
    def is_whole(self) -> bool:
        """Whether it exists; the system's Python may have been removed since."""
        return is_file(self.path / RECORD) and is_file(self.python)

    @contextmanager
    def held(self, source: Path, say: Callable[[str], None]) -> Iterator[None]:
        """Make the environment if it does not exist, and hold it for one build at a time, because of the build folder.

        :raises ProvisionError: if it cannot be written.
        """
        with ExitStack() as stack:
            try:
                open_folder(self.path.parent)
                stack.enter_context(exclusively(self.path, lambda: say("another build of this editable is running")))
                if not self.is_whole:
                    self._write(source)
            except OSError as error:
                raise _cannot_keep(self.path, error) from error
            yield

    def _write(self, source: Path) -> None:
        from .cloning import clone  # noqa: PLC0415 - only the first build of an editable needs it

        with replacing_folder(self.path) as new:
            _make_venv(new)
            for distribution in self.clones:
                clone(distribution, new, _site(new), self.python)
            lines = "".join(f"{folder}\n" for folder in self.shown)
            (_site(new) / _OVERLAYS).write_text(lines, "utf-8")
            (new / USERS).mkdir()
            (new / RECORD).write_text(json.dumps({"format": 1, "source": str(source)}), "utf-8")


def _site(path: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "posix_prefix", {"base": str(path), "platbase": str(path)}))


def _make_venv(path: Path) -> None:
    """Make a virtual environment without scripts of its own: they would contain the path before the renaming.

    :raises OSError: also if the path contains a colon, which separates paths in PATH.
    """
    import venv  # noqa: PLC0415 - only the first build of an editable needs it

    builder = venv.EnvBuilder(symlinks=True)
    if os.pathsep in str(path):
        raise OSError(errno.EINVAL, f"a path with {os.pathsep!r} cannot be in PATH")
    context = builder.ensure_directories(str(path))
    builder.create_configuration(context)
    builder.setup_python(context)


def _cannot_keep(path: Path, error: OSError) -> ProvisionError:
    off = '; or keep no environment, after which imports rebuild nothing: editable-env = "off"'
    return ProvisionError(
        "editable-cannot-be-kept",
        "the build environment of this editable cannot be kept in {path}: {why}",
        hint="{way_out}",
        path=path,
        why=reason(error),
        way_out=way_out(error, f"{off} in [tool.runtime-backend]"),
    )
