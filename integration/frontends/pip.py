"""pip, out of the environment that it installs into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..stock import NEWEST_PIP, OLDEST_PIP
from .installs import Command, installs
from .scenario import Frontend, Trial


def _prepare(scene: Trial, *distributions: str) -> Path:
    scene.place.links.append(scene.place.stock.standins)
    return scene.place.target(None, *distributions, pip=scene.version).prefix


def _install(_: Trial, prefix: Path, words: Sequence[str]) -> Command:
    return (prefix / "bin" / "python", "-m", "pip", "install", *words)


FRONTENDS = (
    Frontend(name="`pip install`", versions=(OLDEST_PIP, NEWEST_PIP), scenarios=installs(_prepare, _install)),
    Frontend(name="`pip install -r`", versions=(NEWEST_PIP,), scenarios=installs(_prepare, _install, file=True)),
)
