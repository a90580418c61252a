"""The README's support table is what the integration run has measured, and says what to do wherever it is not a yes."""

from __future__ import annotations

from dataclasses import replace

from integration.support import BEGIN, END, README, SCENARIOS, Outcome, Row, read_support, render, shown

RIGHT = Outcome(kind="right")
STOP = Outcome(kind="stop", note="Name it.")
KEPT = Outcome(kind="kept", note="Force it.")


def test_the_readme_shows_what_was_measured() -> None:
    """Whoever changes one of the two by hand is told; the integration run renews both by ``--write-support``."""
    text = README.read_text("utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert shown(text) == render(read_support())


def test_everything_but_a_yes_is_explained() -> None:
    """A stop, or a wheel that the frontend keeps, without a way out is none of our promises."""
    for row in read_support():
        assert row.outcomes, row.frontend
        for scenario, outcome in row.outcomes.items():
            assert scenario in SCENARIOS
            assert outcome.kind in {"right", "stop", "kept"}
            assert bool(outcome.note) == (outcome.kind != "right")


def test_versions_with_one_outcome_share_a_line() -> None:
    """Others have one each, notes are numbered once, and what a frontend lacks is a dash."""
    old = Row(frontend="`a`", version="1", outcomes={"fresh": RIGHT, "upgrade": STOP})
    other = Row(frontend="`b`", version="7", outcomes={"fresh": STOP, "upgrade": KEPT})
    lines = render([old, replace(old, version="2"), other]).splitlines()
    assert lines[2:4] == [
        "| `a` | 1, 2 | ✓ | - | stops (1) | - | - | - | - |",
        "| `b` | 7 | stops (1) | - | kept (2) | - | - | - | - |",
    ]
    assert lines[-2:] == ["1. Name it.", "2. Force it."]
