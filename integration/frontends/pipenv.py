"""pipenv, which asks for the package's metadata while it locks."""

from __future__ import annotations

from pathlib import Path

from ..stock import TOOLS
from .managers import manages
from .pins import PIN
from .scene import Frontend, Scene, WayOut

_PIPFILE = """
[[source]]
name = "main"
url = "{url}"
verify_ssl = false

[packages]
torch = "=={torch}"
probe-setuptools = {{ {probe} }}
"""


def _want(scene: Scene, torch: str, kind: str) -> str:
    if kind == "git":
        probe = f'git = "{scene.git().removeprefix("git+")}", ref = "main"'
    elif kind == "sdist":
        probe = f'file = "{scene.sdist().as_uri()}"'
    else:
        probe = f'path = "{scene.package}"{", editable = true" if kind == "editable" else ""}'
    return _PIPFILE.format(torch=torch, url=scene.index.url("main"), probe=probe)


def _install(scene: Scene, folder: Path) -> None:
    own = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1", "CI": "1"}
    scene.run(scene.place.stock.tool("pipenv") / "pipenv", "install", cwd=folder, **own)


def _want_pinned(scene: Scene, torch: str, kind: str) -> str:
    scene.environ[PIN] = f"torch=={torch}"
    return _want(scene, torch, kind)


_SCENARIOS = manages("Pipfile", _want, _install)
_PINNED = manages("Pipfile", _want_pinned, _install)
_NOTE = (
    "pipenv asks for the package's metadata before there is a lock, and this package's setup.py needs torch for it "
    "(pipenv does not show our message). Name the torch: `RUNTIME_BACKEND_PIN=torch==2.7.0 pipenv install`."
)

FRONTENDS = (
    Frontend(
        name="`pipenv install`",
        versions=(TOOLS["pipenv"][0],),
        scenarios=_SCENARIOS,
        ways_out={
            **{kind: WayOut(note=_NOTE, run=None) for kind in _SCENARIOS},
            "fresh": WayOut(note=_NOTE, run=_PINNED["fresh"]),
            "upgrade": WayOut(note=_NOTE, run=_PINNED["upgrade"]),
        },
    ),
)
