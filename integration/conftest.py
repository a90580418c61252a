"""The stock for the session, and a workplace for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("integration.checks", "integration.frontends.scene")

from .frontends import FRONTENDS  # noqa: E402 - after the line above, for its assertions
from .index import Index, serve  # noqa: E402
from .random_runs import Tally  # noqa: E402
from .real_torch import VERSION, make_real_target  # noqa: E402
from .stock import NEWEST_UV, Stock, make_stock  # noqa: E402
from .support import Outcome, Row, read_support, write_support  # noqa: E402
from .workplace import Target, Workplace  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that renews the support table, and those that run more."""
    parser.addoption("--write-support", action="store_true", help="write what is measured to support.json and README")
    parser.addoption("--long-builds", action="store_true", help="build the real packages that take long, too")
    parser.addoption("--commands", type=int, default=12, help="how many random commands are run, a seed each")
    parser.addoption("--first-seed", type=int, default=0, help="the seed of the first random command")
    parser.addoption("--all-situations", action="store_true", help="run the rarer situations, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it is asked for."""
    for item in items:
        if item.get_closest_marker("long_build") and not config.getoption("--long-builds"):
            item.add_marker(pytest.mark.skip(reason="takes long: run `nox -s real_builds`"))
        if item.get_closest_marker("rare_situation") and not config.getoption("--all-situations"):
            item.add_marker(pytest.mark.skip(reason="one of the rarer situations: run `nox -s situations`"))


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is measured, out of all processes of the run, in the process that the person has started."""
    config.addinivalue_line("markers", "long_build: builds a real package, which takes its time")
    config.addinivalue_line("markers", "rare_situation: a command that is left out of the usual run")
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(Tally())
    if config.getoption("--write-support"):
        config.pluginmanager.register(SupportWriter())


class SupportWriter:
    """Writes the support table at the end of a run."""

    def __init__(self) -> None:
        self.measured: dict[tuple[str, str], dict[str, Outcome]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test has measured."""
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "support":
                told: Any = value
                frontend, version, scenario, kind, note = told
                self.measured.setdefault((frontend, version), {})[scenario] = Outcome(kind=kind, note=note)

    def pytest_sessionfinish(self) -> None:
        """Write a row of every frontend that there is; what was not measured now stays as it stood."""
        before = {(row.frontend, row.version): row.outcomes for row in read_support()}
        rows = []
        for frontend in FRONTENDS:
            for version in frontend.versions:
                key = (frontend.name, version)
                known = {**before.get(key, {}), **self.measured.get(key, {})}
                outcomes = {name: known[name] for name in frontend.scenarios if name in known}
                rows.append(Row(frontend=frontend.name, version=version, outcomes=outcomes))
        write_support(rows)


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


@pytest.fixture(scope="session")
def real_target() -> Target:
    """Return an environment with the real torch, or skip."""
    try:
        return make_real_target()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"needs torch {VERSION}: see that `pip install torch=={VERSION}` works here ({error})")
