"""Finding the package in a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.sources.subdirectories import find_package
from runtime_backend.cli.sources.upstreams import read_requirement
from runtime_backend.errors import SourceError

PROJECT = '[project]\nname = "{}"\n'
SETUP = 'from setuptools import setup\nsetup(name="{}")\n'
URL = "git+file:///x@v1"


def find(tree: Path, requirement: str = URL) -> str | None:
    """Return the folder of the package."""
    return find_package(tree, read_requirement(requirement))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", PROJECT.format("a")),
        ("pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n'),
        ("pyproject.toml", '[tool.poetry]\nname = "a"\n'),
        ("setup.py", SETUP.format("a")),
    ],
)
def test_top(name: str, text: str, tmp_path: Path) -> None:
    """A package at the top, or in the named folder, takes precedence."""
    for folder in (".", "python", "other"):
        write(tmp_path / folder / name, text)
    assert None is find(tmp_path)
    assert "python" == find(tmp_path, f"{URL}#subdirectory=python")


@pytest.mark.parametrize("folder", ["python", "src/bindings/torch", "a/b/c/d"])
def test_below(folder: str, tmp_path: Path) -> None:
    """The only package below the top is found; examples, submodules, tests and settings of tools are ignored."""
    write(tmp_path / "pyproject.toml", "[tool.ruff]\nline-length = 120\n")
    others = ("examples/x", "third_party/x", "Tests/x", ".hidden/x", "module/x", f"{folder}/inner", "1/2/3/4/5")
    for place in (folder, *others):
        write(tmp_path / place / "setup.py", SETUP.format("x"))
    write(tmp_path / "module/.git", "gitdir: ../.git/modules/module\n")
    (tmp_path / "link").symlink_to(tmp_path / folder)
    assert folder == find(tmp_path)


def test_by_name(tmp_path: Path) -> None:
    """Of several packages, the one with the name is found, in any case, even if another one is at the top."""
    write(tmp_path / "pyproject.toml", PROJECT.format("workspace"))
    write(tmp_path / "packages/one/pyproject.toml", PROJECT.format("one"))
    write(tmp_path / "packages/two/setup.py", SETUP.format("my_two"))
    assert "packages/two" == find(tmp_path, f"My.Two @ {URL}")
    assert None is find(tmp_path, f"workspace @ {URL}")


def refused(tree: Path, requirement: str = URL) -> list[str]:
    """Return the lines of a refusal."""
    with pytest.raises(SourceError) as caught:
        find(tree, requirement)
    return str(caught.value).splitlines()


def test_several(tmp_path: Path) -> None:
    """If several packages fit, the person must choose."""
    for name in ("one", "with blank/two"):
        write(tmp_path / name / "setup.py", "#")
    folders = [f"  {URL}#subdirectory=one", f"  {URL}#subdirectory=with%20blank/two"]
    ask = "Choose one:"
    assert [f"{URL}: found no package in the top folder, and 2 in other folders", ask, *folders] == refused(tmp_path)
    named = f"{URL}#subdirectory=three"
    told = f"{named}: found no package in the folder three, and 2 in other folders"
    assert [told, ask, *folders] == refused(tmp_path, named)
    told = f"a @ {URL}: found no package 'a' in the top folder, and 2 in other folders"
    assert told == refused(tmp_path, f"a @ {URL}")[0]


def test_none(tmp_path: Path) -> None:
    """A source without a package is refused."""
    write(tmp_path / "README", "")
    expected = "Expected a pyproject.toml with [project] or [build-system], or a setup.py"
    assert [f"{URL}: found no package in the top folder, and 0 in other folders", expected] == refused(tmp_path)


def test_other_name(tmp_path: Path) -> None:
    """A package with another name is refused."""
    write(tmp_path / "pyproject.toml", PROJECT.format("one"))
    write(tmp_path / "below/pyproject.toml", PROJECT.format("two"))
    hint = "Use the name in the source, or name the folder of the package: #subdirectory=FOLDER"
    assert [f"a @ {URL}: found the package 'one', expected 'a'", hint] == refused(tmp_path, f"a @ {URL}")
    named = f"a @ {URL}#subdirectory=below"
    assert [f"{named}: found the package 'two', expected 'a'", hint] == refused(tmp_path, named)
