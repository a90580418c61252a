"""The metadata that a source states without being run."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.sources.upstream_metadata import Package, check_name, read_package
from runtime_backend.cli.sources.upstreams import Wanted
from runtime_backend.errors import SourceError

METADATA = """Metadata-Version: {version}
Name: my-ext
Version: 1.0
Requires-Python: >=3.9
Requires-Dist: torch
Requires-Dist: tomli>=2; python_version < "3.11"
Requires-Dist: pytest; extra == "test-all"
Requires-Dist: mock[x]; python_version < "3.9" and extra == 'test_all'
Requires-Dist: tool @ https://example.org/tool.whl ; python_version < "3.9" and extra == "all"
Provides-Extra: Test_All
Provides-Extra: none
{more}
"""


def read(folder: Path, **files: str) -> Package:
    """Return the package of a tree with some files."""
    for name, text in files.items():
        write(folder / name.replace("__", "-").replace("_", "."), text)
    return read_package(folder, None)


@pytest.mark.parametrize("version", ["2.2", "2.4"])
def test_metadata_of_an_sdist(version: str, tmp_path: Path) -> None:
    """The PKG-INFO of an sdist is certain from metadata 2.2 on; names of extras are normalised."""
    found = read(tmp_path, PKG__INFO=METADATA.format(version=version, more="Dynamic: Summary"))
    assert (False, "my-ext", "1.0", ">=3.9") == (found.is_open, found.name, found.version, found.requires_python)
    assert ("torch", 'tomli>=2; python_version < "3.11"') == found.dependencies
    assert {
        "test-all": ["pytest", 'mock[x]; python_version < "3.9"'],
        "none": [],
        "all": ['tool @ https://example.org/tool.whl ; python_version < "3.9"'],
    } == found.optional_dependencies
    assert (("setuptools",), ()) == (found.build_requires, found.match_runtime)


@pytest.mark.parametrize(
    ("version", "more"), [("2.1", ""), ("2.4", "Dynamic: requires-dist"), ("2.2", "Dynamic: Provides-Extra"), ("", "")]
)
def test_metadata_that_are_not_certain(version: str, more: str, tmp_path: Path) -> None:
    """Otherwise, only the version is certain."""
    found = read(tmp_path, PKG__INFO=METADATA.format(version=version, more=more))
    assert (True, "1.0", ()) == (found.is_open, found.version, found.dependencies)


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ('x; extra == "a" or extra == "b"', "is for several extras at once"),
        ("x (>=1.0.*!)", "does not follow PEP 508"),
    ],
)
def test_requirement_that_no_table_can_hold(requirement: str, why: str, tmp_path: Path) -> None:
    """A requirement that [project] cannot express is left to the real backend."""
    text = f"Metadata-Version: 2.2\nName: x\nVersion: 1\nRequires-Dist: {requirement}\n"
    found = read(tmp_path, PKG__INFO=text)
    assert ("1", ("dependencies", "optional-dependencies", "requires-python")) == (found.version, found.dynamic)
    assert (f"the requirement {requirement!r} {why}: the requirements are left to the build backend",) == found.notes


def test_dynamic_version(tmp_path: Path) -> None:
    """The version of an sdist is known even if the project table has none; that of a checkout is not."""
    project = '[project]\nname = "x"\ndynamic = ["version"]\n'
    found = read(tmp_path, pyproject_toml=project)
    assert (None, ("version",)) == (found.version, found.dynamic)
    found = read(tmp_path, PKG__INFO="Metadata-Version: 2.1\nName: x\nVersion: 3\n")
    assert ("3", ()) == (found.version, found.dynamic)
    found = read(tmp_path, pyproject_toml='[project]\nname = "x"\ndynamic = ["dependencies"]\n')
    assert ("3", True) == (found.version, found.is_open)


@pytest.mark.parametrize(
    "text",
    [
        "project = 3\nbuild-system = 3\n",
        '[project]\nname = "x"\ndependencies = "numpy"\n',
        '[project]\nname = "x"\ndynamic = "version"\n',
        '[project]\nname = "x"\noptional-dependencies = ["y"]\n',
        '[project]\nname = "x"\noptional-dependencies = { y = [3] }\n',
        '[project]\nname = "x"\ndynamic = [["version"]]\n[build-system]\nrequires = "torch"\n',
        "not TOML\n",
    ],
)
def test_tables_that_are_none(text: str, tmp_path: Path) -> None:
    """Values of a wrong type are left to the real backend, which reports them."""
    found = read(tmp_path, pyproject_toml=text, PKG__INFO="Name: x\nVersion: 3\n")
    assert ("x", "3", True, ("setuptools",)) == (found.name, found.version, found.is_open, found.build_requires)


DECLARED = (
    '[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n[project]\nname = "x"\nversion = "1"\n'
)
IMPORTS = (
    "import numpy, torch, os\nfrom packaging.version import Version\nimport odd_tool\nfrom setuptools import setup\n"
    'setup(setup_requires=["Torch>=2.1", "cffi>=1"])\n'
)


@pytest.mark.parametrize(
    ("pyproject", "requires", "guards"),
    [
        (
            DECLARED.format(requires='"setuptools>=61", "torch>=2", "NumPy<3", 3', backend="setuptools.build_meta"),
            ("setuptools>=61", "NumPy<3", "packaging", "cffi>=1"),
            ("torch>=2",),
        ),
        ('[project]\nname = "x"\nversion = "1"\n', ("setuptools", "numpy", "packaging", "cffi>=1"), ("Torch>=2.1",)),
        (
            DECLARED.format(requires='"torch", "runtime-backend"', backend="setuptools.build_meta:__legacy__"),
            ("setuptools", "numpy", "packaging", "cffi>=1"),
            (),
        ),
        (DECLARED.format(requires='"hatchling"', backend="hatchling.build"), ("hatchling",), ()),
    ],
)
def test_build_requires(pyproject: str, requires: tuple[str, ...], guards: tuple[str, ...], tmp_path: Path) -> None:
    """Undeclared imports of setup.py are build requirements if the real backend runs it; torch is not."""
    found = read(tmp_path, pyproject_toml=pyproject, setup_py=IMPORTS)
    assert (requires, guards) == (found.build_requires, found.match_runtime)
    unknown = (
        "setup.py imports 'odd_tool', which is neither in the standard library nor in its folder: if the build needs it, add its"
        " distribution to build-system.requires of the wrapper"
    )
    assert (() if "hatchling" in requires else (unknown,)) == found.notes


def test_setup_script_of_old(tmp_path: Path) -> None:
    """A setup.py in Python 2 is ignored."""
    assert ("setuptools",) == read(tmp_path, setup_py="print 'x'\n").build_requires


def test_notes_on_requirements(tmp_path: Path) -> None:
    """Notes list packages that require torch, a torch by URL, and a package that needs no wrapper."""
    requires = '"torch @ https://example.org/torch.whl", "torchvision>=0.1"'
    found = read(tmp_path, pyproject_toml=DECLARED.format(requires=requires, backend="runtime_backend.build"))
    assert (("torchvision>=0.1",), ()) == (found.build_requires, found.match_runtime)
    assert (
        "the package declares runtime-backend itself: it needs no wrapper",
        "upstream builds against 'torch @ https://example.org/torch.whl': to build against it, set"
        " RUNTIME_BACKEND_PIN to that requirement",
        "'torchvision>=0.1' in build-system.requires brings another torch into the build: if the build works without"
        " torchvision, remove it from the wrapper",
    ) == found.notes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (None, "text: found no name of the package in its source\nName it: 'NAME @ text'"),
        ("UNKNOWN", "text: found no name of the package in its source\nName it: 'NAME @ text'"),
        (
            "../../etc",
            "text: its source calls the package '../../etc', expected letters, digits, '-', '_' and '.'",
        ),
    ],
)
def test_names(name: str | None, told: str) -> None:
    """A package must have a valid name."""
    with pytest.raises(SourceError) as caught:
        check_name(Package(name=name), Wanted(text="text", name=None))
    assert told == str(caught.value)
    assert "my.ext" == check_name(Package(name="my.ext"), Wanted(text="text", name=None))
