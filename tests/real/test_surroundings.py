"""What is around the real backend: set in this process for a while, or handed to a child."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
from standins import write

from runtime_backend.real.surroundings import Surroundings


def test_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and path are as asked for during the call, and as before after it."""
    monkeypatch.setenv("KEPT", "old")
    monkeypatch.setenv("TAKEN", "old")
    monkeypatch.delenv("NEW", raising=False)
    path = list(sys.path)
    changes = {"KEPT": "new", "TAKEN": None, "NEW": "1", "GONE": None}
    with Surroundings(changes, before=("/b",), behind=("/e",)).here():
        assert ("new", None, "1") == (os.environ["KEPT"], os.environ.get("TAKEN"), os.environ["NEW"])
        assert ["/b", *path, "/e"] == sys.path
    assert ("old", "old", None) == (os.environ["KEPT"], os.environ["TAKEN"], os.environ.get("NEW"))
    assert path == sys.path


def test_surroundings_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails leaves nothing behind."""
    monkeypatch.delenv("NEW", raising=False)
    path = list(sys.path)
    with pytest.raises(SystemExit), Surroundings({"NEW": "1"}, before=("/b",)).here():
        raise SystemExit
    assert (None, path) == (os.environ.get("NEW"), sys.path)


def test_surroundings_keep_what_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that a real backend adds to the path stay; existing entries stay once."""
    monkeypatch.setattr(sys, "path", ["/a", "/b"])
    for _ in range(2):
        with Surroundings({}, before=("/b",), behind=("/e",)).here():
            assert ["/b", "/a", "/b"] == sys.path[:3]
            if "/vendored" not in sys.path:
                sys.path.append("/vendored")
    assert ["/a", "/b", "/vendored"] == sys.path


def test_surroundings_of_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte code goes elsewhere for this process too, and only for the call."""
    monkeypatch.setattr(sys, "pycache_prefix", "/mine")
    with Surroundings({"PYTHONPYCACHEPREFIX": "/theirs"}).here():
        assert "/theirs" == sys.pycache_prefix
    with Surroundings({}).here():
        assert "/mine" == sys.pycache_prefix
    assert "/mine" == sys.pycache_prefix


def test_surroundings_of_bytecode_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte code of an overlay goes elsewhere during the call, and that of other modules stays with them."""
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "environment"), *sys.path])
    for name in ("environment/beside_an_overlay.py", "overlay/of_an_overlay.py"):
        write(tmp_path / name, "")
        monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
    prefix = str(tmp_path / "bytecode")
    around = Surroundings({"PYTHONPYCACHEPREFIX": prefix}, behind=(str(tmp_path / "overlay"),), bytecode=prefix)
    with around.here():
        assert prefix == os.environ["PYTHONPYCACHEPREFIX"]
        import_module("beside_an_overlay")
        import_module("of_an_overlay")
    assert ["environment/__pycache__", f"bytecode{tmp_path}/overlay"] == [
        path.parent.relative_to(tmp_path).as_posix()
        for name in ("beside_an_overlay", "of_an_overlay")
        for path in tmp_path.rglob(f"{name}.*.pyc")
    ]
    child = around.of_child()
    assert ((str(tmp_path / "overlay"),), prefix, False) == (
        child.apart,
        child.bytecode,
        "PYTHONPYCACHEPREFIX" in child.environ,
    )


def test_surroundings_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is changed during the call only, even if it fails."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree").mkdir()
    with pytest.raises(SystemExit), Surroundings({}, folder=tmp_path / "tree").here():  # noqa: PT012 - what is raised in there is the test
        assert tmp_path / "tree" == Path.cwd()
        raise SystemExit
    assert tmp_path == Path.cwd()


def test_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child gets this process's variables and path, changed, and the folders that the frontend imports us from."""
    monkeypatch.setenv("KEPT", "old")
    monkeypatch.setenv("TAKEN", "old")
    monkeypatch.setattr(sys, "path", ["/a"])
    monkeypatch.setenv("_PYPROJECT_HOOKS_BACKEND_PATH_JSON", json.dumps(["/a", "/vendored"]))
    before = dict(os.environ)
    found = Surroundings({"TAKEN": None, "NEW": "1"}, before=("/b",), behind=("/e",)).of_child()
    assert ["/b", "/vendored", "/a", "/e"] == found.path
    assert ("old", None, "1") == tuple(found.environ.get(name) for name in ("KEPT", "TAKEN", "NEW"))
    assert (before, ["/a"]) == (dict(os.environ), sys.path)
