"""One person's machine, for one test: a home with empty caches, environments, copies of packages, a shell."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .snapshots import Snapshot, take
from .stock import NEWEST_UV, Stock

PACKAGES = Path(__file__).resolve().parent / "packages"

_SCRUBBED = (
    *("VIRTUAL_ENV", "PYTHON", "PIP_", "UV_", "RUNTIME_BACKEND_", "CONDA_", "XDG_", "CMAKE", "SKBUILD", "DIST_"),
    *("HATCH_", "TOX_", "NOX_", "VIRTUALENV_", "POETRY_", "PDM_", "PIPENV_"),  # nox runs these tests
)
_WAIT = 180


@dataclass(frozen=True, kw_only=True)
class Target:
    """An environment, as a person made it before the build."""

    prefix: Path
    version: str
    """Its Python's ``X.Y``."""
    before: Snapshot = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.prefix / "bin" / "python"

    @property
    def site(self) -> Path:
        """The folder of its distributions."""
        return self.prefix / "lib" / f"python{self.version}" / "site-packages"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a command."""

    command: tuple[str, ...]
    code: int
    output: str

    def __str__(self) -> str:
        """Return it as a terminal would show it."""
        return f"$ {' '.join(self.command)}\n{self.output}[exit code {self.code}]"


class Running:
    """A frontend at work.

    It is started by a shell that leaves at once, so that pytest is none of its ancestors: whoever runs the tests may
    have an environment activated, or run them by uv. It has a process group of its own.
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], output: Path) -> None:
        self.command = tuple(command)
        self._output = output
        end = output.with_suffix(".end")
        os.mkfifo(end)
        self._end = os.open(end, os.O_RDONLY | os.O_NONBLOCK)
        with output.open("wb") as out:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", '{ end=$1; shift; "$@"; echo $? >"$end"; } &', "sh", str(end), *command],
                cwd=cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._shell.wait()

    def kill(self) -> None:
        """End it, and all that it started, as kill -9 does."""
        try:
            os.killpg(self._shell.pid, signal.SIGKILL)
        except ProcessLookupError:  # it was faster
            return

    def wait(self, seconds: float = _WAIT) -> Result:
        """Return what came of it; one that hangs is killed."""
        ready, _, _ = select.select([self._end], [], [], seconds)
        code = os.read(self._end, 16).decode().strip() if ready else ""
        os.close(self._end)
        if not ready:
            self.kill()
        output = self._output.read_text("utf-8", errors="replace")
        return Result(command=self.command, code=int(code or -9), output=output)


