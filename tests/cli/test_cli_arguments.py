"""The command line's arguments: suggestions and refusals."""

from __future__ import annotations

import re
import shlex

import pytest

from runtime_backend.cli import main
from runtime_backend.cli.arguments import Parser
from runtime_backend.cli.commands import make_parser, split_command

COMMANDS = "explain, init, vendor, wrap, lock, check, cache, store"


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


def help_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the help text of a command."""
    with pytest.raises(SystemExit):
        main([name, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS.split(", "))
def test_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help of every command has valid examples of it, each on a line, and ends with the exit codes."""
    text = help_of(name, capsys).partition("\nexamples:\n")[2]
    examples, _, codes = text.partition("\n\nexit code: ")
    assert codes.startswith("0")
    for line in examples.splitlines():
        program, *words = shlex.split(line)
        words, _ = split_command(words)
        make_parser().parse(words)
        assert ("  runtime-backend", "runtime-backend", name) == (line[:17], program, words[0])


@pytest.mark.parametrize("columns", ["60", "100"])
def test_width_of_help(columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Paragraphs are filled to the terminal's width; lists keep their lines."""
    monkeypatch.setenv("COLUMNS", columns)
    lines = help_of("cache", capsys).splitlines()
    assert "  size    print the total size" in lines
    text = [line for line in lines if not re.match(r" |usage", line)]
    assert int(columns) - 20 < max(map(len, text)) <= int(columns) - 2


def test_help_has_no_colours() -> None:
    """Python 3.14 and later are not to add colours to help texts, which are printed without control characters."""
    parser = Parser(prog="x")
    assert not parser.color


def test_one_example() -> None:
    """A single example has its own heading."""
    parser = Parser(prog="x")
    parser.show_examples("x y", ending="z")
    assert "\nexample:\n  x y\n\nz\n" in parser.format_help()


def test_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has the address of the documentation."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "documentation: https://runtime-backend.readthedocs.io/en/stable\n" in capsys.readouterr().out
