"""hatch: builds in an environment that it keeps, and makes environments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..stock import NEWEST_UV, TOOLS
from .pins import PIN
from .scenario import NEW, OLD, TORCH, Built, Frontend, Scenario, Trial, WayOut

_CONSUMER = """
[tool.hatch.envs.default]
type = "virtual"
path = ".venv"
installer = "{installer}"
{settings}
"""


def _hatch(scene: Trial, *words: object, cwd: Path) -> None:
    stock = scene.place.stock
    path = scene.place.path(stock.tool("hatch"), stock.uv(NEWEST_UV).parent)
    scene.run(stock.tool("hatch") / "hatch", *words, cwd=cwd, PATH=path)


def _build(scene: Trial, torch: str) -> Built:
    """Build, and return the one wheel that there is then."""
    out = scene.folder / "out"
    _hatch(scene, "build", "-t", "wheel", out, cwd=scene.package)
    (wheel,) = out.glob("*.whl")
    return Built(torch=torch, wheel=wheel)


def _settle(scene: Trial, installer: str, more: str = "") -> None:
    """Write into the package how it is built."""
    scene.append(f'[tool.hatch.envs.hatch-build]\ninstaller = "{installer}"\n{more}')


def builds(installer: str) -> Frontend:
    """Return ``hatch build``."""

    def fresh(scene: Trial) -> Built:
        _settle(scene, installer)
        scene.activate()
        return _build(scene, TORCH)

    def pinned(scene: Trial) -> Built:
        _settle(scene, installer, f'env-vars = {{ {PIN} = "torch=={TORCH}" }}\n')
        return _build(scene, TORCH)

    def upgrade(scene: Trial) -> Built:
        """The old torch is in the environment that hatch keeps, put there by a pin; the new one in the person's."""
        _settle(scene, installer)
        scene.environ[PIN] = f"torch=={OLD}"
        (_build(scene, OLD).wheel or Path()).unlink()
        del scene.environ[PIN]
        scene.activate(NEW)
        return _build(scene, NEW)

    note = (
        "Nothing names a torch. Activate the environment that has it, or name it in the package's pyproject.toml: "
        '`[tool.hatch.envs.hatch-build.env-vars]`, `RUNTIME_BACKEND_PIN = "torch==2.7.0"`.'
    )
    return Frontend(
        name=f"`hatch build`, installer {installer}",
        versions=(TOOLS["hatch"][0],),
        scenarios={"fresh": fresh, "upgrade": upgrade},
        ways_out={"fresh": WayOut(note=note, run=pinned)},
    )


def _run(scene: Trial, folder: Path, torch: str) -> Built:
    _hatch(scene, "run", "python", "-c", "pass", cwd=folder)
    return Built(torch=torch, prefix=folder / ".venv")


def consumes(installer: str) -> Frontend:
    """Return ``hatch run`` where torch and the package are dependencies of the environment."""

    def want(scene: Trial, torch: str, kind: str = "fresh") -> Path:
        dependencies = f'dependencies = ["torch=={torch}", "{scene.address(kind)}"]\nskip-install = true'
        text = '[project]\nname = "consumer"\nversion = "0"\n' + _CONSUMER.format(
            installer=installer, settings=dependencies
        )
        return scene.write("consumer/pyproject.toml", text).parent

    def fresh(kind: str) -> Scenario:
        return lambda scene: _run(scene, want(scene, TORCH, kind), TORCH)

    def upgrade(*, anew: bool) -> Scenario:
        def scenario(scene: Trial) -> Built:
            scene.hurry(lambda: _run(scene, want(scene, OLD), OLD))
            folder = want(scene, NEW)
            if anew:
                _hatch(scene, "env", "remove", "default", cwd=folder)
            return replace(_run(scene, folder, NEW), kept=OLD)

        return scenario

    note = (
        "hatch leaves an installed package of the same version alone. After torch was raised: "
        "`hatch env remove default`; the next run makes it anew."
    )
    return Frontend(
        name=f"`hatch run`, installer {installer}",
        versions=(TOOLS["hatch"][0],),
        scenarios={**{kind: fresh(kind) for kind in ("fresh", "sdist", "git")}, "upgrade": upgrade(anew=False)},
        ways_out={"upgrade": WayOut(note=note, run=upgrade(anew=True))},
    )


def installs_itself(installer: str) -> Frontend:
    """Return ``hatch run`` in the package: it goes in before its dependencies do."""

    def want(scene: Trial, torch: str, more: str = "") -> Path:
        scene.edit('requires-python = ">=3.10"', f'requires-python = ">=3.10"\ndependencies = ["torch=={torch}"]')
        scene.append(_CONSUMER.format(installer=installer, settings=more))
        return scene.package

    def run(more: str) -> Scenario:
        return lambda scene: _run(scene, want(scene, TORCH, more), TORCH)

    def upgrade(scene: Trial) -> Built:
        folder = want(scene, OLD)
        scene.hurry(lambda: _run(scene, folder, OLD))
        scene.edit(f"torch=={OLD}", f"torch=={NEW}")
        return replace(_run(scene, folder, NEW), kept=OLD)

    modes = {"fresh": "dev-mode = false", "editable": "dev-mode = true"}
    return Frontend(
        name=f"`hatch run` in the package, installer {installer}",
        versions=(TOOLS["hatch"][0],),
        scenarios={**{kind: run(mode) for kind, mode in modes.items()}, "upgrade": upgrade},
    )


FRONTENDS = tuple(make(installer) for make in (builds, consumes, installs_itself) for installer in ("pip", "uv"))
