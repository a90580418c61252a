"""The start of a child, as far as it can be looked at in this process; tests of calls run it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from runtime_backend.real import start


def test_shim(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the script is imported, regardless of the import path."""
    monkeypatch.setitem(sys.modules, "runtime_backend", sys.modules["runtime_backend"])
    monkeypatch.setattr(sys, "path", [])
    folder = str(Path(start.__file__).parents[1])
    found = start.load_shim(folder)
    assert ("runtime_backend", [folder], found) == (found.__name__, found.__path__, sys.modules["runtime_backend"])


@pytest.mark.parametrize("bytecode", [None, "/elsewhere"])
def test_bytecode(bytecode: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes store all byte code there, this one only that of some folders."""
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/own")
    before, prefix = list(sys.path_hooks), sys.pycache_prefix
    with start.storing_apart({"apart": ["/overlay"], "bytecode": bytecode}, "runtime_backend"):
        assert (bytecode or "/own", prefix) == (os.environ["PYTHONPYCACHEPREFIX"], sys.pycache_prefix)
        assert (bytecode is not None) == (sys.path_hooks != before)
    assert before == sys.path_hooks


def test_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import path is the given one, and lines are flushed, if there is an output."""
    monkeypatch.setattr(sys, "path", ["/own"])
    stream = io.TextIOWrapper(io.BytesIO())
    for stdout in (stream, None):
        monkeypatch.setattr(sys, "stdout", stdout)
        start.set_path({"path": ["/a"]})
    assert (["/a"], True) == (sys.path, stream.line_buffering)
