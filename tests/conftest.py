"""What holds in every test: nothing of this machine is looked at, and no frontend is asked."""

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

from runtime_backend.cuda import choice
from runtime_backend.cuda.system import find_toolkit
from runtime_backend.frontend.asking.asker import Asker
from runtime_backend.hook import prerequisites

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in a shell's background; what the tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ours", deadline=None)  # a test is not wrong because the machine is busy
settings.register_profile("few", deadline=None, max_examples=10)  # --hypothesis-profile=few
settings.load_profile("ours")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take how many odd inputs each reader of foreign bytes gets."""
    parser.addoption("--fuzz", type=int, default=60, help="odd inputs for each reader of tests/foreign.py")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder without anything in it, but for matplotlib's list of fonts after a while."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, home: Path
) -> Iterator[None]:
    """Hide the programs and the variables of whoever runs the tests."""
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
    """Look for the usual toolkit where none is; a test that wants one names it."""
    monkeypatch.setattr(choice, "find_toolkit", partial(find_toolkit, usual=Path("/usr/local/no-cuda")))


@pytest.fixture(autouse=True)
def _nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find Python's headers and a C++ compiler, whatever this machine has; a test that wants less says so."""
    monkeypatch.setattr(prerequisites, "_missing_headers", lambda *_: ())
    monkeypatch.setattr(prerequisites, "_missing_compiler", lambda *_: ())


@pytest.fixture(autouse=True)
def frontend(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Frontend:
    """Answer for the frontends that a test's callers stand for; a test marked ``asks`` runs what it gives itself."""
    made = Frontend()
    if request.node.get_closest_marker("asks") is None:
        monkeypatch.setattr(Asker, "_run", lambda *given: made(*given))  # noqa: PLW0108 - bound
    return made
