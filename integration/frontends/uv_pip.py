"""uv pip, for the environment that the person has activated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..stock import NEWEST_UV, OLDEST_UV
from .installs import Command, installs
from .scenario import Frontend, Trial, WayOut


def _prepare(scene: Trial, *distributions: str) -> Path:
    prefix = scene.place.target(None, *distributions).prefix
    scene.environ["VIRTUAL_ENV"] = prefix
    return prefix


def _install(scene: Trial, _: Path, words: Sequence[str]) -> Command:
    return (scene.place.stock.uv(scene.version), "pip", "install", *words)


def _install_again(scene: Trial, prefix: Path, words: Sequence[str]) -> Command:
    return (*_install(scene, prefix, words), "--reinstall-package=probe-setuptools")


_NOTE = (
    "uv takes a directory that a file names for unchanged. After torch was raised: "
    "`uv pip install --reinstall-package=NAME -r requirements.txt`."
)
_AGAIN = installs(_prepare, _install_again, file=True)["upgrade"]

FRONTENDS = (
    Frontend(name="`uv pip install`", versions=(OLDEST_UV, NEWEST_UV), scenarios=installs(_prepare, _install)),
    Frontend(
        name="`uv pip install -r`",
        versions=(NEWEST_UV,),
        scenarios=installs(_prepare, _install, file=True),
        ways_out={"upgrade": WayOut(note=_NOTE, run=_AGAIN)},
    ),
)
