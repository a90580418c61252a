"""Python that is not run: parsing, and names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from runtime_backend.errors import FileError
from runtime_backend.formats.python import (
    dotted_name,
    find_python,
    find_setup_calls,
    imported_modules,
    imported_names,
    last_name,
    read_python,
)


def expression(text: str) -> ast.expr:
    """Return a parsed expression."""
    return ast.parse(text, mode="eval").body


def test_read(tmp_path: Path) -> None:
    """A file is read with its encoding or byte order mark, and without warnings."""
    path = tmp_path / "setup.py"
    for content in (b"\xef\xbb\xbfx = 'a\\d'\n", b"# coding: latin-1\nx = '\xfc'\n"):
        path.write_bytes(content)
        tree = find_python(path)
        assert tree is not None
        assert ["x"] == [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"x = 1\nprint 'x'\n", "line 2: found no Python 3"),
        (b"x = '\xfc'\n", "line 1: found no Python 3"),
        (b"x = " + b"(" * 5000, None),
        (b"\0", None),
    ],
)
def test_no_python(content: bytes | None, told: str | None, tmp_path: Path) -> None:
    """Invalid Python is an error or None."""
    path = tmp_path / "setup.py"
    if content is not None:
        path.write_bytes(content)
    assert find_python(path) is None
    with pytest.raises(FileError) as caught:
        read_python(path)
    assert str(caught.value) == f"{path}: {told}" if told else str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "dotted", "last"),
    [
        ("a", "a", "a"),
        ("a.b.c", "a.b.c", "c"),
        ("a().b", "", "b"),
        ("a[0]", "", ""),
        ("a()", "", ""),
        ("'x'.join", "", "join"),
    ],
)
def test_names(text: str, dotted: str, last: str) -> None:
    """Names are returned as written; other expressions have none."""
    assert (dotted, last) == (dotted_name(expression(text)), last_name(expression(text)))


def test_imports() -> None:
    """Modules of the package itself are not returned."""
    lines = ["import a.b, c", "from d.e import f as g", "from . import h", "from .i import j", "x = 1"]
    nodes = [ast.parse(line).body[0] for line in lines]
    assert [["a.b", "c"], ["d.e.f"], ["h"], ["i.j"], []] == [imported_names(node) for node in nodes]
    assert [["a", "c"], ["d"], [], [], []] == [imported_modules(node) for node in nodes]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("setup()\nif 1:\n    setuptools.setup()\ndistutils.core.setup()", 3),
        ("import skbuild as s, other as o\ns.setup()\no.setup()", 1),
        ("from numpy.distutils.core import setup as make, Extension as e\nmake()\ne()", 1),
        ("from other import setup as make\nmake()", 0),
        ("x.setup()\nsetup\nsetup()()", 1),
    ],
)
def test_setup_calls(text: str, count: int) -> None:
    """Setup() is found under any name."""
    assert count == len(find_setup_calls(ast.parse(text)))
