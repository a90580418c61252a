"""The scenarios of everything that installs by naming requirements: pip, uv pip, and what calls one of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .scenario import KINDS, NEW, OLD, TORCH, Built, Scenario, Trial

Command = tuple[object, ...]

Install = Callable[[Trial, Path, Sequence[str]], Command]
"""Return the command that installs into the environment with that prefix what the words name."""

Prepare = Callable[..., Path]
"""Make an environment that holds these distributions, and return its prefix."""

NEEDED = ("runtime-backend", "setuptools", "wheel")


def installs(prepare: Prepare, install: Install, *, file: bool = False) -> Mapping[str, Scenario]:
    """Return all the scenarios.

    :param file: whether the requirements are named by ``-r``.
    """

    def command(scene: Trial, prefix: Path, *requirements: str, options: Sequence[str] = ()) -> Command:
        if file:
            named = ["-r", str(scene.write("requirements.txt", "".join(f"{item}\n" for item in requirements)))]
        else:
            named = [word for item in requirements for word in shlex.split(item)]
        return install(scene, prefix, [*options, *named])

    def fresh(kind: str) -> Scenario:
        def scenario(scene: Trial) -> Built:
            prefix = prepare(scene)
            scene.run(*command(scene, prefix, f"torch=={TORCH}", scene.requirement(kind)))
            return Built(torch=TORCH, prefix=prefix)

        return scenario

    def unpinned(scene: Trial) -> Built:
        prefix = prepare(scene)
        scene.run(*command(scene, prefix, "torch", scene.requirement()))
        return Built(torch=NEW, prefix=prefix)

    def upgrade(scene: Trial) -> Built:
        prefix = prepare(scene, f"torch==={OLD}")
        scene.hurried(*command(scene, prefix, scene.requirement()))
        scene.run(*command(scene, prefix, f"torch=={NEW}", scene.requirement()))
        return Built(torch=NEW, prefix=prefix, kept=OLD)

    def without_isolation(scene: Trial) -> Built:
        prefix = prepare(scene, f"torch==={TORCH}", *NEEDED)
        scene.run(*command(scene, prefix, scene.requirement(), options=["--no-build-isolation"]))
        return Built(torch=TORCH, prefix=prefix, isolated=False)

    return {
        **{kind: fresh(kind) for kind in KINDS},
        "unpinned": unpinned,
        "upgrade": upgrade,
        "no isolation": without_isolation,
    }
