"""The start of a child, as far as it can be looked at in this process; tests of calls run it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from runtime_backend.real import start


def test_shim(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package that the script is in is imported, whatever is on the import path."""
    monkeypatch.setitem(sys.modules, "runtime_backend", sys.modules["runtime_backend"])
    monkeypatch.setattr(sys, "path", [])
    folder = str(Path(start.__file__).parents[1])
    found = start.load_shim(folder)
    assert ("runtime_backend", [folder], found) == (found.__name__, found.__path__, sys.modules["runtime_backend"])


@pytest.mark.parametrize("bytecode", [None, "/elsewhere"])
def test_surroundings(bytecode: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import path is the given one, byte code goes where the call says, and lines are seen at once."""
    monkeypatch.setattr(sys, "path", ["/own"])
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    start.set_surroundings({"path": ["/a"], "bytecode": bytecode})
    assert (["/a"], bytecode, bytecode, True) == (
        sys.path,
        sys.pycache_prefix,
        os.environ.get("PYTHONPYCACHEPREFIX"),
        stream.line_buffering,
    )
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)


def test_without_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child whose output is closed goes on."""
    monkeypatch.setattr(sys, "path", ["/own"])
    monkeypatch.setattr(sys, "stdout", None)
    start.set_surroundings({"path": ["/a"], "bytecode": None})
    assert ["/a"] == sys.path
