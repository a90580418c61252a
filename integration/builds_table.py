"""The table of real packages in the documentation, made of real_builds.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runtime_backend.formats.toml import loads

from .stock import REPOSITORY

PAGE = REPOSITORY / "docs/reference/real-packages.md"
BEGIN, END = "<!-- real builds: begin -->\n", "<!-- real builds: end -->"


def read_builds() -> list[dict[str, Any]]:
    """Return the packages with their settings and what was measured."""
    packages: list[dict[str, Any]] = loads((Path(__file__).parent / "real_builds.toml").read_text("utf-8"))["package"]
    return packages


def render(rows: list[dict[str, Any]]) -> str:
    """Return the table."""
    head = [
        "| package | before: torch and these by hand, then `--no-build-isolation` | now: pip | now: uv |",
        "| --- | --- | --: | --: |",
    ]
    lines = (
        f"| {row['requirement'].replace('==', ' ')} | {row['needs']} | {_seconds(row, 'pip')} | {_seconds(row, 'uv')} |"
        for row in rows
    )
    return "".join(f"{line}\n" for line in [*head, *lines])


def _seconds(row: dict[str, Any], frontend: str) -> str:
    return f"{row[frontend]} s" if frontend in row else "-"


def shown(text: str) -> str:
    """Return the table that a text shows."""
    return text.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{render(read_builds())}{END}{after}", "utf-8")
