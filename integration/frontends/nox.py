"""nox: a session installs by pip or by uv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..stock import NEWEST_UV, TOOLS
from .installs import Command, installs
from .scenario import Frontend, Scenario, Trial

_NOXFILE = """
import nox

@nox.session(venv_backend={backend!r}, reuse_venv=True)
def use(session):
    session.install({words})
"""


def _scenarios(backend: str) -> Mapping[str, Scenario]:
    def install(scene: Trial, _: Path, words: Sequence[str]) -> Command:
        stock = scene.place.stock
        scene.environ["PATH"] = scene.place.path(stock.uv(NEWEST_UV).parent)
        scene.write("noxfile.py", _NOXFILE.format(backend=backend, words=", ".join(map(repr, words))))
        return (stock.tool("nox") / "nox", "-s", "use")

    def prepare(scene: Trial, *distributions: str) -> Path:
        prefix = scene.folder / ".nox" / "use"
        if distributions:
            scene.hurried(*install(scene, prefix, [*distributions, "notorch-dep"]))
        return prefix

    return installs(prepare, install)


FRONTENDS = tuple(
    Frontend(name=f"`nox`, {backend}", versions=(TOOLS["nox"][0],), scenarios=_scenarios(backend))
    for backend in ("virtualenv", "uv")
)
