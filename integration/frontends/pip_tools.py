"""pip-tools: pip-compile, then pip-sync, out of an environment of their own."""

from __future__ import annotations

from dataclasses import replace

from ..stock import NEWEST_PIP, TOOLS
from ..workplace import Target
from .installs import NEEDED
from .pins import PIN
from .scene import KINDS, NEW, OLD, TORCH, Built, Frontend, Scenario, Scene, WayOut


def _sync(scene: Scene, target: Target, torch: str, *others: str, pinned: bool, options: tuple[str, ...] = ()) -> Built:
    tools = scene.place.stock.tool("pip-tools")
    scene.environ[PIN] = f"torch=={torch}" if pinned else None
    scene.write("requirements.in", "".join(f"{item}\n" for item in (f"torch=={torch}", *others)))
    scene.run(tools / "pip-compile", "-q", "--strip-extras", "--allow-unsafe", "requirements.in")
    scene.environ[PIN] = None
    scene.run(tools / "pip-sync", "--python-executable", target.python, *options, "requirements.txt")
    return Built(torch=torch, prefix=target.prefix)


def _fresh(kind: str, *, pinned: bool) -> Scenario:
    def scenario(scene: Scene) -> Built:
        target = scene.place.target(None, pip=NEWEST_PIP)
        return _sync(scene, target, TORCH, scene.address(kind), pinned=pinned)

    return scenario


def _upgrade(*, pinned: bool) -> Scenario:
    def scenario(scene: Scene) -> Built:
        target = scene.place.target(None, pip=NEWEST_PIP)
        scene.hurry(lambda: _sync(scene, target, OLD, scene.address(), pinned=pinned))
        return replace(_sync(scene, target, NEW, scene.address(), pinned=pinned), kept=OLD)

    return scenario


def _without_isolation(*, pinned: bool) -> Scenario:
    def scenario(scene: Scene) -> Built:
        target, held = scene.place.target(None, pip=NEWEST_PIP), (*NEEDED, "notorch-dep")
        scene.hurry(lambda: _sync(scene, target, TORCH, *held, pinned=False))
        options = ("--pip-args=--no-build-isolation",)
        built = _sync(scene, target, TORCH, *held, scene.address(), pinned=pinned, options=options)
        return replace(built, isolated=False)

    return scenario


_NOTE = (
    "pip-compile asks for the package's metadata in an environment of its own, and this package's setup.py needs torch "
    "for it. Name the torch: `RUNTIME_BACKEND_PIN=torch==2.7.0 pip-compile`; pip-sync reads it in the file."
)

FRONTENDS = (
    Frontend(
        name="`pip-compile`, `pip-sync`",
        versions=(TOOLS["pip-tools"][0],),
        scenarios={
            **{kind: _fresh(kind, pinned=False) for kind in KINDS},
            "upgrade": _upgrade(pinned=False),
            "no isolation": _without_isolation(pinned=False),
        },
        ways_out={
            **{kind: WayOut(note=_NOTE, run=None) for kind in KINDS},
            "fresh": WayOut(note=_NOTE, run=_fresh("fresh", pinned=True)),
            "upgrade": WayOut(note=_NOTE, run=_upgrade(pinned=True)),
            "no isolation": WayOut(note=_NOTE, run=_without_isolation(pinned=True)),
        },
    ),
)
