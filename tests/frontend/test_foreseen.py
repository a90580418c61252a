"""The config settings of a hook before its call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from callers import Scene
from standins import write

from runtime_backend.frontend.foreseen import foresee_config_settings


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene."""
    return Scene(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-C", "runtime-backend.cache-dir=/x"], {"runtime-backend.cache-dir": "/x"}),
        (["-Cruntime-backend.cache-dir=/x=y"], {"runtime-backend.cache-dir": "/x=y"}),
        (["-C=runtime-backend.offline="], {"runtime-backend.offline": ""}),
        (["--config-settings=runtime-backend.cache-dir=/x"], {"runtime-backend.cache-dir": "/x"}),
        (
            ["--config-setting", "runtime-backend.cache-dir=/x", "-C", "runtime-backend.provision=none"],
            {"runtime-backend.cache-dir": "/x", "runtime-backend.provision": "none"},
        ),
        (["-C", "editable.rebuild=true", "runtime-backend", "./runtime-backend.cache-dir=/x"], {}),
    ],
)
def test_command_line(words: list[str], expected: dict[str, str], scene: Scene) -> None:
    """Our settings are read from the frontend's command line, in any spelling."""
    assert expected == foresee_config_settings(scene.uv(scene.shell(scene.elsewhere), "build", *words))


def test_nothing_is_seen(scene: Scene) -> None:
    """If the frontend's process cannot be seen, no settings are known."""
    scene.procfs = False
    assert {} == foresee_config_settings(scene.pip(scene.shell(scene.elsewhere), "-C", "runtime-backend.offline=1"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"kwargs": {"config_settings": {"a": "b", "runtime-backend.pin": "c"}}},
            {"a": "b", "runtime-backend.pin": "c"},
        ),
        ({"kwargs": {"config_settings": None}}, {}),
        ({"kwargs": {}}, {"runtime-backend.offline": "1"}),
        ({"kwargs": None}, {"runtime-backend.offline": "1"}),
        (["nonsense"], {"runtime-backend.offline": "1"}),
        (None, {"runtime-backend.offline": "1"}),
    ],
)
def test_pyproject_hooks(given: Any, expected: dict[str, str], scene: Scene, tmp_path: Path) -> None:
    """The arguments in the file by pyproject-hooks win over the command line; ``_supported_features`` has none."""
    if given is not None:
        write(tmp_path / "control/input.json", json.dumps(given))
    caller = scene.pip(scene.shell(scene.elsewhere), "-C", "runtime-backend.offline=1")
    caller = caller._replace(argv=("/x/_in_process.py", "build_wheel", str(tmp_path / "control")))
    assert expected == foresee_config_settings(caller)
