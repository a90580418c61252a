"""The command line's arguments: suggestions and refusals."""

from __future__ import annotations

import pytest

from runtime_backend.cli import main

COMMANDS = "explain, init, vendor, wrap, lock, check, cache"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["expain"], f"argument COMMAND: found 'expain' (did you mean 'explain'?), expected one of {COMMANDS}"),
        (["zzz"], f"argument COMMAND: found 'zzz', expected one of {COMMANDS}"),
        (["check", "--jsn"], "found the unknown option '--jsn' (did you mean '--json'?)"),
        (["check", "--jsn=1"], "found the unknown option '--jsn' (did you mean '--json'?)"),
        (["vendor", "--foldr", "x"], "found the unknown option '--foldr' (did you mean '--folder'?)"),
        (["--jsn", "check"], "found the unknown option '--jsn' (did you mean '--json'?)"),
        (["check", "-z"], "found the unknown option '-z'"),
        (["check", "a", "b", "--x"], "found 'b', expected nothing there, found the unknown option '--x'"),
        (
            ["cache", "prun"],
            "argument action: found 'prun' (did you mean 'prune'?), expected one of list, size, verify, prune, clean",
        ),
        (["init", "--write", "--check"], "argument --check: not allowed with argument --write"),
        (["init", ""], "argument source: found an empty word, expected a name"),
        (["explain", ""], "argument source: found an empty word, expected a name"),
        (["check", ""], "argument environment: found an empty word, expected a name"),
        (["vendor", "--folder", ""], "argument --folder: found an empty word, expected a name"),
        (["wrap", ""], "argument requirement: found an empty word, expected a name"),
        (["wrap", "x==1", ""], "argument directory: found an empty word, expected a name"),
    ],
)
def test_mistakes(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is wrong usage, with the nearest valid word."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert (2, told) == (caught.value.code, capsys.readouterr().err.splitlines()[-1].partition("error: ")[2])


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS.split(", "))])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Every command has a help text."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert (0, True) == (caught.value.code, len(capsys.readouterr().out.splitlines()) > 5)


def test_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has the address of the documentation."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "documentation: https://github.com/runtime-backend/runtime-backend\n" in capsys.readouterr().out
