"""How the text of files leads out of their tree."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from runtime_backend.wheel_store.outside import find_above, find_upward, is_code, list_places


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("setup.py", "", None),
        ("setup.py", "x = '...' + '.'  # a..b", None),
        ("setup.py", "join(here, '..')", ".."),
        ("setup.py", 'join(here, "..", "..")', '..", "..'),
        ("setup.py", "here + '/..'", ".."),
        ("setup.py", "open('../x'), join('..', '../x')", ".."),
        ("setup.py", "open('../x'), '../y'", None),
        ("setup.py", "os.path.join(here, os.pardir)", "pardir"),
        ("setup.py", "os.pardir, os.pardir", "pardir, os.pardir"),
        ("setup.py", "Path(__file__).parent", None),
        ("setup.py", "Path(__file__).parent.parent", ".parent.parent"),
        ("setup.py", "Path(__file__).parent.parents", None),
        ("setup.py", "Path(__file__).parents[0]", None),
        ("setup.py", "Path(__file__).parents[1]", "parents[1"),
        ("setup.py", "os.path.dirname(os.path.abspath(__file__))", None),
        ("setup.py", "os.path.dirname(os.path.dirname(os.path.abspath(__file__)))", "dirname(dirname(__file__"),
        ("setup.py", "dirname(dirname(nvcc)); x = dirname(__file__)", None),
        ("tools/x.py", "join(here, '..')", None),
        ("tools/x.py", "Path(__file__).parent.parent", None),
        ("tools/x.py", "Path(__file__).parents[1]", None),
        ("tools/x.py", "Path(__file__).parents[2]", "parents[2"),
        ("tools/x.py", "Path(__file__).parent.parent.parent", ".parent.parent.parent"),
        ("tools/x.py", "root = dirname(dirname(__file__)); join(root, '..')", "dirname(dirname(__file__"),
        ("../shared/x.py", "join(here, '..')", ".."),
        ("CMakeLists.txt", "include_directories(${CMAKE_SOURCE_DIR}/..)", ".."),
        ("meson.build", "include_directories('..')", ".."),
        ("x.cmake", "# 1..2 and ... and a..", None),
        ("sub/CMakeLists.txt", "include_directories(..)", None),
        ("build.sh", "cd build && cmake ..", None),
    ],
)
def test_find_above(path: str, text: str, found: str | None) -> None:
    """A script that goes up more folders than it is deep leaves the tree."""
    assert found == find_above(path, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", set()),
        (b"a/b ./c ..", set()),
        (b'"../a/b.h" <../../c> x/../d', {b"../a/b.h", b"../../c", b"../d"}),
        (b"../a ../a", {b"../a"}),
    ],
)
def test_find_upward(text: bytes, found: set[bytes]) -> None:
    """Paths that go up are found, each once."""
    assert found == find_upward(io.BytesIO(text))


@pytest.mark.parametrize(
    ("upward", "places"),
    [
        (b"../x", ["/a/b/x"]),
        (b"../../x/y.h", ["/a/b/x/y.h", "/a/x/y.h"]),
        (b"../../../../../x", ["/a/b/x", "/a/x"]),
        (b"../..", []),
        (b"../", []),
        (b"../x/../../y", ["/a/b/x/../../y"]),
    ],
)
def test_list_places(upward: bytes, places: list[str]) -> None:
    """A path may start in any folder of the tree; neither the root nor a folder without a name is guessed."""
    assert places == [str(place) for place in list_places(upward, Path("/a/b/c"))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.cu", True), ("A.CPP", True), ("x/Cargo.toml", True), ("a.png", False), ("README.md", False)],
)
def test_is_code(name: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """Paths are looked for in what compilers and build tools read."""
    assert expected == is_code(name)
