"""uv as a project manager: a consumer with a lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..stock import NEWEST_UV, OLDEST_UV
from .scenario import NEW, OLD, TORCH, Built, Frontend, Scenario, Trial

_CONSUMER = """
[project]
name = "consumer"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch=={torch}", "probe-setuptools"{more}]

[tool.uv]
{settings}

[tool.uv.sources]
probe-setuptools = {{ {source} }}
"""

_SOURCES: dict[str, Callable[[Trial], str]] = {
    "fresh": lambda scene: f'path = "{scene.package}"',
    "editable": lambda scene: f'path = "{scene.package}", editable = true',
    "sdist": lambda scene: f'path = "{scene.sdist()}"',
    "git": lambda scene: f'git = "{scene.git().removeprefix("git+")}"',
}


def _want(scene: Trial, torch: str, *, kind: str = "fresh", more: str = "", settings: str = "") -> Path:
    """Write what the consumer wants, and return its folder."""
    source = _SOURCES[kind](scene)
    text = _CONSUMER.format(torch=torch, more=more, settings=settings, source=source)
    return scene.write("consumer/pyproject.toml", text).parent


def _sync(scene: Trial, folder: Path, *options: str) -> Built:
    scene.run(scene.place.stock.uv(scene.version), "sync", *options, cwd=folder)
    return Built(torch=TORCH, prefix=folder / ".venv")


def _fresh(kind: str) -> Scenario:
    return lambda scene: _sync(scene, _want(scene, TORCH, kind=kind))


def _upgrade(scene: Trial) -> Built:
    """uv takes a directory for unchanged unless it is told to look."""
    settings = 'reinstall-package = ["probe-setuptools"]'
    folder, uv = _want(scene, OLD, settings=settings), scene.place.stock.uv(scene.version)
    scene.hurried(uv, "sync", cwd=folder)
    _want(scene, NEW, settings=settings)
    scene.run(uv, "sync", cwd=folder)
    return Built(torch=NEW, prefix=folder / ".venv", kept=OLD)


def _without_isolation(scene: Trial) -> Built:
    settings = 'no-build-isolation-package = ["probe-setuptools"]'
    folder = _want(scene, TORCH, more=', "runtime-backend", "setuptools", "notorch-dep"', settings=settings)
    scene.hurried(scene.place.stock.uv(scene.version), "sync", "--no-install-package=probe-setuptools", cwd=folder)
    scene.run(scene.place.stock.uv(scene.version), "sync", cwd=folder)
    return Built(torch=TORCH, prefix=folder / ".venv", isolated=False)


FRONTENDS = (
    Frontend(
        name="`uv sync`",
        versions=(OLDEST_UV, NEWEST_UV),
        scenarios={
            **{kind: _fresh(kind) for kind in _SOURCES},
            "upgrade": _upgrade,
            "no isolation": _without_isolation,
        },
    ),
)
