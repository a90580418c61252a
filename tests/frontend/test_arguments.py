"""Parsing command lines."""

from __future__ import annotations

import pytest

from runtime_backend.frontend.arguments import find_positional, read_arguments

VALUED = ("--python", "--extra", "-p", "-t")


@pytest.mark.parametrize(
    ("line", "options", "positional"),
    [
        ("", [], []),
        ("a b", [], ["a", "b"]),
        ("--flag a", [("--flag", "")], ["a"]),
        ("--python x a", [("--python", "x")], ["a"]),
        ("--python=x a", [("--python", "x")], ["a"]),
        ("--python=x=y", [("--python", "x=y")], []),
        ("--unknown=x a", [("--unknown", "x")], ["a"]),
        ("-p x a", [("-p", "x")], ["a"]),
        ("-px a", [("-p", "x")], ["a"]),
        ("-p=x a", [("-p", "x")], ["a"]),
        ("-qp x a", [("-q", ""), ("-p", "x")], ["a"]),
        ("-qvtx a", [("-q", ""), ("-v", ""), ("-t", "x")], ["a"]),
        ("-qv a", [("-q", ""), ("-v", "")], ["a"]),
        ("-q=1 a", [("-q", "")], ["a"]),
        ("--python", [("--python", "")], []),
        ("-p", [("-p", "")], []),
        ("- a", [], ["-", "a"]),
        ("--flag -- --python x", [("--flag", "")], ["--python", "x"]),
        ("--extra a --extra b", [("--extra", "a"), ("--extra", "b")], []),
    ],
)
def test_read(line: str, options: list[tuple[str, str]], positional: list[str]) -> None:
    """Options get their values, attached or separate; everything else is positional."""
    found = read_arguments(line.split(), valued=VALUED)
    assert (tuple(options), tuple(positional)) == (found.options, found.positional)


def test_stop_after() -> None:
    """Arguments after the command that is run belong to that command."""
    found = read_arguments(["--extra", "a", "run", "cmd", "--extra", "b"], valued=VALUED, stop_after=2)
    assert (("a",), ("run", "cmd")) == (found.values("--extra"), found.positional)


def test_lookup() -> None:
    """The last value of an option counts, under any of its names; a flag has no value."""
    found = read_arguments(["--python", "a", "-p", "b", "-q"], valued=VALUED)
    assert ("b", ("a", "b"), None) == (found.last("--python", "-p"), found.values("--python", "-p"), found.last("-t"))
    assert (True, False) == (found.has("-q", "--quiet"), found.has("-v"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("install --python x a -qp x b", ["install", "a", "b"]),
        ("install -- -p --python", ["install", "-p", "--python"]),
        ("a -- b -- c", ["a", "b", "--", "c"]),
        ("- -p", ["-"]),
    ],
)
def test_find_positional(line: str, expected: list[str]) -> None:
    """The index of every positional argument is found; after the first ``--`` all arguments are positional."""
    words = line.split()
    assert expected == [words[place] for place in find_positional(words, valued=VALUED)]
