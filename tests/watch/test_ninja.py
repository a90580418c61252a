"""What ninja did and when, out of its logs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.watch.ninja import Entry, Step, find_starts, parse_log, read_timeline

BEGAN = 1_700_000_000.0


def log_text(*rows: tuple[int, int, float, str], version: int = 7) -> str:
    """Return a log: start and end in milliseconds; the time in seconds since the build began, 0 for none; output."""
    lines = [
        f"{start}\t{end}\t{int((BEGAN + told) * 1e9) if told else 0}\t{output}\t{number:x}"
        for number, (start, end, told, output) in enumerate(rows)
    ]
    return "\n".join([f"# ninja log v{version}", *lines, ""])


def make_log(path: Path, text: str, ended: float) -> Path:
    """Write a log that was changed last at some second of the build."""
    write(path, text)
    os.utime(path, (BEGAN + ended, BEGAN + ended))
    return path


def shown(steps: tuple[Step, ...]) -> list[tuple[str, float, float]]:
    """Return steps as tuples."""
    return [(step.output, step.start, step.end) for step in steps]


@pytest.mark.parametrize("version", [5, 6, 7])
def test_parse_log(version: int) -> None:
    """Each command is one entry, even with several outputs; invalid lines are ignored."""
    text = log_text((5, 30, 0, "a.o"), (10, 40, 0, "b c.o"), version=version)
    text += "10\t40\t0\tb.d\t1\nnonsense\nx\t1\t2\ty\t3\n"
    assert [
        Entry(output="a.o", start=5, end=30, mtime=0),
        Entry(output="b c.o", start=10, end=40, mtime=0),
    ] == parse_log(text)


@pytest.mark.parametrize("text", ["", "# ninja log v4\n1\t2\t0\ta\tb\n", "# ninja log v8\n1\t2\t0\ta\tb\n"])
def test_unknown_log(text: str) -> None:
    """A log of another version is not read."""
    assert [] == parse_log(text)


def test_told_times(tmp_path: Path) -> None:
    """Recorded times give the start of each command, with several runs and several logs."""
    one = log_text((0, 2000, 10, "csrc/a.o"), (100, 3000, 10.1, "csrc/b.o"), (0, 5000, 15, f"{tmp_path}/one/csrc/c.o"))
    make_log(tmp_path / "one/.ninja_log", one, 20)
    make_log(tmp_path / "two/deep/.ninja_log", log_text((0, 1000, 30, "/elsewhere/d.o")), 31)
    write(tmp_path / "three/x", "")
    found = read_timeline([tmp_path / "one", tmp_path / "two", tmp_path, tmp_path / "nowhere"], BEGAN)
    assert [
        ("csrc/a.o", 10.0, 12.0),
        ("csrc/b.o", 10.1, 13.0),
        ("csrc/c.o", 15.0, 20.0),
        ("/elsewhere/d.o", 30.0, 31.0),
    ] == shown(found)


def test_older_runs(tmp_path: Path) -> None:
    """What an earlier build has done is not this one's, in the same log or in another one."""
    make_log(tmp_path / "a/.ninja_log", log_text((0, 2000, -100, "a.o"), (0, 1000, 5, "b.o")), 6)
    make_log(tmp_path / "b/.ninja_log", log_text((0, 2000, 0, "c.o")), -50)
    make_log(tmp_path / "c/.ninja_log", log_text((0, 9000, 0, "d.o"), (0, 1000, 0, "e.o"), version=5), 2)
    assert [("e.o", 1.0, 2.0), ("b.o", 5.0, 6.0)] == shown(read_timeline([tmp_path], BEGAN))


def test_restat() -> None:
    """A recorded end gives the start, if a start would put its end after the next command's."""
    entries = parse_log(log_text((0, 2000, 10, "a.o"), (500, 4000, 14, "made.h"), (4100, 5000, 14.1, "b.o")))
    starts = [round(start - BEGAN, 3) for start in find_starts(entries, BEGAN + 15)]
    assert [10.0, 10.5, 14.1] == starts


def test_untold_times() -> None:
    """Without recorded times, runs follow each other, ending at the time of the log file."""
    entries = parse_log(log_text((0, 2000, 0, "a"), (1000, 3000, 0, "b"), (0, 1000, 0, "c"), (500, 2000, 0, "d")))
    assert [5.0, 6.0, 8.0, 8.5] == [start - BEGAN for start in find_starts(entries, BEGAN + 10)]


def test_clocks_that_differ(tmp_path: Path) -> None:
    """A file system's clock that is a little behind loses nothing."""
    make_log(tmp_path / ".ninja_log", log_text((0, 1000, -0.05, "a.o")), 1)
    assert [("a.o", 0.0, 0.95)] == shown(read_timeline([tmp_path], BEGAN))


def test_log_that_goes(tmp_path: Path) -> None:
    """A log that is removed before it is read is ignored."""
    (tmp_path / ".ninja_log").symlink_to(tmp_path / "nowhere")
    assert () == read_timeline([tmp_path], BEGAN)


@pytest.mark.parametrize("odd", ["9" * 309, "1" * 5000, "-1", "\u00b2", "x"])
def test_odd_numbers(odd: str) -> None:
    """Lines with invalid times are ignored."""
    for place in range(3):
        columns = ["1", "2", "3", "a.o", "ab"]
        columns[place] = odd
        assert [] == parse_log("# ninja log v5\n" + "\t".join(columns))
