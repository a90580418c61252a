"""The ways out by ``RUNTIME_BACKEND_PIN``, where nothing else tells which torch is meant."""

from __future__ import annotations

from .scenario import TORCH, Built, Scenario, Trial

PIN = "RUNTIME_BACKEND_PIN"


def pinned(scenario: Scenario, torch: str = TORCH) -> Scenario:
    """Return a scenario with the torch exported by the person."""

    def run(scene: Trial) -> Built:
        scene.environ[PIN] = f"torch=={torch}"
        return scenario(scene)

    return run
