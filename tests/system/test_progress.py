"""Numbered lines of a build with elapsed and remaining time."""

from __future__ import annotations

import pytest

from runtime_backend.system.progress import Estimate, LineBuffer, minutes


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def annotated(*lines: tuple[float, bytes]) -> list[bytes]:
    """Return annotated lines, given with the seconds since the estimate began."""
    clock = Clock()
    estimate = Estimate(clock)
    told = []
    for seconds, line in lines:
        clock.now = 1000 + seconds
        told.append(estimate.annotate(line))
    return told


def test_ninja() -> None:
    """Lines of ninja get the time since the line before the first, and the remaining time at that pace."""
    assert [
        b"Compiling objects...\n",
        b"[1/4] (0:20, about 1:00 left) c++ -c a.cpp\n",
        b"a warning\n",
        b"[2/4] (0:50, about 0:50 left) c++ -c b.cpp\n",
        b"[4/4] (1:20) c++ -shared \xff\r\n",
    ] == annotated(
        (10, b"Compiling objects...\n"),
        (30, b"[1/4] c++ -c a.cpp\n"),
        (59, b"a warning\n"),
        (60, b"[2/4] c++ -c b.cpp\n"),
        (90, b"[4/4] c++ -shared \xff\r\n"),
    )


def test_make() -> None:
    """The lines of CMake's makefiles count to a hundred; nothing is foretold before something is done."""
    assert [
        b"[  0%] (0:05) Building CXX object a.o\n",
        b"[ 25%] (0:15, about 0:45 left) Building CXX object b.o\n",
        b"[100%] (1:00) Built target x\n",
    ] == annotated(
        (5, b"[  0%] Building CXX object a.o\n"),
        (15, b"[ 25%] Building CXX object b.o\n"),
        (60, b"[100%] Built target x\n"),
    )


def test_several_runs() -> None:
    """A run begins when the total changes, or the count decreases."""
    assert [
        b"[1/2] (0:10, about 0:10 left) a\n",
        b"[2/2] (0:20) b\n",
        b"[1/2] (0:30, about 0:30 left) c\n",
        b"[2/3] (0:02, about 0:01 left) d\n",
    ] == annotated((10, b"[1/2] a\n"), (20, b"[2/2] b\n"), (50, b"[1/2] c\n"), (52, b"[2/3] d\n"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[3/12]",
        b" [3/12] not at the beginning\n",
        b"[3/12 1.5s] somebody's own NINJA_STATUS\n",
        b"[3/12] (1:20, about 4:00 left) told already\n",
        b"[warning] x\n",
    ],
)
def test_other_lines(line: bytes) -> None:
    """Every other line stays as it is."""
    assert [line] == annotated((5, line))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (80, "1:20"), (3599.9, "1:00:00"), (3680, "1:01:20")],
)
def test_minutes(seconds: float, told: str) -> None:
    """Times have minutes and seconds, and hours if necessary."""
    assert told == minutes(seconds)


def test_line_buffer() -> None:
    """Lines are passed on whole; one whose end does not come may be passed on before, and its rest as it is."""
    buffer = LineBuffer(lambda line: b"<" + line)
    assert (b"", True) == (buffer.feed(b"one"), buffer.is_holding)
    assert (b"<one\n<two\n", False) == (buffer.feed(b"\ntwo\n"), buffer.is_holding)
    assert b"" == buffer.flush()
    assert (b"", b"<[1/2", b"") == (buffer.feed(b"[1/2"), buffer.flush(), buffer.feed(b"] a"))
    assert (b"] a", b"\n<b\n") == (buffer.flush(), buffer.feed(b"\nb\n"))
