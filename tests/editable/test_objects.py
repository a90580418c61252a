"""The folder for the objects of an editable of setuptools."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runtime_backend.editable import objects
from runtime_backend.editable.objects import plan_objects
from runtime_backend.store.holding import held_if_free


def test_folder(tmp_path: Path) -> None:
    """It is one for each runtime, platform and Python, in the build folder."""
    found = plan_objects(tmp_path / "cache", tmp_path / "pkg", "torch-2.7.0-ab")
    assert found.folder.startswith("build/torch-2.7.0-ab/editable-")
    assert found.folder.endswith(f"-{sys.implementation.cache_tag}")
    assert found.place.parent == tmp_path / "cache/environments"
    assert found.place != plan_objects(tmp_path / "cache", tmp_path / "pkg", "torch-2.8.0-ab").place


def test_a_path_that_stays(tmp_path: Path) -> None:
    """During the build, the build environment has a name that depends on the source only; two builds do not share it."""
    found = plan_objects(tmp_path / "cache", tmp_path / "pkg", "x")
    (tmp_path / "env/bin").mkdir(parents=True)
    with found.held(tmp_path / "env", print) as path:
        assert path == found.place
        assert path is not None
        assert path.samefile(tmp_path / "env")
        with held_if_free(found.place) as is_free:
            assert not is_free
    assert not found.place.is_symlink()


@pytest.mark.parametrize(("name", "prefix"), [("nt", Path("env")), (os.name, None)])
def test_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, prefix: Path | None) -> None:
    """No link is made on Windows, or for an environment that stays; the lock is held all the same."""
    found = plan_objects(tmp_path / "cache", tmp_path / "pkg", "x")

    class System:
        """The system's name."""

    System.name = name  # type: ignore[attr-defined]
    monkeypatch.setattr(objects, "os", System)
    with found.held(prefix, print) as path:
        assert path is None
        with held_if_free(found.place) as is_free:
            assert not is_free


def test_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second build of the same editable says that it waits."""
    said = list[str]()

    def wait(*arguments: object) -> object:
        arguments[1]()  # type: ignore[operator]
        raise OSError

    monkeypatch.setattr(objects, "exclusively", wait)
    with pytest.raises(OSError), plan_objects(tmp_path, tmp_path, "x").held(None, said.append):  # noqa: PT011 - the stand-in's
        pass
    assert ["another build of this editable is running"] == said
