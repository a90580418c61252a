"""Wrappers as files: writing, finding and changing them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.cli.sources.upstream_metadata import Package
from runtime_backend.cli.sources.upstreams import read_requirement
from runtime_backend.cli.sources.wrappers import default_folder, find_wrapper, make_text, update_text
from runtime_backend.config import Upstream
from runtime_backend.config.settings import UpstreamKind
from runtime_backend.errors import CommandError, ConfigError
from runtime_backend.formats.toml import loads

URL = "https://example.org/files/my_ext-{}.tar.gz"
ODD = 'a "quoted" \'name\'\n{{with}} braces, \\ and \x7f, [tables] = "x"'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def upstream_of(kind: UpstreamKind = "url", where: str = URL.format("1.0"), **more: Any) -> Upstream:
    """Return a source."""
    given = {"sha256": "a" * 64 if kind == "url" else None, "rev": "b" * 40 if kind == "git" else None}
    return Upstream(kind=kind, where=where, **{**given, "subdirectory": None, "patches": (), "origin": "test", **more})


def package_of(**more: Any) -> Package:
    """Return a package."""
    return Package(**{"name": "my-ext", "version": "1.0", "build_requires": ("setuptools",), **more})


def make(folder: Path, upstream: Upstream, package: Package) -> Path:
    """Make a wrapper."""
    write(folder / "pyproject.toml", make_text(upstream, package))
    return folder


@pytest.mark.parametrize("text", [ODD, '"""', "'''", "x = 1\n[tool]", "{version}", "é\u2028\t\r\n\0"])
def test_text_holds_any_text(text: str) -> None:
    """Names, versions, requirements and URLs are data, and cannot add keys or tables."""
    package = Package(
        name=text,
        version=text,
        requires_python=text,
        dependencies=[text],
        optional_dependencies={text: [text]},
        dynamic=[text],
        build_requires=[text],
        match_runtime=[text],
    )
    upstream = upstream_of("git", text, rev=text, subdirectory=text)
    assert {
        "build-system": {"requires": ["runtime-backend", text], "build-backend": "runtime_backend.build"},
        "project": {
            "name": text,
            "version": text,
            "dynamic": [text],
            "requires-python": text,
            "dependencies": [text],
            "optional-dependencies": {text: [text]},
        },
        "tool": {
            "runtime-backend": {"match-runtime": [text], "source": {"git": text, "rev": text, "subdirectory": text}}
        },
    } == loads(make_text(upstream, package))


@pytest.mark.parametrize("name", ["torch-scatter", "Torch.Scatter", "torch_scatter"])
def test_default_folder(name: str) -> None:
    """The folder has no hyphen, since pip before 26.2 caches the wheels of folders with one."""
    assert Path("wrappers/torch_scatter") == default_folder(name)


@pytest.mark.parametrize(
    ("requirement", "is_for", "is_of_version"),
    [
        ("My.Ext==1.0", True, True),
        ("my-ext==1", True, True),
        ("my-ext==1.1", True, False),
        ("my-ext", True, False),
        ("other==1.0", False, False),
        ("git+https://example.org/x.git", False, False),
        ("my-ext @ git+https://example.org/x.git", True, False),
    ],
)
@pytest.mark.parametrize("kind", ["url", "sdist"])
def test_what_it_is_for(kind: str, requirement: str, *, is_for: bool, is_of_version: bool) -> None:
    """A wrapper's package is known without a network."""
    source = upstream_of() if kind == "url" else upstream_of("sdist", "my-ext == 1.0", sha256="a" * 64)
    folder = make(Path("x"), source, package_of())
    wanted = read_requirement(requirement)
    _, wrapper = find_wrapper(wanted, str(folder))
    assert wrapper is not None
    assert (is_for, is_of_version) == (wrapper.is_for(wanted), wrapper.is_of_version(wanted))
    assert "my-ext 1.0" == str(wrapper)


@pytest.mark.parametrize(
    ("requirement", "folder", "is_there"),
    [
        ("my-ext==2", "wrappers/my-ext", True),  # as an earlier version called it
        ("git+https://example.org/x.git@v2", "wrappers/from_git", True),
        ("git+https://example.org/x.git#subdirectory=sub", "wrappers/from_git", True),
        ("git+https://example.org/x.git#subdirectory=other", None, False),
        ("git+https://example.org/y.git", None, False),
        ("my-other==2", "wrappers/my_other", False),
    ],
)
def test_found(requirement: str, folder: str | None, *, is_there: bool) -> None:
    """A wrapper is found by its package's name or its repository, in a folder of any name."""
    make(Path("wrappers/my-ext"), upstream_of(), package_of())
    source = upstream_of("git", "https://example.org/x.git", subdirectory="sub")
    make(Path("wrappers/from_git"), source, package_of(name="other", version=None, dynamic=("version",)))
    write(Path("wrappers/mine/pyproject.toml"), '[project]\nname = "mine"\n')
    write(Path("wrappers/broken/pyproject.toml"), "[tool.runtime-backend.source]\nurl = 3\n")
    write(Path("wrappers/README"), "")
    found, wrapper = find_wrapper(read_requirement(requirement), None)
    assert (folder, is_there) == (None if found is None else found.as_posix(), wrapper is not None)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x/pyproject.toml", "[project]\n", "x/pyproject.toml: found another package, expected a wrapper or nothing"),
        ("x/pyproject.toml", "tool = 3\n", "x/pyproject.toml: found another package, expected a wrapper or nothing"),
        (
            "x/pyproject.toml",
            "not TOML",
            "x/pyproject.toml: found a file that is not TOML, expected a wrapper or nothing",
        ),
        ("x/setup.py", "", "x/setup.py: found another package, expected a wrapper or nothing"),
        ("x/setup.cfg", "", "x/setup.cfg: found another package, expected a wrapper or nothing"),
        ("x", "", "x: found a file, expected a folder or nothing"),
    ],
)
def test_in_the_way(name: str, text: str, told: str) -> None:
    """A folder with other content is left alone."""
    write(Path(name), text)
    with pytest.raises(CommandError) as caught:
        find_wrapper(read_requirement("a==1"), "x")
    hint = "It is left as it is. Name another folder: runtime-backend wrap REQUIREMENT FOLDER"
    assert f"{told}\n{hint}" == str(caught.value)


