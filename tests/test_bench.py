"""The words after ``nox -s bench --``."""

from __future__ import annotations

import pytest

from integration.bench.__main__ import parse


@pytest.mark.parametrize(
    ("words", "letters", "runs"),
    [([], "abcdef", 7), (["d", "a"], "da", 7), (["--runs", "2"], "abcdef", 2), (["f", "--runs=2"], "f", 2)],
)
def test_letters(words: list[str], letters: str, runs: int) -> None:
    """Without a letter everything is measured, under every Python."""
    options = parse(words)
    assert (list(letters), runs) == (options.which, options.runs)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "g", "ab"], "found g ab, expected letters out of a b c d e f"),
        (["--runs=0"], "--runs: found 0, expected 1 or more"),
    ],
)
def test_wrong_words(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong words are refused, with what is expected."""
    with pytest.raises(SystemExit):
        parse(words)
    assert f"nox -s bench --: error: {told}\n" == capsys.readouterr().err.splitlines(keepends=True)[-1]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help says, a line each, what the letters stand for."""
    with pytest.raises(SystemExit):
        parse(["--help"])
    out = capsys.readouterr().out
    assert list("abcdef") == [line[2] for line in out.splitlines() if line[:2] == "  " and line[3:5] == "  "]
