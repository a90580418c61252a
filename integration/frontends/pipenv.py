"""pipenv, which asks for the package's metadata while it locks."""

from __future__ import annotations

from pathlib import Path

from ..stock import TOOLS
from .managers import manages
from .scenario import Frontend, Trial

_PIPFILE = """
[[source]]
name = "main"
url = "{url}"
verify_ssl = false

[packages]
torch = "=={torch}"
probe-setuptools = {{ {probe} }}
"""


def _want(scene: Trial, torch: str, kind: str) -> str:
    if kind == "git":
        probe = f'git = "{scene.git().removeprefix("git+")}", ref = "main"'
    elif kind == "sdist":
        probe = f'file = "{scene.sdist().as_uri()}"'
    else:
        probe = f'path = "{scene.package}"{", editable = true" if kind == "editable" else ""}'
    return _PIPFILE.format(torch=torch, url=scene.index.url("main"), probe=probe)


def _install(scene: Trial, folder: Path) -> None:
    own = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1", "CI": "1"}
    scene.run(scene.place.stock.tool("pipenv") / "pipenv", "install", cwd=folder, **own)


FRONTENDS = (
    Frontend(
        name="`pipenv install`",
        versions=(TOOLS["pipenv"][0],),
        scenarios=manages("Pipfile", _want, _install),
    ),
)
