"""The documentation's table of real packages has the measured values."""

from __future__ import annotations

from integration.builds_table import BEGIN, END, PAGE, read_builds, render, shown


def test_the_readme_shows_what_was_measured() -> None:
    """Renew it by ``python -m integration.builds_table``."""
    text = PAGE.read_text("utf-8")
    assert (1, 1) == (text.count(BEGIN), text.count(END))
    assert render(read_builds()) == shown(text)


def test_what_was_not_measured() -> None:
    """A missing value is a dash."""
    row = {"requirement": "a==1", "needs": "x", "pip": 3}
    assert "| a 1 | x | 3 s | - |\n" == render([row]).splitlines(keepends=True)[-1]