def test_wrapper_with_mistakes() -> None:
    """A wrapper with invalid settings is refused."""
    write(Path("x/pyproject.toml"), '[tool.runtime-backend.source]\nurl = "x"\nsha256 = "y"\n')
    with pytest.raises(ConfigError, match=r"x/pyproject\.toml: tool\.runtime-backend\.source\.sha256: "):
        find_wrapper(read_requirement("a==1"), "x")


def test_folder_with_other_things() -> None:
    """Other files, such as a patch, are not in the way."""
    write(Path("x/fix.patch"), "")
    assert (Path("x"), None) == find_wrapper(read_requirement("a==1"), "x")


EDITED = """# mine
[build-system]
requires = ["runtime-backend", "setuptools<80", "cmake<4"]  # cmake 4 breaks it
build-backend = "runtime_backend.build"

[project]
name = "My_Ext"
version = "1.0"
dependencies = ["numpy"]
optional-dependencies = { test = ["pytest"] }

[tool.runtime-backend]
match-runtime = ["torch>=2"]

[tool.runtime-backend.env]
MAX_JOBS = "2"  # a small machine

[tool.runtime-backend.source]
url = "https://example.org/files/my_ext-1.0.tar.gz"
sha256 = "AAAA"
patches = ["fix.patch"]  # sent upstream
""".replace("AAAA", "a" * 64)


def update(text: str, upstream: Upstream, package: Package) -> tuple[str, list[str]]:
    """Return a wrapper's text after an update."""
    write(Path("x/pyproject.toml"), text)
    write(Path("x/fix.patch"), "")
    _, wrapper = find_wrapper(read_requirement("my-ext==2"), "x")
    assert wrapper is not None
    return update_text(wrapper, upstream, package)


def test_update_keeps_what_the_person_wrote() -> None:
    """Source and metadata are replaced; patches, settings, comments and additions stay."""
    package = package_of(version="2.0", requires_python=">=3.10", match_runtime=("torch>=2.4",))
    text, notes = update(EDITED, upstream_of(where=URL.format("2.0"), sha256="c" * 64), package)
    expected = EDITED.replace('"setuptools<80", "cmake<4"', '"setuptools", "cmake<4"').replace("torch>=2", "torch>=2.4")
    expected = expected.replace("1.0.tar", "2.0.tar").replace("a" * 64, "c" * 64).replace('"1.0"', '"2.0"')
    kept = ("# mine", "MAX_JOBS", "patches =", "build-backend =")
    assert [line for line in text.splitlines() if line.startswith(kept)] == [
        line for line in EDITED.splitlines() if line.startswith(kept)
    ]
    document = loads(expected)
    document["project"] = {"name": "My_Ext", "version": "2.0", "requires-python": ">=3.10"}
    assert document == loads(text)
    assert ["build-system.requires keeps 'cmake<4', which my-ext does not require"] == notes


def test_update_to_git() -> None:
    """A wrapper may change from an index to a repository; an obsolete guard stays, with a note."""
    package = package_of(version=None, dynamic=("version",), optional_dependencies={"a": ["b"]})
    source = upstream_of("git", "https://example.org/x.git", subdirectory="sub")
    text, notes = update(EDITED, source, package)
    document = loads(text)
    assert {
        "patches": ["fix.patch"],
        "git": "https://example.org/x.git",
        "rev": "b" * 40,
        "subdirectory": "sub",
    } == document["tool"]["runtime-backend"]["source"]
    assert {"name": "My_Ext", "dynamic": ["version"], "optional-dependencies": {"a": ["b"]}} == document["project"]
    assert ["torch>=2"] == document["tool"]["runtime-backend"]["match-runtime"]
    assert "match-runtime stays ['torch>=2']: my-ext names no versions of torch" == notes[1]


def test_update_of_a_wrapper_that_carries_the_shim() -> None:
    """A vendored shim is not added to the requirements."""
    text = EDITED.replace('"runtime-backend", ', "").replace('"runtime_backend.build"', '"runtime_backend.build"\n')
    text = text.replace("\n\n[project]", '\nbackend-path = ["_vendor"]\n\n[project]', 1)
    after, _ = update(text, upstream_of(), package_of())
    assert ["setuptools", "cmake<4"] == loads(after)["build-system"]["requires"]


def test_update_of_what_is_left_of_a_wrapper() -> None:
    """Removed tables are added again."""
    left = EDITED[EDITED.index("[tool.runtime-backend]") :]
    after, _ = update(left, upstream_of(), package_of())
    assert ["runtime-backend", "setuptools"] == loads(after)["build-system"]["requires"]
    assert {"name": "my-ext", "version": "1.0"} == loads(after)["project"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_update_to_the_same(newline: str) -> None:
    """An unchanged wrapper keeps every byte, including line ends."""
    package = package_of(match_runtime=("torch>=2",), dependencies=("numpy",))
    text = make_text(upstream_of(), package).replace("\n", newline)
    assert (text, []) == update(text, upstream_of(), package)
    after, _ = update(text, upstream_of(), package._replace(version="2"))
    assert text.replace('1.0"', '2"') == after
