"""The proof that a command moves no runtime, and the reasons that leave it open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from callers import PYTHON, make_caller
from standins import make_distribution, make_torch, make_venv, write

from runtime_backend.formats.toml import loads
from runtime_backend.frontend.installations import Installation
from runtime_backend.frontend.installations.pip import read_pip_command
from runtime_backend.frontend.installations.uv import read_uv_command as read_installation
from runtime_backend.frontend.processes import Process
from runtime_backend.frontend.uv import read_uv_command
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.resolve.package import read_package
from runtime_backend.resolve.proof import Proof, prove

PROJECT = '[project]\nname = "Ext"\nversion = "1"\n'
DYNAMIC = '[project]\nname = "Ext"\ndynamic = ["version", "dependencies"]\n'


class Desk:
    """A person's folder, the package ``ext`` next to it, and an environment with torch 9.1.0."""

    def __init__(self, root: Path) -> None:
        self.root, self.cwd, self.source = root, root / "desk", root / "source"
        self.site = make_venv(root / "target")
        self.more: tuple[Path, ...] = ()
        self.torch()
        self.cwd.mkdir()
        self.package()

    def torch(self, *requires: str) -> None:
        """Install torch with its requirements."""
        make_torch(self.site, "9.1.0", requires=requires)

    def install(self, name: str, version: str = "1.0", requires: Sequence[str] = ()) -> None:
        """Install another distribution."""
        make_distribution(self.site, name, version, requires=requires)

    def package(self, *dependencies: str, more: str = "") -> None:
        """Write the pyproject.toml of the package that is built."""
        write(self.source / "pyproject.toml", f"{PROJECT}dependencies = {list(dependencies)}\n{more}")

    def other(self, *dependencies: str) -> Path:
        """Write the pyproject.toml of another package in the person's folder."""
        text = f'[project]\nname = "other"\nversion = "1"\ndependencies = {list(dependencies)}\n'
        return write(self.cwd / "other/pyproject.toml", text).parent

    def file(self, text: str, name: str = "requirements.txt") -> Path:
        """Write a file in the person's folder."""
        return write(self.cwd / name, text)

    def command(self, *words: str, **environ: str) -> Installation:
        """Return ``pip install`` with some arguments."""
        variables = {"HOME": "/home/jo", "PIP_CONFIG_FILE": os.devnull, **environ}
        process = Process(argv=("pip", "install", *words), cwd=self.cwd, environ=variables)
        found = read_pip_command(process, 1, make_caller(self.root / "target", cwd=self.source))
        assert found is not None
        return found

    def prove(self, *words: str, **environ: str) -> Proof:
        """Return the proof for ``pip install`` with some arguments."""
        project = loads((self.source / "pyproject.toml").read_text("utf-8"))["project"]
        package = read_package(self.source, project)
        return prove(self.command(*words, **environ), package, DistributionIndex((self.site, *self.more)), "torch")

    def prove_uv(self, *words: str) -> Proof:
        """Return the proof for ``uv pip install`` with some arguments."""
        environ = {"UV_NO_CONFIG": "1"}
        process = Process(argv=("uv", "pip", "install", *words), cwd=self.cwd, environ=environ)
        command = read_uv_command(process.argv, self.cwd, environ)
        found = read_installation(command, process, PYTHON)
        assert found is not None
        project = loads((self.source / "pyproject.toml").read_text("utf-8"))["project"]
        index = DistributionIndex((self.site, *self.more))
        return prove(found, read_package(self.source, project), index, "torch")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk."""
    return Desk(tmp_path)


def proved(count: int) -> Proof:
    """Return a complete proof."""
    return Proof(satisfied=count, gap=None)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("../source", 1),
        ("{source}", 1),
        ("file:../source", 1),
        ("file://{source}", 1),
        ("file://{source}#egg=ext", 1),
        ("file://{encoded}", 1),
        ("-e ../source", 1),
        ("-e file://{source}", 1),
        ("ext@file://{source}", 1),
        ("EXT", 1),
        ("ext==1", 1),
        ("dist/ext-1.0.tar.gz", 1),
        ("dist/Ext-1.0.post1.zip", 1),
        ("https://example.org/ext-1.0.tar.gz", 1),
        ("../source ../source ext", 1),
        ("../source[cuda]", 2),
        ("../source[cuda,te-st]", 3),
        ("../source[Te.st,CUDA]", 3),
        ("file://{source}[cuda]", 2),
        ("-e ../source[cuda]", 2),
        ("ext[cuda]@file://{source}", 2),
        ("ext[cuda]", 2),
        ("dist/ext-1.0.tar.gz[te-st]", 2),
        ("../source[unknown]", 1),
        ("torch ../source", 2),
        ("torch==9.1.0 ../source", 2),
        ("torch>=9.0 ../source", 1),
    ],
)
def test_ways_to_name_the_package(words: str, count: int, desk: Desk) -> None:
    """However the command names the package, each of its requirements is counted once."""
    extras = '[project.optional-dependencies]\nCuda = ["triton"]\nte_st = ["pytest>=1"]\n'
    desk.package("torch>=9.0", more=extras)
    desk.install("triton")
    desk.install("pytest")
    encoded = str(desk.source).replace("source", "%73ource")
    found = desk.prove(*words.format(source=desk.source, encoded=encoded).split(" "))
    assert proved(count) == found


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ("../source[cuda]", "triton (ext) is not installed"),
        ("ext[Cuda]", "triton (ext) is not installed"),
        ("../source[here]", "torch>=9.2 (ext) is not satisfied by torch 9.1.0"),
        ("../source[all]", "triton (ext) is not installed"),
        ("../source[never]", None),
    ],
)
def test_extras_of_the_package(words: str, gap: str | None, desk: Desk) -> None:
    """The requirements of an extra count if the extra is named and their markers are true."""
    extras = {
        "cuda": "['triton']",
        "here": """["torch>=9.2; python_version > '3'"]""",
        "all": "['ext[cuda]']",
        "never": """["triton; sys_platform == 'never'"]""",
    }
    lines = "".join(f"{name} = {texts}\n" for name, texts in extras.items())
    desk.package("torch>=9.0", more=f"[project.optional-dependencies]\n{lines}")
    assert gap == desk.prove(words).gap


@pytest.mark.parametrize("dependencies", [("lib", "lib[cuda]"), ("lib[cuda]", "lib")])
def test_reached_again_with_extras(dependencies: tuple[str, ...], desk: Desk) -> None:
    """A distribution that is required with and without an extra is followed with the extra, in any order."""
    desk.install("lib", requires=["torch>=9.2; extra == 'cuda'"])
    desk.package(*dependencies)
    assert "torch>=9.2 (lib) is not satisfied by torch 9.1.0" == desk.prove("../source").gap


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ("-U torch ../source", "-U"),
        ("--force-reinstall ../source", "--force-reinstall"),
        ("--target there ../source", "--target"),
        ("--no-such-option ../source", "--no-such-option"),
    ],
)
def test_options_that_move(words: str, gap: str, desk: Desk) -> None:
    """An option that upgrades, reinstalls or changes the place, or is unknown, leaves the proof open."""
    assert Proof(satisfied=0, gap=gap) == desk.prove(*words.split(" "))


def test_variable_that_moves(desk: Desk) -> None:
    """A variable that upgrades leaves the proof open."""
    assert Proof(satisfied=0, gap="PIP_UPGRADE") == desk.prove("../source", PIP_UPGRADE="1")


@pytest.mark.parametrize(
    ("dependency", "gap"),
    [
        ("torch==9.1", None),
        ("Torch===9.1.0", None),
        ("torch>=9.3", "torch>=9.3 (ext) is not satisfied by torch 9.1.0"),
        ("torch<9.1", "torch<9.1 (ext) is not satisfied by torch 9.1.0"),
        ("numpy", "numpy (ext) is not installed"),
        ("numpy; sys_platform == 'never'", None),
        ("numpy; python_version > '3'", "numpy (ext) is not installed"),
        (
            "torch @ https://h/torch-9.1.0-py3-none-any.whl",
            "torch @ https://h/torch-9.1.0-py3-none-any.whl (ext) {url}",
        ),
        ("torch; python_version ~= 'x'", """the marker of torch; python_version ~= "x" cannot be evaluated"""),
        ("torch >= nine", "{source}/pyproject.toml: found 'torch >= nine', expected a requirement"),
    ],
)
def test_requirements_of_the_package(dependency: str, gap: str | None, desk: Desk) -> None:
    """A requirement that is not met, or cannot be read or evaluated, leaves the proof open."""
    desk.package(dependency)
    expected = None if gap is None else gap.format(source=desk.source, url="names a URL")
    assert expected == desk.prove("../source").gap


@pytest.mark.parametrize(
    ("installed", "gap"),
    [
        ("9.1.0+cpu", None),
        ("9.2.0.dev20270101", None),
        ("9.0", "torch>=9.1,!=9.3 (ext) is not satisfied by torch 9.0"),
        ("9.1.0a0+git", "torch>=9.1,!=9.3 (ext) is not satisfied by torch 9.1.0a0+git"),
        ("no version", "torch>=9.1,!=9.3 (ext) is not satisfied by torch no version"),
    ],
)
def test_installed_versions(installed: str, gap: str | None, tmp_path: Path) -> None:
    """An installed variant or nightly satisfies lower bounds; an invalid version satisfies nothing."""
    desk = Desk(tmp_path)
    make_distribution(desk.site, "torch", installed, info="torch-9.1.0.dist-info")
    desk.package("torch>=9.1,!=9.3")
    found = desk.prove("../source").gap
    assert gap == (found and found.replace("!=9.3,>=9.1", ">=9.1,!=9.3"))


@pytest.mark.parametrize(
    ("requires", "word", "gap"),
    [
        (["numpy"], "torch", "numpy (torch) is not installed"),
        (["sympy>=1.12"], "torch", "sympy>=1.12 (torch) is not satisfied by sympy 1.0"),
        (["sympy"], "torch", "mpmath<2 (sympy) is not satisfied by mpmath 3.0"),
        (["einsum; extra == 'opt-einsum'"], "torch", None),
        (["einsum; extra == 'opt-einsum'"], "torch[opt_Einsum]", "einsum (torch) is not installed"),
        (["einsum; extra == 'opt-einsum'"], "torch[other]", None),
        (["einsum; extra=='opt-einsum'"], "torch", None),
        (["einsum; extra == 'a' or python_version > '3'"], "torch", "einsum (torch) is not installed"),
        (["gmpy[fast]"], "torch", "gmpy-fast (gmpy) is not installed"),
        (["gmpy"], "torch", None),
        (["numpy; sys_platform == 'never'"], "torch", None),
        (["numpy (>=1,"], "torch", "torch requires 'numpy (>=1,', which cannot be read"),
        (["numpy; os_name ~= 'x'"], "torch", """the marker of numpy; os_name ~= "x" cannot be evaluated"""),
    ],
)
def test_closure(requires: list[str], word: str, gap: str | None, desk: Desk) -> None:
    """The requirements of installed distributions count, too, with the named extras."""
    desk.torch(*requires)
    desk.install("sympy", "1.0", ["mpmath<2"])
    desk.install("mpmath", "3.0")
    desk.install("gmpy", "1.0", ["gmpy-fast; extra == 'fast'"])
    assert gap == desk.prove(word, "../source").gap


def test_circles(desk: Desk) -> None:
    """Circular requirements are followed once, including those of the package on itself."""
    desk.torch("sympy")
    desk.install("sympy", requires=["torch", "ext"])
    desk.package("torch", "ext[all]", more='[project.optional-dependencies]\nall = ["ext[all]", "sympy"]\n')
    assert proved(2) == desk.prove("../source")


def test_package_in_a_closure(desk: Desk) -> None:
    """The package may be reached through an installed distribution that requires it."""
    desk.install("consumer", requires=["ext[cuda]"])
    desk.package("torch>=9", more='[project.optional-dependencies]\ncuda = ["torch>=9.3"]\n')
    assert "torch>=9.3 (ext) is not satisfied by torch 9.1.0" == desk.prove("consumer").gap


def test_package_that_is_not_reached(desk: Desk) -> None:
    """If no argument leads to the package, an unknown distribution requires it, and the proof is open."""
    assert Proof(satisfied=1, gap="the command does not show what requires this package") == desk.prove("torch")


@pytest.mark.parametrize("word", ["../source", "ext[cuda]"])
def test_package_with_dynamic_metadata(word: str, desk: Desk) -> None:
    """Requirements that are known only after building leave the proof open."""
    write(desk.source / "pyproject.toml", DYNAMIC)
    assert "the requirements of ext are known only after building" == desk.prove(word).gap


def test_extras_that_are_dynamic(desk: Desk) -> None:
    """Extras that are known only after building leave the proof open if one is named."""
    write(desk.source / "pyproject.toml", f'{PROJECT}dynamic = ["optional-dependencies"]\ndependencies = ["torch"]\n')
    assert proved(1) == desk.prove("../source")
    assert "the requirements of ext are known only after building" == desk.prove("../source[cuda]").gap


@pytest.mark.parametrize(
    ("word", "gap"),
    [
        ("./other", "torch>=9.3 (other) is not satisfied by torch 9.1.0"),
        ("-e./other", "torch>=9.3 (other) is not satisfied by torch 9.1.0"),
        ("other@file://{cwd}/other", "torch>=9.3 (other) is not satisfied by torch 9.1.0"),
        ("./other[more]", "numpy (other) is not installed"),
        ("./dynamic", "the requirements of dynamic are known only after building"),
        ("./nameless", "{cwd}/nameless is, or may be, torch itself"),
        ("./odd", "{cwd}/odd is, or may be, torch itself"),
        ("./broken", "{cwd}/broken is, or may be, torch itself"),
        ("./bare", "{cwd}/bare is, or may be, torch itself"),
        ("./nowhere", "the requirements of ./nowhere are known only after a download"),
        ("dist/other-1.0.tar.gz", "the requirements of dist/other-1.0.tar.gz are known only after a download"),
        ("./ext-1-py3-none-any.whl", "the requirements of ./ext-1-py3-none-any.whl are known only after a download"),
        ("git+https://h/ext.git", "the requirements of git+https://h/ext.git are known only after a download"),
        ("https://h/o.zip[cuda]", "the requirements of https://h/o.zip[cuda] are known only after a download"),
        ("other@file://{cwd}/gone", "other @ file://{cwd}/gone (pip install) is not installed"),
        ("torch@file://{cwd}/gone", "torch @ file://{cwd}/gone (pip install) names a URL"),
    ],
)
def test_other_packages(word: str, gap: str, desk: Desk) -> None:
    """The requirements of another folder are read from its pyproject.toml; those of downloads are unknown."""
    text = '[project.optional-dependencies]\nmore = ["numpy"]\n'
    other = desk.other("torch>=9.3") / "pyproject.toml"
    write(other, f"{other.read_text('utf-8')}{text}")
    write(desk.cwd / "dynamic/pyproject.toml", '[project]\nname = "dynamic"\ndynamic = ["dependencies"]\n')
    write(desk.cwd / "nameless/pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n')
    write(desk.cwd / "odd/pyproject.toml", "project = 1\n")
    write(desk.cwd / "broken/pyproject.toml", "[project\n")
    (desk.cwd / "bare").mkdir()
    assert gap.format(cwd=desk.cwd) == desk.prove("../source", word.format(cwd=desk.cwd)).gap


def test_other_package_that_is_satisfied(desk: Desk) -> None:
    """Another folder with satisfied requirements keeps the proof complete, and may require the package that is built."""
    desk.other("torch>=9.0", "ext[cuda]")
    desk.package(more='[project.optional-dependencies]\ncuda = ["torch<10"]\n')
    assert proved(2) == desk.prove("./other")


@pytest.mark.parametrize(
    ("dependency", "gap"),
    [
        ("other @ {cwd}/other", "torch>=9.3 (other) is not satisfied by torch 9.1.0"),
        ("other[more] @ {cwd}/other", "numpy (other) is not installed"),
        ("other @ {cwd}/pytorch", "{path}/pytorch is, or may be, torch itself"),
        ("other @ {cwd}/gone", "other @ {cwd}/gone (ext) is not installed"),
    ],
)
def test_folder_that_is_required(dependency: str, gap: str, desk: Desk) -> None:
    """A folder that the package requires is read like one that the command names."""
    other = desk.other("torch>=9.3") / "pyproject.toml"
    write(other, f"{other.read_text('utf-8')}[project.optional-dependencies]\nmore = ['numpy']\n")
    write(desk.cwd / "pytorch/pyproject.toml", '[project]\nname = "Torch"\nversion = "9.4"\n')
    facts = {"cwd": desk.cwd.as_uri(), "path": str(desk.cwd)}
    desk.package(dependency.format(**facts))
    assert gap.format(**facts) == desk.prove("../source").gap


@pytest.mark.parametrize(
    ("program", "source", "is_proved"),
    [
        ("uv", '{ url = "https://h/sympy-2-py3-none-any.whl" }', False),
        ("uv", '[{ index = "x" }, { path = "../sympy" }]', False),
        ("uv", '{ index = "x" }', True),
        ("pip", '{ url = "https://h/sympy-2-py3-none-any.whl" }', True),
    ],
)
def test_sources_of_the_package(program: str, source: str, is_proved: bool, desk: Desk) -> None:  # noqa: FBT001
    """A source in ``tool.uv.sources`` leaves the proof open under uv, the only tool that reads that table."""
    desk.install("sympy")
    desk.package("sympy", more=f"[tool.uv.sources]\nsympy = {source}\n")
    gap = f"{desk.source}/pyproject.toml sets the sources of requirements (tool.uv.sources)"
    found = desk.prove_uv("../source") if program == "uv" else desk.prove("../source")
    assert (proved(1) if is_proved else Proof(satisfied=0, gap=gap)) == found


@pytest.mark.parametrize(
    ("root", "is_proved"),
    [
        ('[tool.uv.workspace]\nmembers = ["source"]\n[tool.uv.sources]\nsympy = { path = "x" }\n', False),
        ('[tool.uv.workspace]\nmembers = ["source"]\n[tool.uv.sources]\nsympy = { index = "x" }\n', True),
        ('[tool.uv.sources]\nsympy = { path = "x" }\n', True),
    ],
)
def test_sources_of_the_workspace(root: str, is_proved: bool, desk: Desk) -> None:  # noqa: FBT001 - a column
    """The sources of the package's workspace count, too, wherever uv was started."""
    write(desk.root / "pyproject.toml", root)
    desk.install("sympy")
    desk.package("sympy")
    gap = f"{desk.root}/pyproject.toml sets the sources of requirements (tool.uv.sources)"
    assert (proved(1) if is_proved else Proof(satisfied=0, gap=gap)) == desk.prove_uv("../source")
    assert proved(1) == desk.prove("../source")


