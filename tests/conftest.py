"""What holds in every test: this machine's own toolkit is not found, and no frontend is asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from asking import Frontend

from runtime_backend import prerequisites
from runtime_backend.cuda import choosing
from runtime_backend.cuda.toolkit import find_toolkit
from runtime_backend.frontend.asking.asker import Asker


@pytest.fixture(autouse=True)
def _no_toolkit_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for the usual toolkit where none is; a test that wants one names it."""
    monkeypatch.setattr(choosing, "find_toolkit", partial(find_toolkit, usual=Path("/usr/local/no-cuda")))


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
