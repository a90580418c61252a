"""tox: the package under test by way of an sdist, a wheel or an editable, or as one of the dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..stock import TOOLS
from .pins import PIN
from .scenario import KINDS, NEW, OLD, TORCH, Built, Frontend, Scenario, Trial, WayOut

_TOX = """
[tox]
env_list = use

[testenv]
{settings}
set_env = RUNTIME_BACKEND_LOG = {log}
deps =
{deps}
commands = python -c pass

[testenv:.pkg]
set_env =
    RUNTIME_BACKEND_LOG = {log}
    {pin}
"""


def _want(scene: Trial, settings: str, deps: Sequence[str], pin: str | None = None) -> None:
    listed = "".join(f"    {line}\n" for line in deps)
    named = "" if pin is None else f"{PIN} = torch=={pin}"
    log = scene.folder / "log"
    (scene.package / "tox.ini").write_text(_TOX.format(settings=settings, deps=listed, pin=named, log=log), "utf-8")


def _run(scene: Trial, torch: str) -> Built:
    scene.run(scene.place.stock.tool("tox") / "tox", "run", cwd=scene.package)
    return Built(torch=torch, prefix=scene.package / ".tox" / "use")


def _package(kind: str) -> Frontend:
    """Return the one where tox builds the package."""

    def fresh(scene: Trial) -> Built:
        _want(scene, f"package = {kind}", [f"torch=={TORCH}"])
        return _run(scene, TORCH)

    def twice(scene: Trial) -> Built:
        """Pinned; and once more, since tox keeps the build environment and looks at what is asked for again."""
        _want(scene, f"package = {kind}", [f"torch=={TORCH}"], TORCH)
        scene.hurry(lambda: _run(scene, TORCH))
        return _run(scene, TORCH)

    def upgrade(*, pinned: bool) -> Scenario:
        def scenario(scene: Trial) -> Built:
            _want(scene, f"package = {kind}", [f"torch=={OLD}"], OLD)
            scene.hurry(lambda: _run(scene, OLD))
            _want(scene, f"package = {kind}", [f"torch=={NEW}"], NEW if pinned else None)
            return replace(_run(scene, NEW), kept=OLD)

        return scenario

    first = "editable" if kind == "editable" else "fresh"
    note = (
        "tox builds before the environment has torch, and drops the person's variables. Name it in tox.ini: "
        "`[testenv:.pkg]`, `set_env = RUNTIME_BACKEND_PIN = torch==2.7.0`."
    )
    return Frontend(
        name=f"`tox`, package = {kind}",
        versions=(TOOLS["tox"][0],),
        scenarios={first: fresh, "upgrade": upgrade(pinned=False)},
        ways_out={}
        if kind == "sdist"  # made without torch, and built where torch is
        else {first: WayOut(note=note, run=twice), "upgrade": WayOut(note=note, run=upgrade(pinned=True))},
    )


def _deps() -> Frontend:
    """Return the one where the package is a dependency."""

    def fresh(kind: str) -> Scenario:
        def scenario(scene: Trial) -> Built:
            _want(scene, "skip_install = true", [f"torch=={TORCH}", scene.requirement(kind)])
            return _run(scene, TORCH)

        return scenario

    def upgrade(scene: Trial) -> Built:
        _want(scene, "skip_install = true", [f"torch=={OLD}", scene.requirement()])
        scene.hurry(lambda: _run(scene, OLD))
        _want(scene, "skip_install = true", [f"torch=={NEW}", scene.requirement()])
        return replace(_run(scene, NEW), kept=OLD)

    scenarios = {**{kind: fresh(kind) for kind in KINDS}, "upgrade": upgrade}
    return Frontend(name="`tox`, in `deps`", versions=(TOOLS["tox"][0],), scenarios=scenarios)


FRONTENDS = (*(_package(kind) for kind in ("sdist", "wheel", "editable")), _deps())
