"""poetry: the lock first, since without one poetry writes it last."""

from __future__ import annotations

from pathlib import Path

from ..stock import TOOLS
from .managers import manages
from .scenario import NEW, OLD, Built, Frontend, Trial, WayOut

_CONSUMER = """
[project]
name = "consumer"
version = "0"
requires-python = ">=3.10,<4"
dependencies = ["torch=={torch}", "probe-setuptools"]

[tool.poetry]
package-mode = false

{source}
[tool.poetry.dependencies]
probe-setuptools = {{ {probe} }}
"""


def _want(scene: Trial, torch: str, kind: str) -> str:
    if kind == "git":
        probe = f'git = "{scene.git().removeprefix("git+")}"'
    else:
        probe = f'path = "{scene.sdist() if kind == "sdist" else scene.package}"'
    develop = ", develop = true" if kind == "editable" else ""
    return _CONSUMER.format(torch=torch, source=scene.index.poetry("main"), probe=probe + develop)


def _poetry(scene: Trial, folder: Path, *words: str) -> None:
    scene.environ["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    scene.run(scene.place.stock.tool("poetry") / "poetry", "--no-interaction", *words, cwd=folder)


def _install(scene: Trial, folder: Path) -> None:
    for command in ("lock", "install"):
        _poetry(scene, folder, command)


def _forced(scene: Trial) -> Built:
    folder = scene.write("consumer/pyproject.toml", _want(scene, OLD, "fresh")).parent
    scene.hurry(lambda: _install(scene, folder))
    scene.write("consumer/pyproject.toml", _want(scene, NEW, "fresh"))
    _poetry(scene, folder, "run", "python", "-m", "pip", "uninstall", "--yes", "probe-setuptools")
    _install(scene, folder)
    return Built(torch=NEW, prefix=folder / ".venv", kept=OLD)


_NOTE = (
    "poetry leaves an installed package of the same version alone. After torch was raised: "
    "`poetry run python -m pip uninstall NAME`, then `poetry install`."
)

FRONTENDS = (
    Frontend(
        name="`poetry lock`, `poetry install`",
        versions=(TOOLS["poetry"][0],),
        scenarios=manages("pyproject.toml", _want, _install),
        ways_out={"upgrade": WayOut(note=_NOTE, run=_forced)},
    ),
)
