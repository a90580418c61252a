"""The support table: ``support.json`` holds what the integration run has measured, the documentation shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import fill

MEASURED = Path(__file__).resolve().parent / "support.json"
PAGE = MEASURED.parent.parent / "docs/reference/support.md"
README = MEASURED.parent.parent / "README.md"
BEGIN, END = "<!-- support table: begin -->\n", "<!-- support table: end -->\n"
SHORT_BEGIN, SHORT_END = "<!-- support in short: begin -->\n", "<!-- support in short: end -->\n"

SCENARIOS: Mapping[str, str] = {
    "fresh": "nothing is installed, and torch is named by the same command, its file or the lock",
    "unpinned": "as fresh, torch is named without a version: the newest one comes",
    "upgrade": "both are installed, and a newer torch takes the place of the old one",
    "editable": "as fresh, the package as an editable",
    "rebuilds": "as editable, with meson-python: an edit is compiled by the next import, long after the build",
    "sdist": "as fresh, the package as an sdist",
    "git": "as fresh, the package in a git repository",
    "no isolation": "torch and the build requirements are installed, build isolation is switched off",
}
"""The columns. Tools that only make wheels have no target: *fresh* is without, the others with an activated torch."""

_ELSE = {"stop": "with a stop that names the way out", "kept": "where the frontend keeps the old wheel"}
_SHOWN = {"right": "✓", "stop": "stops", "kept": "kept"}
_LEGEND = """
✓: built against the very torch that the target then has. *stops*: an error that names the ways out; *kept*: the
frontend puts an old wheel in without calling us. The numbers say what to do then. -: the frontend has no such thing.
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a scenario."""

    kind: str
    """``right``, ``stop`` or ``kept``."""
    note: str = ""
    """What to do instead; always there for the last two."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of all the scenarios under one frontend."""

    frontend: str
    version: str
    outcomes: Mapping[str, Outcome]


def read_support() -> list[Row]:
    """Return what was measured and committed."""
    return [
        Row(
            frontend=row["frontend"],
            version=row["version"],
            outcomes={name: Outcome(**outcome) for name, outcome in row["outcomes"].items()},
        )
        for row in json.loads(MEASURED.read_text("utf-8"))
    ]


def write_support(rows: Sequence[Row]) -> None:
    """Commit what was measured, and show it in the page."""
    listed = [{"frontend": row.frontend, "version": row.version, "outcomes": _plain(row)} for row in rows]
    MEASURED.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _replace(PAGE, BEGIN, render(rows), END)
    _replace(README, SHORT_BEGIN, render_short(rows), SHORT_END)


def _replace(path: Path, begin: str, text: str, end: str) -> None:
    before, _, rest = path.read_text("utf-8").partition(begin)
    path.write_text(before + begin + text + end + rest.partition(end)[2], "utf-8")


def _plain(row: Row) -> dict[str, dict[str, str]]:
    known = {name: row.outcomes[name] for name in SCENARIOS if name in row.outcomes}
    return {name: {"kind": o.kind, **({"note": o.note} if o.note else {})} for name, o in known.items()}


def shown(text: str, begin: str = BEGIN, end: str = END) -> str:
    """Return the part of a page between the marks."""
    return text.partition(begin)[2].partition(end)[0]


def render(rows: Sequence[Row]) -> str:
    """Return the table with its notes, in Markdown; versions with one and the same outcome share a line."""
    notes: list[str] = []
    lines = [_line("frontend", "version", *SCENARIOS), "| --- | --- |" + " :-: |" * len(SCENARIOS)]
    for (frontend, _), group in groupby(rows, lambda row: (row.frontend, row.outcomes)):
        same = list(group)
        cells = [_cell(same[0].outcomes.get(name), notes) for name in SCENARIOS]
        lines.append(_line(frontend, ", ".join(row.version for row in same), *cells))
    columns = "\n".join(f"- *{name}*: {meaning}" for name, meaning in SCENARIOS.items())
    numbered = "".join(f"{_wrap(number, note)}\n" for number, note in enumerate(notes, 1))
    return "\n".join(lines) + f"\n{_LEGEND}\n{columns}\n" + (f"\n{numbered}" if notes else "")


def render_short(rows: Sequence[Row]) -> str:
    """Return a table with a line for each program: its versions, and how many of the scenarios came out right."""
    programs: dict[str, list[Row]] = {}
    for row in rows:
        programs.setdefault(_program(row.frontend), []).append(row)
    lines = [_line("frontend", "versions", "right", "else"), "| --- | --- | --: | --- |"]
    for program, of_it in programs.items():
        kinds = [outcome.kind for row in of_it for outcome in row.outcomes.values()]
        others = [f"{count} {word}" for kind, word in _ELSE.items() if (count := kinds.count(kind))]
        versions = dict.fromkeys(row.version for row in of_it)
        right = f"{kinds.count('right')} of {len(kinds)}"
        lines.append(_line(program, ", ".join(versions), right, ", ".join(others) or "-"))
    return "\n".join(lines) + "\n"


def _program(frontend: str) -> str:
    """Return the name of the program: ``build`` for ```python -m build```."""
    return frontend.strip("`").removeprefix("python -m ").partition(" ")[0].strip("`,")


def _wrap(number: int, note: str) -> str:
    start = f"{number}. "
    indent = " " * len(start)
    return fill(start + note, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(outcome: Outcome | None, notes: list[str]) -> str:
    if outcome is None:
        return "-"
    if not outcome.note:
        return _SHOWN[outcome.kind]
    if outcome.note not in notes:
        notes.append(outcome.note)
    return f"{_SHOWN[outcome.kind]} ({notes.index(outcome.note) + 1})"
