"""What ninja did and when, out of the logs that it leaves in build folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..system.files import read_text

_HEADERS = ("# ninja log v5", "# ninja log v6", "# ninja log v7")

_DIGITS = 19
"""Of the largest number in a log: nanoseconds since the epoch."""
_TICK = 0.1
"""Seconds by which a file system's clock may be behind, or ninja slow to note the time."""


class Step(NamedTuple):
    """One command of ninja's."""

    output: str
    """What it made: relative to the log's folder, if it lies below."""
    start: float
    """Seconds since the build began."""
    end: float


class Entry(NamedTuple):
    """A line of a log."""

    output: str
    start: int
    """Milliseconds since that run of ninja began."""
    end: int
    mtime: int
    """Nanoseconds: when the command began (ninja 1.11), or what it made was changed; 0: not told (earlier ninjas)."""


def read_timeline(folders: Iterable[Path], began: float) -> tuple[Step, ...]:
    """Return what ninja has done since a build began, by its start.

    :param folders: those that the logs lie in, at any depth.
    :param began: seconds since the epoch.
    """
    logs = {os.path.realpath(log): log for folder in folders for log in _find_logs(folder)}
    steps = [step for log in logs.values() for step in _read_log(log, began)]
    return tuple(sorted(steps, key=lambda step: (step.start, step.end, step.output)))


def _find_logs(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        if ".ninja_log" in names:
            yield Path(place) / ".ninja_log"


def _read_log(log: Path, began: float) -> Iterator[Step]:
    try:
        ended = log.stat().st_mtime
    except OSError:
        return
    if ended < began - _TICK:
        return
    entries = parse_log(read_text(log))
    for entry, start in zip(entries, find_starts(entries, ended), strict=True):
        if start >= began - _TICK:
            end = start + (entry.end - entry.start) / 1000
            output = _relative(entry.output, log.parent)
            yield Step(output=output, start=round(max(0.0, start - began), 3), end=round(max(0.0, end - began), 3))


def parse_log(text: str) -> list[Entry]:
    """Return the commands of a log in its order; none where its version is not known.

    A command that makes several files has a line for each of them, and is one entry.
    """
    header, _, body = text.partition("\n")
    if header.strip() not in _HEADERS:
        return []
    found: dict[tuple[int, int, str], Entry] = {}
    for line in body.splitlines():
        columns = line.split("\t")
        if len(columns) == 5 and all(map(_is_number, columns[:3])):  # noqa: PLR2004 - the format's
            start, end, mtime = map(int, columns[:3])
            key = (start, end, columns[4])
            found.setdefault(key, Entry(output=columns[3], start=start, end=max(start, end), mtime=mtime))
    return list(found.values())


def _is_number(column: str) -> bool:
    return column.isdecimal() and len(column) <= _DIGITS


def find_starts(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return when each command began, in seconds since the epoch.

    Where the log tells the time, by that; where it tells none, the runs lie one after the other, up to the log's own
    time.

    :param ended: the log's own time.
    """
    told = iter(_place([entry for entry in entries if entry.mtime], ended))
    untold = iter(_stack([entry for entry in entries if not entry.mtime], ended))
    return [next(told if entry.mtime else untold) for entry in entries]


def _place(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return the starts of commands whose time is told: when they began, or, with ``restat``, when they had ended.

    A log has them in the order of their ends: what would have ended after the next one had ended already.
    """
    starts: list[float] = []
    for entry in reversed(entries):
        told, seconds = entry.mtime / 1e9, (entry.end - entry.start) / 1000
        starts.append(told if told + seconds <= ended + _TICK else told - seconds)
        ended = min(ended, starts[-1] + seconds)
    return starts[::-1]


def _stack(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return the starts of commands whose time is not told.

    A log has them in the order of their ends: where that goes back, another run begins.
    """
    starts: list[float] = []
    base, first = 0.0, ended
    after: Entry | None = None
    for entry in reversed(entries):
        if after is None or entry.end > after.end:
            base = first - entry.end / 1000
        starts.append(base + entry.start / 1000)
        first = starts[-1] if after is None else min(first, starts[-1])
        after = entry
    return starts[::-1]


def _relative(output: str, folder: Path) -> str:
    path = Path(output)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else output
