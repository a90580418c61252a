"""Timing commands and functions side by side, and printing tables.

Absolute times differ from machine to machine and from minute to minute: alternatives are timed in turn, A B A B, and
what is quoted is the median of the ratios of neighbours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def in_turn(alternatives: Mapping[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Return the seconds of each alternative, run by run, after one run of each that does not count."""
    for run in alternatives.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in alternatives}
    for _ in range(runs):
        for name, run in alternatives.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median of the ratios of neighbouring runs."""
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))


def median_ms(seconds: Sequence[float]) -> str:
    """Return the median in milliseconds."""
    return f"{statistics.median(seconds) * 1000:.0f}"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as Markdown."""
    print(f"\n{title}\n")
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |", flush=True)


def size_of(folder: Path) -> int:
    """Return the bytes that a folder takes on disk, without what its links lead to."""
    paths = [folder, *folder.rglob("*")] if folder.exists() else []
    return sum(path.lstat().st_blocks * 512 for path in paths if path.is_symlink() or not path.is_dir())
