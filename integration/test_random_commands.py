"""Random commands: the extension is built for the torch that is there after the command, or the command fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from .random_commands import draw_scene
from .random_runs import run_scene
from .workplace import Workplace


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test for each seed."""
    first = metafunc.config.getoption("--first-seed")
    seeds = range(first, first + metafunc.config.getoption("--commands"))
    metafunc.parametrize("seed", seeds, ids=[f"seed-{seed}" for seed in seeds])


def test_built_for_the_torch_that_is_there(
    place: Workplace, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """One command, drawn from a seed; to repeat one: ``--first-seed=SEED --commands=1``."""
    verdict = run_scene(draw_scene(seed), place)
    record_property("random command", f"{verdict.kind} {seed}")
    if verdict.kind == "wrong":
        again = f"To repeat it: python -m pytest integration/test_random_commands.py --first-seed={seed} --commands=1"
        pytest.fail(f"{verdict.why}\n{again}", pytrace=False)
    shutil.rmtree(place.folder)  # hundreds of environments are too much to keep until the session ends
