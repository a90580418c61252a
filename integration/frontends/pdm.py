"""pdm, by its own installer and by uv."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..stock import NEWEST_UV, TOOLS
from .managers import manages
from .scenario import TORCH, Built, Frontend, Trial

_CONSUMER = """
[project]
name = "consumer"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch=={torch}"{named}]

[dependency-groups]
dev = [{editable}]

[tool.pdm]
distribution = false

{source}"""


def _git(scene: Trial) -> str:
    """Return the package in a repository on a server: pdm takes ``file:`` for the name of a host."""
    scene.repository()
    return f"probe-setuptools @ git+{scene.index.url('repository')}@main"


def _want(scene: Trial, torch: str, kind: str) -> str:
    named = "" if kind == "editable" else f', "{_git(scene) if kind == "git" else scene.address(kind)}"'
    editable = f'"{scene.address(kind)}"' if kind == "editable" else ""
    return _CONSUMER.format(torch=torch, named=named, editable=editable, source=scene.index.pdm("main"))


def _install(*options: str) -> Callable[[Trial, Path], None]:
    def install(scene: Trial, folder: Path) -> None:
        scene.run(scene.place.stock.tool("pdm") / "pdm", "install", *options, cwd=folder, PDM_CHECK_UPDATE="0")

    return install


def _by_uv(scene: Trial, folder: Path) -> None:
    scene.environ["PDM_USE_UV"] = "1"
    scene.environ["PATH"] = scene.place.path(scene.place.stock.uv(NEWEST_UV).parent)
    _install()(scene, folder)


def _without_isolation(scene: Trial) -> Built:
    text = _want(scene, TORCH, "fresh")
    needed = '"runtime-backend", "setuptools", "wheel", "notorch-dep"'
    bare = text.replace(scene.address(), "torch").replace('"torch=', f'{needed}, "torch=')
    folder = scene.write("consumer/pyproject.toml", bare).parent
    scene.hurry(lambda: _install()(scene, folder))
    scene.write("consumer/pyproject.toml", text.replace('"torch=', f'{needed}, "torch='))
    _install("--no-isolation")(scene, folder)
    return Built(torch=TORCH, prefix=folder / ".venv", isolated=False)


FRONTENDS = (
    Frontend(
        name="`pdm install`",
        versions=(TOOLS["pdm"][0],),
        scenarios={**manages("pyproject.toml", _want, _install()), "no isolation": _without_isolation},
    ),
    Frontend(
        name="`pdm install`, by uv",
        versions=(TOOLS["pdm"][0],),
        # pdm 2.29 cannot read what uv locks of a directory or an sdist
        scenarios={"git": manages("pyproject.toml", _want, _by_uv)["git"]},
    ),
)
