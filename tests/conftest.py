"""Fixtures of all tests: nothing of this machine is read, and no frontend is asked."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from machine import WATCH, is_kept

# isort: split
from asking import Frontend
from here import HereEnvironment

from runtime_backend.cuda import choice
from runtime_backend.cuda.system import find_toolkit
from runtime_backend.frontend.asking.asker import Asker
from runtime_backend.hook import prerequisites
from runtime_backend.plan import store_inputs

# A shell's background ignores the first of these, nohup the second; what the tests start would inherit it.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

settings.register_profile("ours", deadline=None)  # a test is not wrong because the machine is busy
settings.register_profile("few", deadline=None, max_examples=10)  # --hypothesis-profile=few
settings.load_profile("ours")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the number of odd inputs per reader of foreign bytes."""
    parser.addoption("--fuzz", type=int, default=60, help="odd inputs for each reader of tests/foreign.py")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty home folder; matplotlib may write its list of fonts into it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, home: Path
) -> Iterator[None]:
    """Hide the programs and the variables of the machine."""
    for variable in [name for name in os.environ if not is_kept(name)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(WATCH, "folder", tmp_path_factory.getbasetemp().resolve())
    yield
    found, WATCH.found = WATCH.found, []
    assert [] == found


@pytest.fixture(autouse=True)
def _no_toolkit_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the usual toolkit; a test that needs one names it."""
    monkeypatch.setattr(choice, "find_toolkit", partial(find_toolkit, usual=Path("/usr/local/no-cuda")))
    monkeypatch.setattr(store_inputs, "USUAL", Path("/usr/local/no-cuda"))


@pytest.fixture(autouse=True)
def _nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python's headers and a C++ compiler be found on any machine; a test may hide them."""
    monkeypatch.setattr(prerequisites, "_missing_headers", lambda *_: ())
    monkeypatch.setattr(prerequisites, "_missing_compiler", lambda *_: ())


@pytest.fixture(autouse=True)
def frontend(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Frontend:
    """Answer for the frontends of a test's callers; a test marked ``asks`` runs its own stand-ins."""
    made = Frontend()
    if request.node.get_closest_marker("asks") is None:
        monkeypatch.setattr(Asker, "_run", lambda *given: made(*given))  # noqa: PLW0108 - bound
    return made


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line ask real backends in this environment, instead of making one."""
    monkeypatch.setattr("build.env.DefaultIsolatedEnv", HereEnvironment)


@pytest.fixture
def _recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the recording backend write into the folder of the test."""
    monkeypatch.setenv("RECORDED", str(tmp_path / "recorded.jsonl"))
