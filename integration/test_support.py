"""Every frontend in every scenario, against the committed table; the usual run has each at least once.

``nox -s support -- --write-support`` runs all, and renews ``support.json`` and the README's table; with ``-k`` only the rows
that were measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from .frontends import FRONTENDS
from .frontends.scenario import Frontend, Scenario, Trial, measure
from .index import Index
from .support import SCENARIOS, Outcome, read_support
from .workplace import Workplace

Key = tuple[str, str, str]
"""Frontend, version, scenario."""


def cases() -> Iterator[Any]:
    """Yield every frontend in every scenario."""
    keys = [
        (f, version, name) for f in FRONTENDS for version in f.versions for name in SCENARIOS if name in f.scenarios
    ]
    usual = _usual(keys)
    assert {name for _, _, name in usual} == set(SCENARIOS)
    for frontend, version, name in keys:
        label = f"{frontend.name.replace('`', '')} {version}, {name}"
        marks = () if (frontend.name, version, name) in usual else pytest.mark.rare
        yield pytest.param((frontend, version, name), id=label, marks=marks)


def _usual(keys: Sequence[tuple[Frontend, str, str]]) -> set[Key]:
    """Return what the usual run has.

    Each version of each frontend is run in its first scenario. Each program, under its last version, installer or option,
    is run in one of its other scenarios: that which the fewest programs before have had. Every kind of stop is run, too.
    """
    table = {(r.frontend, r.version, name): o.kind for r in read_support() for name, o in r.outcomes.items()}
    first = {(f.name, version, name) for f, version, name in keys if name == next(iter(f.scenarios))}
    stops: dict[tuple[str, str, str], Key] = {}
    others: dict[str, dict[str, Key]] = {}
    for frontend, version, name in keys:
        key, program = (frontend.name, version, name), _program(frontend)
        if (kind := table.get(key, "right")) != "right":
            stops[program, name, kind] = key
        elif key not in first:
            others.setdefault(program, {})[name] = key
    taken: list[Key] = []
    for found in others.values():
        names = [name for _, _, name in taken]
        taken.append(found[min(found, key=names.count)])
    return {*first, *stops.values(), *taken}


def _program(frontend: Frontend) -> str:
    """Return the name without the installer, or the option for a file."""
    return frontend.name.partition(",")[0].partition(" --installer")[0].replace(" -r", "")


def ways_out() -> Iterator[Any]:
    """Yield every way out of a stop; usually one of each program's."""
    found = [(f, name, way) for f in FRONTENDS for name, way in f.ways_out.items() if way.run is not None]
    last = {_program(frontend): (frontend, name) for frontend, name, _ in found}
    for frontend, name, way in found:
        marks = () if last[_program(frontend)] == (frontend, name) else pytest.mark.rare
        yield pytest.param(frontend.versions[-1], way.run, id=f"{frontend.name.replace('`', '')}, {name}", marks=marks)


@pytest.fixture
def record(
    record_property: Callable[[str, object], None], pytestconfig: pytest.Config
) -> Callable[[Key, Outcome], None]:
    """Return a function that compares an outcome with the table, or has it written there."""

    def compare(key: Key, outcome: Outcome) -> None:
        record_property("support", (*key, outcome.kind, outcome.note))
        if not pytestconfig.getoption("--write-support"):
            committed = {(r.frontend, r.version, name): o for r in read_support() for name, o in r.outcomes.items()}
            assert committed.get(key) == outcome, "renew the table by --write-support"

    return compare


@pytest.mark.parametrize("case", list(cases()))
def test_is_as_the_table_says(
    case: tuple[Frontend, str, str], place: Workplace, index: Index, record: Callable[[Key, Outcome], None]
) -> None:
    """Built against the torch that the target then has, or stopped or kept, exactly where the table says so."""
    frontend, version, scenario = case
    kind = measure(frontend.scenarios[scenario], Trial(place, index, version, rebuilds=scenario == "rebuilds"))
    assert kind == "right" or scenario in frontend.ways_out, f"{kind}: name the way out of this in frontends/"
    note = "" if kind == "right" else frontend.ways_out[scenario].note
    record((frontend.name, version, scenario), Outcome(kind=kind, note=note))


@pytest.mark.parametrize(("version", "way_out"), list(ways_out()))
def test_the_way_out_leads_out(version: str, way_out: Scenario, place: Workplace, index: Index) -> None:
    """What a note of the table tells, works."""
    assert measure(way_out, Trial(place, index, version)) == "right"


def test_the_table_has_what_is_measured() -> None:
    """No row of a frontend that is gone, no scenario more or less, and every way out is one of a stop."""
    committed = {(row.frontend, row.version): row.outcomes for row in read_support()}
    assert {key: set(outcomes) for key, outcomes in committed.items()} == {
        (frontend.name, version): set(frontend.scenarios) for frontend in FRONTENDS for version in frontend.versions
    }
    for frontend in FRONTENDS:
        outcomes = [committed[frontend.name, version] for version in frontend.versions]
        assert all(any(row[name].kind != "right" for row in outcomes) for name in frontend.ways_out), frontend.name
