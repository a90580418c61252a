"""``runtime-backend --print-completion``: scripts for shells."""

from __future__ import annotations

import subprocess
import sys

import pytest
import shtab

from runtime_backend.cli import main
from runtime_backend.cli.cache import KINDS
from runtime_backend.cli.commands import make_parser
from runtime_backend.cli.completion import SHELLS, make_script


def test_shells() -> None:
    """The choices are those of shtab."""
    assert sorted(SHELLS) == sorted(shtab.SUPPORTED_SHELLS)


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The printed script is the made one, and has the commands, options, choices and kinds of the cache."""
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", shell])
    printed = capsys.readouterr().out
    assert (0, f"{make_script(make_parser(), shell)}\n") == (caught.value.code, printed)
    words = ("explain", "init", "vendor", "wrap", "lock", "check", "cache", "build-lock", "poetry", "verify", *KINDS)
    assert [] == [word for word in words if word not in printed]


def test_places() -> None:
    """Arguments that name folders or files are completed by their names."""
    lines = make_script(make_parser(), "bash").splitlines()
    found = [line for line in lines if "_COMPGEN=" in line and line.startswith("_shtab_runtime_backend_")]
    assert [
        ("explain_pos_0", "dirs"),
        ("explain___plot", "files"),
        ("init_pos_0", "dirs"),
        ("vendor_pos_0", "dirs"),
        ("vendor___folder", "dirs"),
        ("wrap_pos_1", "dirs"),
        ("lock_pos_0", "dirs"),
        ("check_pos_0", "files"),
    ] == [
        (name.removeprefix("_shtab_runtime_backend_"), function.removeprefix("_shtab_compgen_"))
        for name, function in (line.split("_COMPGEN=") for line in found)
    ]


def test_short_descriptions() -> None:
    """A command is described in a few words, as in the list of commands."""
    script = make_script(make_parser(), "fish")
    assert "find distributions built for another runtime" in script
    assert "Compare the runtime that every package" not in script


def test_kinds_can_be_left_out() -> None:
    """The kinds are choices for the shell only: argparse would refuse an action without one."""
    assert [] == make_parser().parse(["cache", "list"]).kinds


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without shtab, the option names the extra that installs it."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert 1 == main(["--print-completion", "bash"])
    expected = (
        "runtime-backend: error[no-library]: shtab is not installed\nRun: pip install 'runtime-backend[completion]'\n"
    )
    assert expected == capsys.readouterr().err


def test_costs_nothing() -> None:
    """Other commands do not load shtab."""
    code = (
        "import sys; from runtime_backend.cli.commands import make_parser; make_parser(); print('shtab' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "False\n" == done.stdout
