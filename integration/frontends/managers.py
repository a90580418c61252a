"""The scenarios of project managers: a consumer wants torch and the package, and a lock pins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .scenario import KINDS, NEW, OLD, TORCH, Built, Scenario, Trial

Want = Callable[[Trial, str, str], str]
"""Return the consumer's file, for a torch and a kind of package."""


def manages(file: str, want: Want, install: Callable[[Trial, Path], None]) -> Mapping[str, Scenario]:
    """Return the scenarios that all of them offer.

    :param file: the name of the consumer's file.
    :param install: runs what a person runs in the consumer's folder.
    """

    def settle(scene: Trial, torch: str, kind: str = "fresh") -> Path:
        return scene.write(f"consumer/{file}", want(scene, torch, kind)).parent

    def fresh(kind: str) -> Scenario:
        def scenario(scene: Trial) -> Built:
            folder = settle(scene, TORCH, kind)
            install(scene, folder)
            return Built(torch=TORCH, prefix=folder / ".venv")

        return scenario

    def upgrade(scene: Trial) -> Built:
        folder = settle(scene, OLD)
        scene.hurry(lambda: install(scene, folder))
        install(scene, settle(scene, NEW))
        return Built(torch=NEW, prefix=folder / ".venv", kept=OLD)

    return {**{kind: fresh(kind) for kind in KINDS}, "upgrade": upgrade}
