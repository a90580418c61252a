"""Which frontends check hashes."""

from __future__ import annotations

import pytest
from callers import Scene
from standins import write
from test_managers import under

from runtime_backend.frontend.hashes import checks_hashes


@pytest.mark.parametrize(("program", "checks"), [("poetry", False), ("pdm", False), ("pipenv", True)])
def test_managers(program: str, checks: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """Poetry and pdm ignore the hash of a requirement by URL; pip checks it."""
    assert checks == checks_hashes(under(scene, program, "install"))


@pytest.mark.parametrize(
    ("version", "checks"), [("0.8.24", False), ("0.12.9", False), ("0.13.0", True), ("1.0", True), ("?", True)]
)
def test_uv(version: str, checks: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """An older uv ignores it."""
    caller = scene.uv(scene.shell(scene.elsewhere), "sync")
    write(caller.prefix / "pyvenv.cfg", f"home = /x\nuv = {version}\n")
    assert checks == checks_hashes(caller)


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Return a scene."""
    return Scene(tmp_path_factory.mktemp("scene"))
