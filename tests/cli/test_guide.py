"""``runtime-backend`` without a command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from standins import write

from runtime_backend import __version__
from runtime_backend.cli import main
from runtime_backend.cli.commands import make_parser, split_command
from runtime_backend.cli.guide import Situation, find_situation
from runtime_backend.errors import DOCUMENTATION

SHIM = '[build-system]\nrequires = ["runtime-backend"]\nbuild-backend = "runtime_backend.build"\n'
TORCH = "from setuptools import setup\nfrom torch.utils.cpp_extension import BuildExtension\nsetup()\n"

USER = "The package in this folder builds with runtime-backend."
CANDIDATE = "The package in this folder builds against torch, without runtime-backend."
FOLDERS = {
    # what is in the folder -> its files, the answer, the commands
    "nothing": ({}, "This folder has no package.", ["wrap", "check", "cache"]),
    "the shim": ({"pyproject.toml": SHIM}, USER, ["explain", "explain", "pip", "explain"]),
    "the shim and a lock": (
        {"pyproject.toml": f'{SHIM}[tool.runtime-backend]\nbuild-lock = "pylock.build.toml"\n'},
        USER,
        ["explain", "explain", "pip", "explain", "lock"],
    ),
    "a copy of the shim": (
        {"pyproject.toml": f'{SHIM}backend-path = ["own", "_vendor"]\n', "_vendor/runtime_backend/VENDORED.json": "{}"},
        USER,
        ["explain", "explain", "pip", "explain", "vendor"],
    ),
    "another folder on the path": (
        {"pyproject.toml": f'{SHIM}backend-path = ["own"]\n'},
        USER,
        ["explain", "explain", "pip", "explain"],
    ),
    "a wrapper": (
        {"pyproject.toml": f'{SHIM}[tool.runtime-backend.source]\nsdist = "x==1"\n'},
        "This folder is a wrapper: it builds an upstream source.",
        ["explain", "pip", "wrap", "explain"],
    ),
    "a bare setup.py": ({"setup.py": TORCH}, CANDIDATE, ["init", "init", "vendor"]),
    "another backend": (
        {"pyproject.toml": '[build-system]\nrequires = ["setuptools", "torch"]\n'},
        CANDIDATE,
        ["init", "init", "vendor"],
    ),
    "a part of the shim": (
        {"pyproject.toml": '[build-system]\nrequires = ["runtime-backend", "setuptools"]\n'},
        CANDIDATE,
        ["init", "init", "vendor"],
    ),
    "a project": (
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["torch"]\n'},
        "Nothing in this folder builds against torch.",
        ["wrap", "check", "cache"],
    ),
}


def situation_of(name: str, folder: Path) -> Situation:
    """Write the files of a row, and return what is found in their folder."""
    for path, text in FOLDERS[name][0].items():
        write(folder / path, text)
    return find_situation(folder)


@pytest.mark.parametrize("name", FOLDERS)
def test_situations(name: str, tmp_path: Path) -> None:
    """The next commands fit what is in the folder, and each of ours can be parsed."""
    situation = situation_of(name, tmp_path)
    commands = [step.command.split() for step in situation.steps]
    for program, *words in commands:
        if program == "runtime-backend":
            make_parser().parse(split_command(words)[0])
    assert FOLDERS[name][1:] == (situation.found, [words[words[0] != "pip"] for words in commands])


def print_guide(folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Run the command line without a command in a folder."""
    monkeypatch.chdir(folder)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert 0 == main([])


def test_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A pyproject.toml that is not valid TOML is reported, with the line, and no command is recommended."""
    write(tmp_path / "pyproject.toml", "[build-system\n")
    print_guide(tmp_path, monkeypatch, COLUMNS="200")
    out = capsys.readouterr().out
    assert "\nThe package in this folder cannot be read: pyproject.toml: " in out
    assert (True, False) == ("line 1" in out, "Next" in out)


def test_whole_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands are in one column, their purposes in another; the answer goes to standard output."""
    print_guide(tmp_path, monkeypatch, COLUMNS="82")
    captured = capsys.readouterr()
    assert "" == captured.err
    assert [
        f"runtime-backend {__version__} builds torch extensions against the torch that will run",
        "them.",
        "",
        "This folder has no package.",
        "",
        "Next, one of:",
        "  runtime-backend wrap NAME==VERSION  make a package that builds an upstream",
        "                                      source against your torch",
        "  runtime-backend check               find installed packages that were built",
        "                                      for another torch",
        "  runtime-backend cache               list what builds have kept",
        "",
        "All commands: runtime-backend --help",
        f"Documentation: {DOCUMENTATION}",
    ] == captured.out.splitlines()


def test_narrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In a narrow terminal, the purpose is below its command; commands and addresses stay whole."""
    print_guide(tmp_path, monkeypatch, COLUMNS="40")
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("  runtime-backend wrap NAME==VERSION") + 1
    assert ["      make a package that builds an", "      upstream source against your", "      torch"] == lines[
        place : place + 3
    ]
    assert [f"Documentation: {DOCUMENTATION}"] == [line for line in lines if len(line) > 38]


def test_tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal of one column gets the text, too."""
    print_guide(tmp_path, monkeypatch, COLUMNS="1")
    assert "All commands: runtime-backend --help" in capsys.readouterr().out.splitlines()


COLOURS: list[tuple[dict[str, str], bool]] = [
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
]


@pytest.mark.parametrize(("variables", "expected"), COLOURS)
def test_colours(
    variables: dict[str, str],
    expected: bool,  # noqa: FBT001 - a column
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The commands are bold if colours are wanted: not in a pipe, and never with NO_COLOR."""
    print_guide(tmp_path, monkeypatch, COLUMNS="100", **variables)
    out = capsys.readouterr().out
    assert [expected] * 2 == ["\033" in out, "\n  \033[1mruntime-backend check\033[0m  " in out]


def test_without_extras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The libraries of the extra ``cli`` are not needed."""
    write(tmp_path / "setup.py", TORCH)
    for name in ("tomlkit", "build", "elftools"):
        monkeypatch.setitem(sys.modules, name, None)
    print_guide(tmp_path, monkeypatch)
    assert "  runtime-backend init " in capsys.readouterr().out
