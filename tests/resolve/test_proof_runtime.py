"""The proof for a command that names the runtime itself, or ignores the requirements of packages."""

from __future__ import annotations

import pytest
from standins import write
from test_proof import DYNAMIC, PROJECT, Desk, desk, proved

from runtime_backend.resolve.proof import Proof

__all__ = ["desk"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("../source", proved(0)),
        ("torch ../source", proved(1)),
        (
            "torch==9.4.0 ../source",
            Proof(satisfied=0, gap="torch==9.4.0 (pip install) is not satisfied by torch 9.1.0"),
        ),
        ("numpy ../source", proved(0)),
        ("sympy==2 ../source", proved(0)),
        ("-U ../source", proved(0)),
        ("--force-reinstall ../source", proved(0)),
        ("-U numpy ../source", proved(0)),
        ("-U torch ../source", Proof(satisfied=0, gap="-U")),
        ("-I torch==9.1.0 ../source", Proof(satisfied=0, gap="-I")),
        ("torch@https://h/torch-9.1.0-py3-none-any.whl ../source", Proof(satisfied=0, gap="torch @ https://h/{url}")),
        ("./other ../source", proved(0)),
        ("ext[cuda]", proved(0)),
        ("-c constraints.txt ../source", proved(0)),
    ],
)
def test_no_dependencies(words: str, found: Proof, desk: Desk) -> None:
    """With ``--no-deps`` only the arguments of the command count, not their requirements."""
    desk.torch("not-there")
    desk.install("sympy")
    desk.other("torch>=9.3")
    desk.file("torch==9.4.0", "constraints.txt")
    for text in (f'{PROJECT}dependencies = ["torch>=9.3"]\n', DYNAMIC):
        write(desk.source / "pyproject.toml", text)
        gap = found.gap and found.gap.format(url="torch-9.1.0-py3-none-any.whl (pip install) names a URL")
        assert Proof(satisfied=found.satisfied, gap=gap) == desk.prove("--no-deps", *words.split(" "))


@pytest.mark.parametrize("options", ["", "--no-deps "])
@pytest.mark.parametrize("word", ["./pytorch", "-e./pytorch", "torch@file://{cwd}/pytorch", "file:pytorch"])
def test_folder_of_the_runtime(word: str, options: str, desk: Desk) -> None:
    """A folder that is the runtime itself replaces the installed one, whatever the folder requires."""
    write(desk.cwd / "pytorch/pyproject.toml", '[project]\nname = "Torch"\nversion = "9.4"\n')
    found = desk.prove(*f"{options}{word.format(cwd=desk.cwd)} ../source".split(" "))
    assert found.gap is not None


@pytest.mark.parametrize("folder", ["nameless", "bare"])
def test_folder_without_a_name(folder: str, desk: Desk) -> None:
    """A folder without a static name may be the runtime itself, even if dependencies are ignored."""
    write(desk.cwd / "nameless/pyproject.toml", "[build-system]\n")
    write(desk.cwd / "bare/setup.py", "")
    assert desk.prove("--no-deps", f"./{folder}", "../source").gap is not None


@pytest.mark.parametrize(
    "word", ["torch-9.4.0-py3-none-any.whl", "./torch-9.4.0-py3-none-any.whl", "torch-9.4.0.tar.gz"]
)
@pytest.mark.parametrize("options", ["", "--no-deps "])
def test_archive_of_the_runtime(options: str, word: str, desk: Desk) -> None:
    """The name of an archive in the working directory is read as a path, as pip does."""
    desk.file("", word)
    assert desk.prove(*f"{options}{word} ../source".split(" ")).gap is not None


def test_archive_of_the_package(desk: Desk) -> None:
    """An sdist of the package in the working directory is the package."""
    desk.file("", "ext-1.0.tar.gz")
    desk.package("torch>=9")
    assert proved(1) == desk.prove("ext-1.0.tar.gz")
