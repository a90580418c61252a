"""Reading the arguments of a command: requirements, wheels, folders, archives, and the package that is built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from test_proof import Desk

from runtime_backend.config import is_exact
from runtime_backend.resolve.naming import Named, names_package, read_word
from runtime_backend.resolve.package import Package

WHEEL = "torch-2.7.0+cpu-cp311-cp311-linux_x86_64.whl"
URL = f"https://example.org/{WHEEL.replace('+', '%2B')}"
EXTRAS = frozenset({"cuda", "te-st"})


@pytest.mark.parametrize(
    ("word", "url", "extras"),
    [
        (URL, URL, []),
        (f"{URL}#sha256=ab", f"{URL}#sha256=ab", []),
        (f"{URL}?x=1", f"{URL}?x=1", []),
        (f"{URL}?x=1#sha256=ab", f"{URL}?x=1#sha256=ab", []),
        (f"{URL}[opt]", URL, ["opt"]),
        (f"./{WHEEL}", "{here}/" + WHEEL.replace("+", "%2B"), []),
        (f"{WHEEL}[opt,more]", "{here}/" + WHEEL.replace("+", "%2B"), ["more", "opt"]),
        (f"/wheels/{WHEEL}", f"file:///wheels/{WHEEL.replace('+', '%2B')}", []),
        (f"file:///wheels/{WHEEL}", f"file:///wheels/{WHEEL}", []),
        (f"torch @ {URL}#sha256=ab", f"{URL}#sha256=ab", []),
        (f"torch[opt] @ {URL}?x=1", f"{URL}?x=1", ["opt"]),
    ],
)
def test_wheels(word: str, url: str, extras: list[str], tmp_path: Path) -> None:
    """The path or URL of a wheel is read as a requirement with the name in the file name."""
    named = read_word(word, [tmp_path])
    assert named.requirement is not None
    assert ("torch", frozenset(extras)) == (named.project, named.extras)
    assert url.replace("{here}", tmp_path.as_uri()) == named.requirement.url
    assert is_exact(named.requirement)


@pytest.mark.parametrize(
    ("word", "project"),
    [
        ("torch.whl", None),
        ("https://example.org/torch.whl", None),
        ("https://example.org/torch.whl?x=1#sha256=ab", None),
        ("torch @ https://example.org/torch.whl", "torch"),
        (f"./{WHEEL}#sha256=ab", None),
        ("https://[x/torch-1-py3-none-any.whl", None),
        ("torch @ https://[x/torch-1-py3-none-any.whl", "torch"),
        ("git+https://example.org/x.git#subdirectory=a&egg=torch[opt]", "torch"),
        ("https://example.org/torch-1.tar.gz#sha256=ab", "torch"),
        ("a\0b", None),
        ("\udcff", None),
        ("x" * 5000, "x" * 5000),
        ("torch-" + "1" * 5000 + "-py3-none-any.whl", None),
        ("torch==" + "1" * 5000, None),
        ("-", None),
        ("[", None),
    ],
)
def test_other_words(word: str, project: str | None, tmp_path: Path) -> None:
    """Any text can be read as an argument."""
    named = read_word(word, [tmp_path])
    assert (project, None) == (named.project, named.folder)


@pytest.mark.parametrize(
    ("text", "expected"), [("torch @ https://e.org/torch.whl", True), ("torch @ http://[x/a.whl", False)]
)
def test_exact(text: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """The URL of any wheel is exact; a range of versions is not."""
    assert expected == is_exact(Requirement(text))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Ext[Cuda,te_st]>=1", Named(requirement=Requirement("Ext[Cuda,te_st]>=1"), project="ext", extras=EXTRAS)),
        ("git+https://h/x.git#egg=Ext_A[Cuda,te_st]", Named(project="ext-a", extras=EXTRAS)),
        ("git+https://h/x.git#subdirectory=s&egg=ext", Named(project="ext")),
        ("git+https://h/x.git", Named()),
        ("https://h/ext_a-1.0.tar.gz#sha256=ab", Named(project="ext-a")),
        ("dist/ext-1.0.zip[cuda, te.st]", Named(project="ext", extras=EXTRAS)),
        ("two\nlines", Named()),
    ],
)
def test_words(word: str, expected: Named, tmp_path: Path) -> None:
    """Requirements, repositories and archives have their names and extras."""
    assert expected == read_word(word, [tmp_path])


@pytest.mark.parametrize("name", ["plain", "a#b", "a%20b", "a b"])
def test_folders(name: str, tmp_path: Path) -> None:
    """A path is taken literally; a ``file:`` URL is unquoted."""
    folder = tmp_path / name
    folder.mkdir()
    bases = [tmp_path / "elsewhere", tmp_path]
    assert Named(folder=folder) == read_word(f"./{name}", bases)
    assert Named(folder=folder, extras=EXTRAS) == read_word(f"./{name}[Cuda,te_st]", bases)
    assert Named(folder=folder) == read_word(folder.as_uri(), bases)
    assert Named(folder=folder) == read_word(f"{folder.as_uri()}#egg", bases)
    by_name = read_word(f"ext @ {folder.as_uri()}", bases)
    assert ("ext", folder) == (by_name.project, by_name.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk."""
    return Desk(tmp_path)


def is_named(desk: Desk, *words: str) -> bool:
    """Return whether a command names the package ``ext`` next to the desk."""
    package = Package(name="ext", source=desk.source, dependencies=(), extras={})
    return names_package(desk.command(*words), package)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ext\n", True),
        ("numpy\n", False),
        ("other @ file://${PWD}/../source\n", True),
        ("ext @ file://${PWD}/other\n", False),
        ("../source\n", True),
        ("./other\n", False),
        ("git+https://h/x.git\n", True),
    ],
)
def test_file(text: str, expected: bool, desk: Desk) -> None:  # noqa: FBT001 - a column
    """A requirements file names the package by its name or its folder; the folder wins."""
    desk.other()
    desk.file(text)
    assert expected == is_named(desk, "-r", "requirements.txt")


@pytest.mark.parametrize("name", ["gone.txt", "pipe"])
def test_file_that_is_not_read(name: str, desk: Desk) -> None:
    """A missing file may name any package; so may a stream, which only the frontend can read."""
    os.mkfifo(desk.cwd / "pipe")
    assert is_named(desk, "-r", name)
