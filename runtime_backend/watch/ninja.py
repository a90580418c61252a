"""What ninja did and when, from the logs in build folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..system.files import read_text

_HEADERS = ("# ninja log v5", "# ninja log v6", "# ninja log v7")

_DIGITS = 19
"""The most digits of a number in a log: nanoseconds since the epoch."""
_TICK = 0.1
"""Tolerance in seconds for a slow clock of the file system, or a late time stamp of ninja."""


class Step(NamedTuple):
    """One command that ninja ran."""

    output: str
    """The file that it made, relative to the log's folder if it is inside."""
    start: float
    """Seconds since the build began."""
    end: float


class Entry(NamedTuple):
    """A line of a log."""

    output: str
    start: int
    """Milliseconds since the start of that run of ninja."""
    end: int
    mtime: int
    """Nanoseconds: the start of the command (ninja 1.11), or the time of its output; 0: not recorded (earlier ninjas).
    """


def read_timeline(folders: Iterable[Path], began: float) -> tuple[Step, ...]:
    """Return what ninja has done since a build began, sorted by start.

    :param folders: folders that contain logs at any depth.
    :param began: the start of the build, in seconds since the epoch.
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
    """Return the commands in a log, in its order; empty if its version is not known.

    A command that makes several files has a line for each, but is one entry.
    """
    header, _, body = text.partition("\n")
    if header.strip() not in _HEADERS:
        return []
    found: dict[tuple[int, int, str], Entry] = {}
    for line in body.splitlines():
        columns = line.split("\t")
        if len(columns) == 5 and all(map(_is_number, columns[:3])):  # noqa: PLR2004 - the columns of the format
            start, end, mtime = map(int, columns[:3])
            key = (start, end, columns[4])
            found.setdefault(key, Entry(output=columns[3], start=start, end=max(start, end), mtime=mtime))
    return list(found.values())


def _is_number(column: str) -> bool:
    return column.isdecimal() and len(column) <= _DIGITS


def find_starts(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return the start of each command, in seconds since the epoch.

    Recorded times are used; runs without times are assumed to follow each other, ending at the time of the log file.

    :param ended: the modification time of the log file.
    """
    timed = iter(_place([entry for entry in entries if entry.mtime], ended))
    untimed = iter(_stack([entry for entry in entries if not entry.mtime], ended))
    return [next(timed if entry.mtime else untimed) for entry in entries]


def _place(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return the starts of commands with a recorded time: that of their start or, with ``restat``, of their end.

    A log is in order of the ends. If a recorded time as start gives an end after the next command's, it is the end.
    """
    starts: list[float] = []
    for entry in reversed(entries):
        recorded, seconds = entry.mtime / 1e9, (entry.end - entry.start) / 1000
        starts.append(recorded if recorded + seconds <= ended + _TICK else recorded - seconds)
        ended = min(ended, starts[-1] + seconds)
    return starts[::-1]


def _stack(entries: Sequence[Entry], ended: float) -> list[float]:
    """Return the starts of commands without a recorded time.

    A log is in order of the ends, so a smaller end begins another run.
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
