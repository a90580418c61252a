"""Every situation ends with a package that was built against the torch which its environment has, or with a stop.

What is right is read from the environment after the command: nobody writes it down.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .index import Index, serve_indexes
from .situations.model import Outcome, Situation
from .situations.runner import run_situation
from .situations.table import QUICK, SITUATIONS
from .situations.world import make_indexes
from .stock import Stock
from .workplace import Workplace


@pytest.fixture(scope="session")
def torches(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Return an index with the torches and the packages that need them."""
    with serve_indexes(make_indexes(tmp_path_factory.mktemp("situations") / "wheels", stock)) as index:
        yield index


@pytest.fixture
def place(stock: Stock, tmp_path: Path) -> Iterator[Workplace]:
    """Return a workplace, which is removed at once: there are hundreds."""
    folder = tmp_path / "work"
    folder.mkdir()
    yield Workplace(folder, stock)
    shutil.rmtree(folder, ignore_errors=True)


def _parameter(situation: Situation) -> Any:  # noqa: ANN401 - pytest's own type is private
    marks = [] if situation.id in QUICK else [pytest.mark.rare]
    return pytest.param(situation, id=situation.id, marks=marks)


@pytest.mark.parametrize("situation", [_parameter(situation) for situation in SITUATIONS])
def test_situation(
    place: Workplace, torches: Index, situation: Situation, record_property: Callable[[str, object], None]
) -> None:
    """Built against the torch that is there afterwards; or stopped, and what the hint leads to is right.

    A command that nothing shows is built against what is installed, and its wheel says that it is not verified.
    """
    outcome = run_situation(place, torches, situation)
    record_property("situation", (situation.kind, outcome.kind))
    _check(situation, outcome)


def _check(situation: Situation, outcome: Outcome) -> None:
    stop, followed = situation.stop, outcome.followed
    if situation.is_unseen:
        assert outcome.kind in ("right", "wrong"), f"expected a build\n{outcome}"
        assert not outcome.is_verified, f"expected a stamp that is not verified\n{outcome}"
        return
    if stop is None or followed is None:
        assert not (stop and stop.is_required), f"expected a stop\n{outcome}"
        assert outcome.kind == "right", f"expected a build against the torch that is there\n{outcome}"
        return
    assert stop.hint in outcome.message, f"expected {stop.hint!r} in the hint\n{outcome}"
    assert followed.kind == "right", f"expected the way out to be right\n{outcome}"
