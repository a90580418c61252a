"""The proof with requirements and constraints files."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write
from test_proof import Desk, proved

from runtime_backend.resolve.proof import Proof


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk whose package requires torch."""
    desk = Desk(tmp_path)
    desk.package("torch>=9")
    return desk


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("torch==9.1.0\n../source\n", proved(2)),
        ("torch==9.1.0 --hash=sha256:ab\n-e ../source\n", proved(2)),
        ("torch ; sys_platform == 'never'\n../source\n", proved(1)),
        ("-r more/nested.txt\n../source\n", proved(2)),
        ("--index-url https://h/simple\n../source  # a comment\n", proved(1)),
        ("torch>=9.3\n../source\n", Proof(satisfied=1, gap="torch>=9.3 ({file}:1) is not satisfied by torch 9.1.0")),
        ("../source\nnumpy\n", Proof(satisfied=1, gap="numpy ({file}:2) is not installed")),
        (
            "-c more/constraints.txt\n../source\n",
            Proof(satisfied=0, gap="torch==9.4.0 is not satisfied by torch 9.1.0"),
        ),
        ("torch\n", Proof(satisfied=1, gap="the command does not show what requires this package")),
        ("-r https://h/r.txt\n", Proof(satisfied=0, gap="{file}:1: found a file on the network, expected a local one")),
        ("-r gone.txt\n", Proof(satisfied=0, gap="{file}:1: {gone}: cannot be read: {error}")),
        ("torch ~~ 9\n", Proof(satisfied=0, gap="{file}:1: torch ~~ 9: {syntax}")),
        (
            "# coding: nonsense\n",
            Proof(
                satisfied=0, gap="{file}: cannot be read: found the encoding 'nonsense', expected one that Python knows"
            ),
        ),
        ("dist/torch-9.1.0-py3-none-any.whl\n", Proof(satisfied=0, gap="torch @ {cwd}/{wheel} ({file}:1) names a URL")),
        ("git+https://h/ext.git\n", Proof(satisfied=0, gap="the requirements of git+https://h/ext.git {fetched}")),
        ("ext-1.0.zip\n", Proof(satisfied=0, gap="the requirements of ext-1.0.zip ({file}:1) {fetched}")),
        ("", Proof(satisfied=0, gap="the command does not show what requires this package")),
    ],
)
def test_requirements_file(text: str, found: Proof, desk: Desk) -> None:
    """All lines of a requirements file count; an unreadable one leaves the proof open."""
    file = desk.file(text)
    desk.file("torch<10\n", "more/nested.txt")
    desk.file("torch==9.4.0\n", "more/constraints.txt")
    facts = {
        "file": file,
        "cwd": desk.cwd.as_uri(),
        "gone": desk.cwd / "gone.txt",
        "error": "No such file or directory",
        "syntax": "Expected semicolon (after name with no version specifier) or end",
        "wheel": "dist/torch-9.1.0-py3-none-any.whl",
        "fetched": "are known only after a download",
    }
    expected = Proof(satisfied=found.satisfied, gap=found.gap and found.gap.format(**facts))
    assert expected == desk.prove("-r", "requirements.txt")


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ("-r gone.txt ../source", "only pip install can read gone.txt"),
        ("-c gone.txt ../source", "only pip install can read gone.txt"),
        ("-r - ../source", "only pip install can read -"),
        ("-r https://h/r.txt ../source", "only pip install can read https://h/r.txt"),
        ("-r pyproject.toml ../source", "only pip install can read pyproject.toml"),
        ("-r script.py ../source", "only pip install can read script.py"),
        ("-r folder ../source", "only pip install can read folder"),
    ],
)
def test_files_that_the_frontend_alone_reads(words: str, gap: str, desk: Desk) -> None:
    """A stream, the network, and files that are no requirements files leave the proof open."""
    desk.file("", "pyproject.toml")
    desk.file("", "script.py")
    (desk.cwd / "folder").mkdir()
    assert Proof(satisfied=0, gap=gap) == desk.prove(*words.split(" "))


