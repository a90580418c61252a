"""The documentation's support table has the measured values, and a way out for each that is not a yes."""

from __future__ import annotations

from dataclasses import replace

from integration.support import (
    BEGIN,
    END,
    PAGE,
    README,
    SCENARIOS,
    SHORT_BEGIN,
    SHORT_END,
    Outcome,
    Row,
    read_support,
    render,
    render_short,
    shown,
)

RIGHT = Outcome(kind="right")
STOP = Outcome(kind="stop", note="Name it.")
KEPT = Outcome(kind="kept", note="Force it.")


def test_the_pages_show_what_was_measured() -> None:
    """The table agrees with the measurement; the integration run renews both by ``--write-support``."""
    text = PAGE.read_text("utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert shown(text) == render(read_support())
    assert shown(README.read_text("utf-8"), SHORT_BEGIN, SHORT_END) == render_short(read_support())


def test_everything_but_a_yes_is_explained() -> None:
    """Every stop, and every wheel that the frontend keeps, has a way out."""
    for row in read_support():
        assert row.outcomes, row.frontend
        for scenario, outcome in row.outcomes.items():
            assert scenario in SCENARIOS
            assert outcome.kind in {"right", "stop", "kept"}
            assert bool(outcome.note) == (outcome.kind != "right")


def test_versions_with_one_outcome_share_a_line() -> None:
    """Versions with the same outcomes share a line, notes are numbered once, and a missing scenario is a dash."""
    old = Row(frontend="`a`", version="1", outcomes={"fresh": RIGHT, "upgrade": STOP})
    other = Row(frontend="`b`", version="7", outcomes={"fresh": STOP, "upgrade": KEPT})
    lines = render([old, replace(old, version="2"), other]).splitlines()
    assert lines[2:4] == [
        "| `a` | 1, 2 | ✓ | - | stops (1) | - | - | - | - | - |",
        "| `b` | 7 | stops (1) | - | kept (2) | - | - | - | - | - |",
    ]
    assert lines[-2:] == ["1. Name it.", "2. Force it."]


def test_short_table() -> None:
    """A program has one line, with what came out right in all its versions and uses."""
    rows = [
        Row(frontend="`pip install`", version="1", outcomes={"fresh": RIGHT, "upgrade": STOP}),
        Row(frontend="`pip install -r`", version="2", outcomes={"fresh": RIGHT, "upgrade": KEPT}),
        Row(frontend="`python -m build`", version="2", outcomes={"fresh": RIGHT}),
    ]
    assert render_short(rows).splitlines()[2:] == [
        "| pip | 1, 2 | 2 of 4 | 1 with a stop that names the way out, 1 where the frontend keeps the old wheel |",
        "| build | 2 | 1 of 1 | - |",
    ]
