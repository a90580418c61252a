"""What holds for the digest of any source tree."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from property.strategies import FAST

from runtime_backend.wheel_store.source import read_source

PARTS = st.sampled_from(["a", "b", "setup.py", "a.cu", "src", "build", "x=y", "-> a", "é", "a b"])
TREES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join),
    st.sampled_from([b"", b"a", b"b", b"import a\n", b"\xff", b"../a"]),
    min_size=1,
    max_size=5,
)


def write_tree(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """Write the files that can be next to each other, in their order; return them."""
    written = {}
    for name, content in files.items():
        path = folder / name
        if path.exists() or any((folder / above).is_file() for above in Path(name).parents if above.name):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written[name] = content
    return written


def digest_of(files: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """Return the digest of a tree, and the files in it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "around/tree")
        tree.mkdir(parents=True)
        written = write_tree(tree, files)
        return read_source(tree).digest, written


@pytest.mark.once
@FAST
@given(TREES, st.randoms(use_true_random=False))
def test_order_of_files(files: dict[str, bytes], choose: Random) -> None:
    """The order in which files are made does not change the digest."""
    before, written = digest_of(files)
    names = sorted(written)
    choose.shuffle(names)
    assert before == digest_of({name: written[name] for name in names})[0]


@pytest.mark.once
@FAST
@given(TREES, TREES)
def test_different_trees(files: dict[str, bytes], others: dict[str, bytes]) -> None:
    """Two trees have the same digest only if they have the same files."""
    first, written = digest_of(files)
    second, written_too = digest_of(others)
    assert (written == written_too) == (first == second)


@pytest.mark.once
@FAST
@given(TREES, st.integers(0, 9), st.binary(max_size=2))
def test_any_change(files: dict[str, bytes], number: int, content: bytes) -> None:
    """A change of any one file changes the digest, and is found as a change during a build."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "around/tree")
        tree.mkdir(parents=True)
        written = write_tree(tree, files)
        before = read_source(tree)
        name = sorted(written)[number % len(written)]
        (tree / name).write_bytes(content)
        is_same = content == written[name]
        assert is_same == (read_source(tree).digest == before.digest)
        assert (None if is_same else name) == before.find_changed()