@pytest.mark.parametrize("line", ["./other", "-e ./other", "file:./other"])
@pytest.mark.parametrize("place", ["desk", "desk/more"])
def test_folders_in_a_file(line: str, place: str, desk: Desk) -> None:
    """A folder in a file is relative to the command's working directory, else to the file."""
    project = '[project]\nname = "other"\nversion = "1"\ndependencies = ["torch>=9.3"]\n'
    write(desk.root / place / "other/pyproject.toml", project)
    desk.file(f"{line}\n../source\n", "more/requirements.txt")
    found = desk.prove("-r", "more/requirements.txt", "../source")
    assert "torch>=9.3 (other) is not satisfied by torch 9.1.0" == found.gap


def test_folder_where_the_command_was_started_goes_first(desk: Desk) -> None:
    """Of two possible folders for a line, pip uses the one in the command's working directory."""
    project = '[project]\nname = "other"\nversion = "1"\ndependencies = ["{}"]\n'
    write(desk.cwd / "other/pyproject.toml", project.format("torch<10"))
    write(desk.cwd / "more/other/pyproject.toml", project.format("torch>=9.3"))
    desk.file("./other\n", "more/requirements.txt")
    assert proved(2) == desk.prove("-r", "more/requirements.txt", "../source")


def test_variables_in_a_file(desk: Desk) -> None:
    """A line may contain a variable of the frontend's environment."""
    desk.file("torch==${VERSION}\n../source\n")
    assert proved(2) == desk.prove("-r", "requirements.txt", VERSION="9.1.0")
    found = desk.prove("-r", "requirements.txt", VERSION="9.4.0").gap
    assert f"torch==9.4.0 ({desk.cwd}/requirements.txt:1) is not satisfied by torch 9.1.0" == found


def test_working_folder_in_a_file(desk: Desk) -> None:
    """``PWD`` in a line is the command's working directory, whatever the environment has."""
    desk.other("torch>=9.3")
    desk.file("other @ file://${PWD}/other\n../source\n")
    found = desk.prove("-r", "requirements.txt", PWD="/nowhere").gap  # noqa: S106 - a folder
    assert "torch>=9.3 (other) is not satisfied by torch 9.1.0" == found


@pytest.mark.parametrize(
    ("constraints", "gap"),
    [
        ("torch==9.1.0\n", None),
        ("Torch<9.5\ntorch>=9\n", None),
        ("torch==9.4.0\n", "torch==9.4.0 is not satisfied by torch 9.1.0"),
        ("torch<10\ntorch!=9.1.0\n", "torch!=9.1.0 is not satisfied by torch 9.1.0"),
        ("torch==9.4.0; sys_platform == 'never'\n", None),
        ("torch==9.4.0; python_version ~= 'x'\n", "the marker of {marker} cannot be evaluated"),
        ("torch @ https://h/torch-9.1.0-py3-none-any.whl\n", "torch is constrained to a URL"),
        ("numpy==1\n", None),
        ("sympy==2\n", "sympy==2 is not satisfied by sympy 1.0"),
        ("-r nested.txt\n", None),
        ("-c nested.txt\n", "torch==9.4.0 is not satisfied by torch 9.1.0"),
    ],
)
def test_constraints(constraints: str, gap: str | None, desk: Desk) -> None:
    """A constraint counts only for distributions that are required, anywhere in the closure."""
    desk.torch("sympy")
    desk.install("sympy", "1.0")
    desk.file(constraints, "constraints.txt")
    desk.file("torch==9.4.0\n" if "-c" in constraints else "sympy\n", "nested.txt")
    expected = gap and gap.format(marker="""torch==9.4.0; python_version ~= "x\"""")
    assert expected == desk.prove("-c", "constraints.txt", "../source").gap


def test_constraint_by_a_variable(desk: Desk) -> None:
    """``PIP_CONSTRAINT`` names constraints files as the option does."""
    desk.file("torch==9.4.0", "constraints.txt")
    found = desk.prove("../source", PIP_CONSTRAINT="constraints.txt").gap
    assert "torch==9.4.0 is not satisfied by torch 9.1.0" == found


def test_constraint_without_a_requirement(desk: Desk) -> None:
    """A constraint on a distribution that is not required does not matter."""
    desk.package()
    desk.file("torch==9.4.0", "constraints.txt")
    assert proved(0) == desk.prove("-c", "constraints.txt", "../source")
