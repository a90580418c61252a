"""build, out of an environment of its own: it makes wheels for the environment that the person has activated."""

from __future__ import annotations

import os

from ..stock import NEWEST_UV
from .pins import pinned
from .scenario import NEW, OLD, TORCH, Built, Frontend, Scenario, Trial, WayOut


def _build(scene: Trial, installer: str, torch: str, *options: str) -> Built:
    """Build, and return the one wheel that there is then."""
    out, stock = scene.folder / "out", scene.place.stock
    others = scene.environ.get("PATH") or scene.place.environ()["PATH"]
    path = os.pathsep.join([str(stock.uv(NEWEST_UV).parent), str(others)])
    words = (stock.build / "bin" / "python", "-m", "build", f"--installer={installer}", *options, "-o", out)
    scene.run(*words, scene.package, PATH=path)
    (wheel,) = out.glob("*.whl")
    return Built(torch=torch, wheel=wheel)


def _fresh(installer: str) -> Scenario:
    def scenario(scene: Trial) -> Built:
        scene.activate()
        return _build(scene, installer, TORCH, "--wheel")

    return scenario


def _upgrade(installer: str) -> Scenario:
    def scenario(scene: Trial) -> Built:
        target = scene.activate(OLD)
        old = _build(scene, installer, OLD, "--wheel").wheel
        assert old is not None
        old.unlink()
        scene.place.install(target.python, f"torch==={NEW}")
        return _build(scene, installer, NEW, "--wheel")

    return scenario


def _sdist(installer: str) -> Scenario:
    def scenario(scene: Trial) -> Built:
        scene.activate(TORCH)
        return _build(scene, installer, TORCH)

    return scenario


def _without_isolation(scene: Trial) -> Built:
    target = scene.place.target(TORCH, "build", "runtime-backend", "setuptools")
    out = scene.folder / "out"
    scene.run(target.python, "-m", "build", "--wheel", "--no-isolation", "-o", out, scene.package)
    (wheel,) = out.iterdir()
    return Built(torch=TORCH, wheel=wheel, isolated=False)


_NOTE = (
    "Nothing names a torch. Activate the environment that has it, or name it: "
    "`RUNTIME_BACKEND_PIN=torch==2.7.0 python -m build`."
)

FRONTENDS = tuple(
    Frontend(
        name=f"`python -m build --installer={installer}`",
        versions=("1.6.1",),
        scenarios={
            "fresh": _fresh(installer),
            "upgrade": _upgrade(installer),
            "sdist": _sdist(installer),
            **({"no isolation": _without_isolation} if installer == "pip" else {}),
        },
        ways_out={"fresh": WayOut(note=_NOTE, run=pinned(_fresh(installer)))},
    )
    for installer in ("pip", "uv")
)
