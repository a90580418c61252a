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
    parser.addoption("--write-support", action="store_true", help="write what is measured to support.json and docs/")
    parser.addoption("--all", action="store_true", help="run what the usual run leaves out, too")
    parser.addoption("--commands", type=int, default=4, help="how many random commands are run, a seed each")
    parser.addoption("--first-seed", type=int, default=0, help="the seed of the first random command")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the usual run does not have, unless it is asked for; begin with what takes longest."""
    is_whole = config.getoption("--all") or config.getoption("--write-support")
    rare = [] if is_whole else [item for item in items if item.get_closest_marker("rare")]
    config.hook.pytest_deselected(items=rare)
    items[:] = [item for item in items if item not in rare]
    # With the real torch: half a minute of compiling, with which a single process would be left at the end.
    items.sort(key=lambda item: "real_target" not in getattr(item, "fixturenames", ()))


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    """Say how to run what was left out."""
    return "" if config.getoption("--all") else "Without the tests that are marked `rare`: for all of them, add --all."


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is measured, out of all processes of the run, in the process that the person has started."""
    config.addinivalue_line("markers", "rare: left out of the usual run; a session of nox runs it with --all")
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
    base = tmp_path_factory.getbasetemp()
    # One for all processes of the session: xdist puts their folders next to each other.
    return make_stock((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stock")


@pytest.fixture
def place(stock: Stock, tmp_path: Path) -> Workplace:
    """Return a workplace in the folder of the test, which pytest removes three sessions later."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Workplace(folder, stock)


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