class Workplace:
    """A person at work.

    :param folder: an empty folder, for everything.
    """

    def __init__(self, folder: Path, stock: Stock) -> None:
        self.folder = folder
        self.stock = stock
        self.links: list[Path] = [stock.wheelhouse, stock.shim]
        """Where wheels are found; nowhere else, and no torch there."""
        self.cache = folder / "home" / ".cache" / "runtime-backend"
        self._count = 0
        self._sources: dict[Path, Snapshot] = {}
        for name in ("home", "tmp"):
            (folder / name).mkdir()

    def target(
        self,
        torch: str | None = "2.7.0+cpu",
        *others: str,
        name: str = "target",
        pip: str | None = None,
        python: Path | None = None,
    ) -> Target:
        """Make an environment with a torch, something that torch does not need, and a pip, if asked for.

        :param others: what else to install.
        """
        prefix = self.folder / name
        if python is None:
            venv.create(prefix, symlinks=True)
        else:
            subprocess.run([python, "-m", "venv", "--without-pip", prefix], check=True, env=self.environ())
        version = next((prefix / "lib").glob("python3*")).name.removeprefix("python")
        target = Target(prefix=prefix, version=version)
        if pip is not None:
            shutil.copytree(self.stock.pip(pip), target.site, dirs_exist_ok=True)
        wanted = [*([f"torch==={torch}"] if torch else []), "notorch-dep", *others]
        self.install(target.python, *wanted)
        return Target(prefix=prefix, version=version, before=take(prefix))

    def install(self, python: Path, *requirements: str, folder: Path | None = None) -> None:
        """Put wheels into an environment, stand-ins included."""
        uv = [str(self.stock.uv(NEWEST_UV)), "pip", "install", "--quiet", "--link-mode=copy", f"--python={python}"]
        where = [f"--find-links={folder}" for folder in (*self.links, self.stock.shim, self.stock.standins)]
        into = [] if folder is None else [f"--target={folder}"]
        cache = f"--cache-dir={self.stock.cache}"
        subprocess.run([*uv, "--offline", "--no-index", *where, *into, cache, *requirements], check=True)

    def package(self, name: str, *, into: str = ".", called: str | None = None) -> Path:
        """Return a copy of a package, which a build may do with as it likes.

        :param called: another name for its folder, project and module.
        """
        copy = self.folder / into / (called or name)
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "built_against.py", "*.so")
        shutil.copytree(PACKAGES / name, copy, ignore=ignored)
        if called is not None:
            _rename(copy, name, called)
        self._sources[copy] = take(copy)
        return copy

    def sdist(self, package: Path) -> Path:
        """Return a package as an sdist, made without its backend, which may want torch for that."""
        path = self.folder / f"{package.name}-1.0.tar.gz"
        metadata = self.folder / "PKG-INFO"
        name = package.name.replace("_", "-")
        text = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\nRequires-Python: >=3.10\n"
        metadata.write_text(text, "utf-8")
        with tarfile.open(path, "w:gz") as archive:
            archive.add(package, f"{package.name}-1.0")
            archive.add(metadata, f"{package.name}-1.0/PKG-INFO")
        return path

    def commit(self, folder: Path, *more: Sequence[str]) -> None:
        """Make a folder a git repository with one commit.

        :param more: further git commands, by the same author.
        """
        who = ("-c", "user.name=Jo", "-c", "user.email=jo@example.org")
        first = (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "First"))
        for words in (*first, *more):
            subprocess.run(["git", *who, *words], cwd=folder, check=True, env=self.environ())

    def settle(self, package: Path) -> None:
        """Take a package as it is now for unchanged: the test has edited it."""
        self._sources[package] = take(package)

    def path(self, *folders: Path) -> str:
        """Return the person's PATH with these folders in front."""
        return os.pathsep.join([*map(str, folders), self.environ()["PATH"]])

    def environ(self, *, activated: Target | None = None, **variables: str | Path | None) -> dict[str, str]:
        """Return the person's environment; None takes a variable away."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SCRUBBED)}
        base = Path(getattr(sys, "_base_executable", sys.executable)).parent
        path = [
            entry for entry in os.environ["PATH"].split(os.pathsep) if not (Path(entry).parent / "pyvenv.cfg").exists()
        ]
        changes: dict[str, str | Path | None] = {
            "PATH": os.pathsep.join([*([str(activated.prefix / "bin")] if activated else []), str(base), *path]),
            "HOME": self.folder / "home",
            "TMPDIR": self.folder / "tmp",
            "VIRTUAL_ENV": activated.prefix if activated else None,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": " ".join(map(str, self.links)),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": ",".join(map(str, self.links)),
            "UV_PYTHON_DOWNLOADS": "never",
            "RUNTIME_BACKEND_LOG": self.folder / "log",
            **variables,
        }
        return {**inherited, **{name: str(value) for name, value in changes.items() if value is not None}}

    def start(
        self, *command: object, cwd: Path | None = None, activated: Target | None = None, **variables: str | Path | None
    ) -> Running:
        """Start a command."""
        self._count += 1
        cwd = self.folder if cwd is None else cwd
        environ = self.environ(activated=activated, **{"PWD": cwd, **variables})
        words = [str(word) for word in command]
        return Running(words, cwd=cwd, environ=environ, output=self.folder / f"output-{self._count}")

    def run(
        self,
        *command: object,
        cwd: Path | None = None,
        activated: Target | None = None,
        fails: bool = False,
        wait: float = _WAIT,
        **variables: str | Path | None,
    ) -> Result:
        """Run a command to its end.

        :param fails: whether it is meant to fail.
        :param wait: seconds that it may take.
        """
        result = self.start(*command, cwd=cwd, activated=activated, **variables).wait(wait)
        print(result)
        if (result.code != 0) != fails:
            pytest.fail(f"expected the command to {'fail' if fails else 'work'}\n{result}", pytrace=False)
        return result

    def uv(self, version: str, *words: object, **how: Any) -> Result:  # noqa: ANN401 - as for run
        """Run a uv."""
        return self.run(self.stock.uv(version), *words, **how)

    def build(self, *words: object, **how: Any) -> Result:  # noqa: ANN401 - as for run
        """Run build, out of a tool's own environment, with uv as its installer, the fastest."""
        environ = self.environ(activated=how.get("activated"))
        how.setdefault("PATH", f"{environ['PATH']}{os.pathsep}{self.stock.uv(NEWEST_UV).parent}")
        return self.run(self.stock.build / "bin" / "python", "-m", "build", "--installer=uv", *words, **how)

    def hooks(self) -> list[dict[str, Any]]:
        """Return the plan of every hook so far, out of the log."""
        log = self.folder / "log"
        return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []

    def forget(self) -> None:
        """Begin a new log."""
        (self.folder / "log").unlink(missing_ok=True)

    def source_before(self, package: Path) -> Snapshot:
        """Return what a package's copy held before it was built."""
        return self._sources[package]


def _rename(folder: Path, old: str, new: str) -> None:
    """Give a package another name: in its files, and to the folder of its module."""
    for path in folder.rglob("*.*"):
        text = path.read_text("utf-8").replace(old, new)
        path.write_text(text.replace(old.replace("_", "-"), new.replace("_", "-")), "utf-8")
    (folder / old).rename(folder / new)
