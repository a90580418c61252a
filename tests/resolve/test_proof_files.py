"""The proof for what requirements and constraints files name."""

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
        ("torch\n", Proof(satisfied=1, gap="it is not told what requires the package that is built")),
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
        ("git+https://h/ext.git\n", Proof(satisfied=0, gap="what git+https://h/ext.git {fetched}")),
        ("ext-1.0.zip\n", Proof(satisfied=0, gap="what ext-1.0.zip ({file}:1) {fetched}")),
        ("", Proof(satisfied=0, gap="it is not told what requires the package that is built")),
    ],
)
def test_requirements_file(text: str, found: Proof, desk: Desk) -> None:
    """A requirements file counts line by line, with what it names; what cannot be read in it leaves the proof open."""
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
        "fetched": "requires is not known before it is fetched",
    }
    expected = Proof(satisfied=found.satisfied, gap=found.gap and found.gap.format(**facts))
    assert expected == desk.prove("-r", "requirements.txt")


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ("-r gone.txt ../source", "gone.txt is read by pip install alone"),
        ("-c gone.txt ../source", "gone.txt is read by pip install alone"),
        ("-r - ../source", "- is read by pip install alone"),
        ("-r https://h/r.txt ../source", "https://h/r.txt is read by pip install alone"),
        ("-r pyproject.toml ../source", "pyproject.toml is read by pip install alone"),
        ("-r script.py ../source", "script.py is read by pip install alone"),
        ("-r folder ../source", "folder is read by pip install alone"),
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
    """A folder in a file is looked for from where the command was started, then next to the file."""
    project = '[project]\nname = "other"\nversion = "1"\ndependencies = ["torch>=9.3"]\n'
    write(desk.root / place / "other/pyproject.toml", project)
    desk.file(f"{line}\n../source\n", "more/requirements.txt")
    found = desk.prove("-r", "more/requirements.txt", "../source")
    assert "torch>=9.3 (other) is not satisfied by torch 9.1.0" == found.gap


def test_folder_where_the_command_was_started_goes_first(desk: Desk) -> None:
    """Of two folders that a line may mean, pip takes the one where the command was started."""
    project = '[project]\nname = "other"\nversion = "1"\ndependencies = ["{}"]\n'
    write(desk.cwd / "other/pyproject.toml", project.format("torch<10"))
    write(desk.cwd / "more/other/pyproject.toml", project.format("torch>=9.3"))
    desk.file("./other\n", "more/requirements.txt")
    assert proved(2) == desk.prove("-r", "more/requirements.txt", "../source")


def test_variables_in_a_file(desk: Desk) -> None:
    """A line may name a variable of the frontend's."""
    desk.file("torch==${VERSION}\n../source\n")
    assert proved(2) == desk.prove("-r", "requirements.txt", VERSION="9.1.0")
    found = desk.prove("-r", "requirements.txt", VERSION="9.4.0").gap
    assert f"torch==9.4.0 ({desk.cwd}/requirements.txt:1) is not satisfied by torch 9.1.0" == found


def test_working_folder_in_a_file(desk: Desk) -> None:
    """A line's ``PWD`` is the folder that the command was started in, whatever the variables say."""
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
        ("torch==9.4.0; python_version ~= 'x'\n", "the marker of {marker} cannot be decided"),
        ("torch @ https://h/torch-9.1.0-py3-none-any.whl\n", "torch is constrained to a URL"),
        ("numpy==1\n", None),
        ("sympy==2\n", "sympy==2 is not satisfied by sympy 1.0"),
        ("-r nested.txt\n", None),
        ("-c nested.txt\n", "torch==9.4.0 is not satisfied by torch 9.1.0"),
    ],
)
def test_constraints(constraints: str, gap: str | None, desk: Desk) -> None:
    """A constraint counts for what is required, wherever in the closure, and for nothing else."""
    desk.torch("sympy")
    desk.install("sympy", "1.0")
    desk.file(constraints, "constraints.txt")
    desk.file("torch==9.4.0\n" if "-c" in constraints else "sympy\n", "nested.txt")
    expected = gap and gap.format(marker="""torch==9.4.0; python_version ~= "x\"""")
    assert expected == desk.prove("-c", "constraints.txt", "../source").gap


def test_constraint_by_a_variable(desk: Desk) -> None:
    """``PIP_CONSTRAINT`` names constraints as the option does."""
    desk.file("torch==9.4.0", "constraints.txt")
    found = desk.prove("../source", PIP_CONSTRAINT="constraints.txt").gap
    assert "torch==9.4.0 is not satisfied by torch 9.1.0" == found


def test_constraint_without_a_requirement(desk: Desk) -> None:
    """A constraint on what nothing requires moves nothing."""
    desk.package()
    desk.file("torch==9.4.0", "constraints.txt")
    assert proved(0) == desk.prove("-c", "constraints.txt", "../source")
