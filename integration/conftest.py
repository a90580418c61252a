"""The stock for the session, and a workplace for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .index import Index, serve
from .stock import NEWEST_UV, Stock, make_stock
from .workplace import Workplace

pytest.register_assert_rewrite("integration.checks")


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Return wheels and frontends."""
    if os.name == "nt" or shutil.which("cc") is None:
        pytest.skip(
            "needs a POSIX system with a C compiler: install one as cc, then run `python -m pytest integration`"
        )
    return make_stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture
def place(stock: Stock, tmp_path: Path) -> Iterator[Workplace]:
    """Return a workplace, which is removed when its test has passed and the session ends."""
    folder = tmp_path / "work"
    folder.mkdir()
    yield Workplace(folder, stock)
    shutil.rmtree(folder / "installer-cache", ignore_errors=True)


@pytest.fixture
def index(stock: Stock) -> Iterator[Index]:
    """Return an index on loopback."""
    with serve([stock.wheelhouse, stock.shim], stock.standins) as server:
        yield server


@pytest.fixture
def find_python(stock: Stock) -> Callable[[str], Path]:
    """Return a function that returns another Python, or skips the test."""

    def find(version: str) -> Path:
        variable = f"RUNTIME_BACKEND_PYTHON_{version.replace('.', '_')}"
        uv: list[str | Path] = [
            stock.uv(NEWEST_UV),
            "python",
            "find",
            "--no-python-downloads",
            "--no-project",
            "--system",
            version,
        ]
        found = (
            os.environ.get(variable) or subprocess.run(uv, capture_output=True, text=True, check=False).stdout.strip()
        )
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        places = [Path(found)] if found else sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
        if not places:
            pytest.skip(f"needs Python {version}: put it on PATH, or set {variable} to its path")
        return places[0]

    return find
