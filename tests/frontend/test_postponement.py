"""Commands for which the runtime need not be installed yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from callers import Scene

from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.postponement import find_postponement
from runtime_backend.frontend.processes import Process

STATIC = {"name": "x", "version": "1"}
DYNAMIC = {"name": "x", "dynamic": ["version"]}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene."""
    return Scene(tmp_path)


def under(scene: Scene, argv: Sequence[str]) -> Caller:
    """Return a caller in an unknown environment, under a command."""
    process = Process(argv=tuple(argv), cwd=scene.consumer, environ=scene.shell(scene.consumer))
    return scene.build(scene.shell(scene.consumer))._replace(list_ancestors=lambda: [process])


@pytest.mark.parametrize(
    ("words", "project", "expected"),
    [
        (["lock"], STATIC, "uv lock only resolves"),
        (["export", "--frozen"], STATIC, "uv export only resolves"),
        (["pip", "compile", "x.in"], STATIC, "uv pip compile only resolves"),
        (["sync"], STATIC, None),
        (["sync"], {**STATIC, "dynamic": ["readme"]}, None),
        (["sync"], DYNAMIC, "uv sync asks for metadata before its lock is written"),
        (["run", "x"], {}, "uv run asks for metadata before its lock is written"),
        (["add", "x"], {**STATIC, "dynamic": "version"}, "uv add asks for metadata before its lock is written"),
        (["pip", "install", "."], DYNAMIC, None),
        (["pip", "install", "--dry-run", "."], STATIC, "uv pip install --dry-run only resolves"),
        (["sync", "--dry-run"], STATIC, "uv sync --dry-run only resolves"),
        (["run", "x", "--dry-run"], STATIC, None),
        (["build"], DYNAMIC, None),
        ([], DYNAMIC, None),
    ],
)
def test_uv(words: list[str], project: dict[str, Any], expected: str | None, scene: Scene) -> None:
    """Uv builds nothing while it locks, and calls hooks before it locks if metadata are dynamic."""
    caller = scene.uv(scene.shell(scene.consumer), *words)
    assert expected == find_postponement(caller, project)


def test_uv_that_is_not_seen(scene: Scene) -> None:
    """If the frontend's command is unknown, a wheel may be built next."""
    scene = Scene(scene.root / "other", procfs=False)
    caller = scene.uv(scene.shell(scene.consumer), "lock")._replace(list_ancestors=list)
    assert find_postponement(caller, DYNAMIC) is None


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/t/bin/python", "-m", "pip", "lock", "."], "pip lock only resolves"),
        (["/t/bin/python3.11", "/t/bin/pip3.11", "--isolated", "download", "pipdeptree"], "pip download only resolves"),
        (["/t/bin/pip", "install", "--dry-run", "."], "pip install only resolves"),
        (["/t/bin/pip", "install", "download"], None),
        (["/t/bin/pip", "wheel", "."], None),
        (["/t/bin/pip"], None),
        (["/t/bin/python", "/t/bin/pip-compile", "x.in"], "pip-compile only resolves"),
        (["/t/bin/python", "-m", "piptools", "compile"], "pip-compile only resolves"),
        (["/t/bin/python", "/t/bin/poetry", "lock"], "poetry lock only resolves"),
        (["/t/bin/python", "/t/bin/poetry", "add", "--lock", "x"], "poetry add only resolves"),
        (["/t/bin/python", "/t/bin/poetry", "install"], None),
        (["/t/bin/python", "/t/bin/pdm", "lock"], "pdm lock only resolves"),
        (["/t/bin/python", "/t/bin/pdm", "install"], None),
        (["/t/bin/python", "/t/bin/pipenv", "install"], "pipenv locks first"),
        (["/t/bin/python", "-m", "build"], None),
    ],
)
def test_others(argv: list[str], expected: str | None, scene: Scene) -> None:
    """Commands that only resolve are recognised by name."""
    assert expected == find_postponement(under(scene, argv), {})