def test_installed_twice(desk: Desk) -> None:
    """A distribution that a broken upgrade left twice leaves the proof open: uv removes both."""
    desk.install("sympy", "1.0")
    desk.install("sympy", "2.0")
    desk.package("sympy")
    gap = Proof(satisfied=0, gap="sympy is installed twice")
    assert [gap, gap] == [desk.prove("../source"), desk.prove_uv("../source")]


def test_installed_in_two_folders(desk: Desk) -> None:
    """Of two on one search path, the first counts for pip; uv removes both."""
    desk.install("sympy", "1.0")
    desk.package("sympy")
    make_distribution(desk.root / "borrowed", "sympy", "2.0")
    desk.more = (desk.root / "borrowed",)
    assert [proved(1), Proof(satisfied=0, gap="sympy is installed twice")] == [
        desk.prove("../source"),
        desk.prove_uv("../source"),
    ]


def test_package_is_not_the_last_one(desk: Desk) -> None:
    """The package that is built is reached, although the command names another one after it."""
    desk.other("torch>=9.0")
    assert proved(1) == desk.prove("../source", "./other")


def test_requirement_after_that_of_an_extra(desk: Desk) -> None:
    """Requirements after those of an unused extra are followed."""
    desk.torch("fancy; extra == 'opt'", "numpy")
    desk.package("torch")
    assert "numpy (torch) is not installed" == desk.prove("../source").gap


@pytest.mark.parametrize("more", ["", "[tool.other]\nx = 1\n", "[tool.uv]\nx = 1\n"])
def test_sources_that_are_none(more: str, desk: Desk) -> None:
    """A pyproject.toml with the word ``sources`` elsewhere replaces no requirement."""
    write(desk.source / "pyproject.toml", f'{PROJECT}dependencies = ["torch"]\nkeywords = ["sources"]\n{more}')
    assert proved(1) == desk.prove_uv("../source")
