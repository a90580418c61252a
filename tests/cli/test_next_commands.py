"""The commands that are printed as the next ones work in a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from standins import write

from runtime_backend.cli import main
from runtime_backend.cli.adopt.next_commands import install_command, own_command


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (".", "pip install ."),
        ("", "pip install ."),
        ("./", "pip install ."),
        ("ext", "pip install ./ext"),
        ("./ext/", "pip install ./ext"),
        ("a/b", "pip install ./a/b"),
        ("..", "pip install .."),
        ("../ext", "pip install ../ext"),
        ("..ext", "pip install ./..ext"),
        (".ext", "pip install ./.ext"),
        ("/abs/ext", "pip install /abs/ext"),
        ("with blank", "pip install './with blank'"),
        ("it's", "pip install './it'\"'\"'s'"),
        ("$HOME`x`", "pip install './$HOME`x`'"),
        ("-x", "pip install ./-x"),
        ("--force", "pip install ./--force"),
        ("~x", "pip install './~x'"),
        ("/a b/-c", "pip install '/a b/-c'"),
        ("torch==2", "pip install ./torch==2"),
    ],
)
def test_install_command(tree: str, expected: str) -> None:
    """The argument is a path for pip and for the shell, for any name of the folder."""
    assert expected == install_command(Path(tree))


@pytest.mark.parametrize("name", ["ext[cuda]", "a;b", "a [b]; c#d%20"])
def test_names_that_pip_cuts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is named by its URL if pip would parse a part of its name as extras or a marker."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(install_command(Path(name)))
    assert ["pip", "install"] == words[:2]
    assert not {"[", "]", ";"} & {*words[2]}
    assert str(tmp_path / name) == url2pathname(urlsplit(words[2]).path)


def test_own_command() -> None:
    """The working directory is the default, and omitted."""
    assert "runtime-backend init --write" == own_command("init", "--write", tree=Path())
    assert "runtime-backend init './-a b'" == own_command("init", tree=Path("-a b"))


@pytest.mark.parametrize("name", ["ext", "with blank", "-x", "it's", "."])
def test_init_prints_what_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands that init prints are accepted by init and pip."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / name / "pyproject.toml", "[build-system]\nrequires = ['torch']\n")
    assert 0 == main(["init", os.path.join(os.curdir, name)])  # noqa: PTH118 - as a person writes it
    program, *words = shlex.split(capsys.readouterr().out.splitlines()[-1].removeprefix("next: "))
    assert "runtime-backend" == program
    assert 0 == main(words)
    *_, written, offer, following = capsys.readouterr().out.splitlines()
    assert f"{Path(name, 'pyproject.toml')}: written" == written
    assert f"next: {install_command(Path(name))}" == following
    program, *words = shlex.split(offer.removeprefix("to lock the build requirements, too: "))
    assert 0 == main(words)
    assert Path(shlex.split(following)[-1]).resolve() == (tmp_path / name).resolve()
