"""pip-tools: pip-compile, then pip-sync, out of an environment of their own."""

from __future__ import annotations

from dataclasses import replace

from ..stock import NEWEST_PIP, TOOLS
from ..workplace import Target
from .installs import NEEDED
from .scenario import KINDS, NEW, OLD, TORCH, Built, Frontend, Scenario, Trial


def _sync(scene: Trial, target: Target, torch: str, *others: str, options: tuple[str, ...] = ()) -> Built:
    tools = scene.place.stock.tool("pip-tools")
    scene.write("requirements.in", "".join(f"{item}\n" for item in (f"torch=={torch}", *others)))
    scene.run(tools / "pip-compile", "-q", "--strip-extras", "--allow-unsafe", "requirements.in")
    scene.run(tools / "pip-sync", "--python-executable", target.python, *options, "requirements.txt")
    return Built(torch=torch, prefix=target.prefix)


def _fresh(kind: str) -> Scenario:
    def scenario(scene: Trial) -> Built:
        target = scene.place.target(None, pip=NEWEST_PIP)
        return _sync(scene, target, TORCH, scene.address(kind))

    return scenario


def _upgrade(scene: Trial) -> Built:
    target = scene.place.target(None, pip=NEWEST_PIP)
    scene.hurry(lambda: _sync(scene, target, OLD, scene.address()))
    return replace(_sync(scene, target, NEW, scene.address()), kept=OLD)


def _without_isolation(scene: Trial) -> Built:
    target, held = scene.place.target(None, pip=NEWEST_PIP), (*NEEDED, "notorch-dep")
    scene.hurry(lambda: _sync(scene, target, TORCH, *held))
    built = _sync(scene, target, TORCH, *held, scene.address(), options=("--pip-args=--no-build-isolation",))
    return replace(built, isolated=False)


FRONTENDS = (
    Frontend(
        name="`pip-compile`, `pip-sync`",
        versions=(TOOLS["pip-tools"][0],),
        scenarios={
            **{kind: _fresh(kind) for kind in KINDS},
            "upgrade": _upgrade,
            "no isolation": _without_isolation,
        },
    ),
)
