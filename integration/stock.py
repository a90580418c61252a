"""What the tests are made with: wheels and frontends, downloaded once, and the shim's wheel, built every time.

The folder is ``.work`` in the repository, or the one that ``RUNTIME_BACKEND_WORK`` names. Once it is filled, nothing is
downloaded any more. Each part is made under another name and renamed, so an interrupted download leaves nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .standins import make_standins

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(__file__).resolve().parent / "requirements"

PIPS = ("22.3.1", "23.2.1", "24.0", "24.3.1", "25.3", "26.3")
UVS = ("0.8.24", "0.10.12", "0.13.9")
OLDEST_PIP, NEWEST_PIP = PIPS[0], PIPS[-1]
OLDEST_UV, NEWEST_UV = UVS[0], UVS[-1]
TOOLS = {
    "poetry": ("2.5.1", "poetry"),
    "pdm": ("2.29.3", "pdm[locked]"),
    "pipenv": ("2026.10.3", "pipenv"),
    "pip-tools": ("7.6.2", "pip-tools"),
    "hatch": ("1.18.2", "hatch"),
    "tox": ("4.67.15", "tox"),
    "nox": ("2026.10.20", "nox"),
}
"""Frontends that live in an environment of their own, in the newest version of November 2026, and what is installed.

pdm pins in an extra what it was tested with: it does not start with hishel 2.0.
"""


@dataclass(frozen=True, kw_only=True)
class Stock:
    """The folders that tests take from, and write nothing to."""

    wheelhouse: Path
    """Build requirements; neither the shim nor any torch."""
    shim: Path
    """The folder of the shim's wheel."""
    standins: Path
    """The stand-in wheels: on no index unless a test puts them there."""
    frontends: Path
    build: Path
    """An environment with build and virtualenv, without pip."""
    cache: Path
    """uv's cache, for what is installed before a test begins."""

    def pip(self, version: str) -> Path:
        """Return a folder with that pip in it, as it lies in ``site-packages``."""
        return self._installed("pip", version)

    def uv(self, version: str) -> Path:
        """Return that uv's executable."""
        return self._installed("uv", version) / "bin" / "uv"

    def tool(self, name: str) -> Path:
        """Return the folder of the programs of a frontend that lives in an environment of its own."""
        return self._installed(name, TOOLS[name][0]) / "bin"

    def _installed(self, name: str, version: str) -> Path:
        return self.frontends / f"{name}-{version}-{_key()}"


def work_folder() -> Path:
    """Return the folder of what is downloaded once."""
    return Path(os.environ.get("RUNTIME_BACKEND_WORK") or REPOSITORY / ".work")


def make_stock(session: Path) -> Stock:
    """Fill the folder as far as it is empty, and build what belongs to this session.

    :param session: a folder for what is made anew every time; several processes of one session may name the same.
    """
    work = work_folder()
    both = (REQUIREMENTS / "wheelhouse.txt", REQUIREMENTS / "wheelhouse-any.txt")
    stock = Stock(
        wheelhouse=work / f"wheelhouse-{_key(*both)}",
        shim=session / "shim",
        standins=session / "standins",
        frontends=work / "frontends",
        build=session / "build",
        cache=session / "uv-cache",
    )
    with locked(work):
        _fill(stock, work / f"bootstrap-{_key()}" / "bin" / "python")
        if not (session / "whole").exists():
            _make_session(stock, session)
            (session / "whole").touch()
    return stock


def _make_session(stock: Stock, session: Path) -> None:
    """Make what depends on the checkout, and what is quickly made."""
    stock.standins.mkdir(parents=True)
    make_standins(stock.standins)
    _build_shim(stock, session / "checkout")
    venv.create(stock.build)
    _run(stock.uv(NEWEST_UV), "pip", "install", *_offline(stock), f"--python={stock.build}", "build", "virtualenv")


def _fill(stock: Stock, python: Path) -> None:
    """Make what is not there yet.

    :param python: the one of an environment with pip, which is the first to be made.
    """
    _make(python.parent.parent, lambda path: venv.create(path, with_pip=True))
    _make(stock.wheelhouse, lambda path: _download(python, path))
    for name, versions in (("pip", PIPS), ("uv", UVS)):
        for version in versions:
            _make(stock._installed(name, version), lambda path, r=f"{name}=={version}": _install(python, path, r))  # type: ignore[misc]  # noqa: SLF001
    for name, (version, wanted) in TOOLS.items():
        _make(stock._installed(name, version), lambda path, r=f"{wanted}=={version}": _install_tool(stock, path, r))  # type: ignore[misc]  # noqa: SLF001


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others out, as long as something is made in a folder: the tests may run in several processes."""
    import fcntl  # noqa: PLC0415 - not on Windows, where this module is imported and nothing of it is used

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key(*requirements: Path) -> str:
    """Return what tells a folder made for other requirements, or by another Python, apart."""
    text = "".join(path.read_text("utf-8") for path in requirements) + sys.version + sys.base_prefix
    return f"py{sys.version_info[0]}{sys.version_info[1]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _make(place: Path, make: Callable[[Path], None]) -> None:
    if place.is_dir():
        return
    unfinished = place.with_name(f".{place.name}-{os.getpid()}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    make(unfinished)
    unfinished.rename(place)


def _download(python: Path, folder: Path) -> None:
    command = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", f"--dest={folder}"]
    _run(*command, "-r", REQUIREMENTS / "wheelhouse.txt")
    any_python = ("--platform=any", "--implementation=py", "--abi=none", "--python-version=3.10")
    _run(*command, *any_python, "-r", REQUIREMENTS / "wheelhouse-any.txt")


def _install(python: Path, folder: Path, requirement: str) -> None:
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={folder}", requirement)


def _install_tool(stock: Stock, folder: Path, requirement: str) -> None:
    """Install a frontend and all that it needs; its programs find it wherever the folder is moved to."""
    uv = stock.uv(NEWEST_UV)
    _run(uv, "venv", "--quiet", "--no-config", "--relocatable", f"--python={_base_python()}", folder)
    _run(uv, "pip", "install", "--quiet", "--no-config", f"--python={folder}", requirement)


def _base_python() -> str:
    return getattr(sys, "_base_executable", sys.executable)


def _build_shim(stock: Stock, checkout: Path) -> None:
    """Build from a copy: setuptools leaves a build folder in the tree."""
    checkout.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "runtime_backend", checkout / "runtime_backend", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, checkout)
    words = ("build", "--wheel", *_offline(stock), f"--python={_base_python()}", f"-o{stock.shim}")
    _run(stock.uv(NEWEST_UV), *words, checkout)


def _offline(stock: Stock) -> tuple[str, ...]:
    return "--quiet", "--offline", "--no-index", f"--find-links={stock.wheelhouse}", f"--cache-dir={stock.cache}"


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)
