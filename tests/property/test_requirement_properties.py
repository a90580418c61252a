"""What holds for any requirements file and any Pipfile.lock."""

from __future__ import annotations

import contextlib
import json
import shlex
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from platforms import make_platform
from property.strategies import FAST, documents
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.formats.requirements import read_requirements
from runtime_backend.formats.requirements.options import split_words
from runtime_backend.locks import find_locked

LINUX = make_platform("linux-x86_64", "3.11")
WORDS = st.sampled_from(
    ["torch", "==2.7.0", "==2.7.0+cpu", "===x", ">=2", " ; ", "sys_platform == 'linux'", " @ ", "https://h/", "[x]", "(",
     "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "file:", "git+", "#egg=torch", "#sha256=ab", "./", "\\\n",
     " --hash=sha256:ab", "--hash", "-r ", "-c ", "-e ", "requirements.txt", "other.txt", "--index-url ", "--", "-", "'",
     '"', "--extra-index-url=", "--no-index", "\n", "\n", "\n", " # ", "    # from https://h/", "${TORCH}", "\ufeff",
     "# coding: ascii\n", "# coding: x\n", "\0", "\ud800", "\u2028", "%"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(max_size=3), max_size=14).map("".join)
FILES = TEXTS.map(lambda text: text.encode("utf-8", errors="surrogatepass")) | st.binary(max_size=12)
PIPFILE_KEYS = ["version", "index", "markers", "hashes", "file", "path", "git", "ref", "extras", "name", "url"]


@FAST
@given(FILES, FILES)
def test_requirements_raise_lock_errors_only(one: bytes, two: bytes) -> None:
    """Whatever a requirements file holds, it is lines and problems with their places, or a LockError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_bytes(one)
        (Path(folder) / "other.txt").write_bytes(two)
        with contextlib.suppress(LockError):
            found = read_requirements(path, {"TORCH": "torch==1"})
            places = [line.origin for line in found.lines] + list(found.problems)
            assert all(place.startswith(folder) for place in places)
        with contextlib.suppress(LockError):
            for locked in find_locked(path, "torch", Selection(), LINUX):
                assert locked.version == "" or Version(locked.version).release
                assert locked.url is None or locked.wanted is None


@FAST
@given(documents(PIPFILE_KEYS), documents(PIPFILE_KEYS), st.lists(documents(PIPFILE_KEYS), max_size=2))
def test_pipfile_locks_raise_lock_errors_only(
    one: dict[str, Any], two: dict[str, Any], sources: list[dict[str, Any]]
) -> None:
    """Whatever a Pipfile.lock holds, it is answers of the right types, or a LockError."""
    document = {"_meta": {"pipfile-spec": 6, "sources": sources}, "default": {"torch": one}, "develop": two}
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LockError):
        path = write(Path(folder) / "Pipfile.lock", json.dumps(document))
        for locked in find_locked(path, "torch", Selection(groups=frozenset({"dev"})), LINUX):
            assert locked.version == "" or Version(locked.version).release
            assert (locked.url is None) or (locked.wanted is None and locked.missing is None)


@FAST
@given(st.text(alphabet="ab '\"\\\t\n#-=", max_size=20))
def test_words_are_those_of_a_shell(text: str) -> None:
    """Words are cut as the standard library's slow reader cuts them."""
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(ValueError, match="found an open quote"):
            split_words(text)
        return
    assert expected == split_words(text)
