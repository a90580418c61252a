"""The arguments after ``nox -s bench --``."""

from __future__ import annotations

import re

import pytest

from integration.bench.__main__ import parse

ALL = ["builds", "hooks", "provision", "plan", "metadata", "asking"]


@pytest.mark.parametrize(
    ("words", "names", "runs"),
    [
        ([], ALL, 7),
        (["plan", "builds"], ["plan", "builds"], 7),
        (["--runs", "2"], ALL, 2),
        (["asking", "--runs=2"], ["asking"], 2),
    ],
)
def test_names(words: list[str], names: list[str], runs: int) -> None:
    """Without a name everything is measured, under every Python."""
    options = parse(words)
    assert (names, runs) == (options.which, options.runs)


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (["plan", "g", "ab"], f"found g ab, expected one or more of {', '.join(ALL)}"),
        (["--runs=0"], "--runs: found 0, expected 1 or more"),
    ],
)
def test_wrong_words(words: list[str], reported: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments are refused, with the expected ones."""
    with pytest.raises(SystemExit):
        parse(words)
    assert f"nox -s bench --: error: {reported}\n" == capsys.readouterr().err.splitlines(keepends=True)[-1]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has a line for each name."""
    with pytest.raises(SystemExit):
        parse(["--help"])
    found = re.findall(r"^  ([a-z]+) +[a-z]", capsys.readouterr().out.partition("Examples")[0], re.MULTILINE)
    assert ALL == found
