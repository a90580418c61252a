"""Packing our own sdist, and what a release must agree on."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from integration.distributions import find_disagreement, hashes_of, repack
from runtime_backend import __version__

pytestmark = pytest.mark.once


def pack(path: Path, names: Sequence[str], mtime: int, mode: int, owner: str) -> Path:
    """Write an sdist whose folder and files have this order, time, mode and owner."""
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type = tarfile.REGTYPE if "/" in name else tarfile.DIRTYPE
            member.mtime, member.mode, member.uname, member.uid = mtime, mode, owner, len(owner)
            content = name.encode() if member.isfile() else b""
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_repack(tmp_path: Path) -> None:
    """Order, times, modes and owners of the files do not change the bytes, and nothing of the content is lost."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one = pack(tmp_path / "a/x-1.tar.gz", ["x-1", "x-1/a.py", "x-1/b.py"], 1, 0o664, "me")
    two = pack(tmp_path / "b/x-1.tar.gz", ["x-1", "x-1/b.py", "x-1/a.py"], 2, 0o600, "other")
    assert hashes_of(one.parent) != hashes_of(two.parent)
    for path in (one, two):
        repack(path, 1_700_000_000)
    assert hashes_of(one.parent) == hashes_of(two.parent)
    with tarfile.open(one) as tar:
        found = [(member.name, member.mode, member.mtime, member.uname, member.uid) for member in tar]
        assert [("x-1", 0o755), ("x-1/a.py", 0o644), ("x-1/b.py", 0o644)] == [entry[:2] for entry in found]
        assert {(1_700_000_000, "", 0)} == {entry[2:] for entry in found}
        file = tar.extractfile("x-1/b.py")
        assert file is not None
        assert b"x-1/b.py" == file.read()


@pytest.mark.parametrize(
    ("tag", "heading", "expected"),
    [
        (f"v{__version__}", f"{__version__}, 2026-12-01", None),
        (
            f"v{__version__}",
            f"{__version__}, not released yet",
            f"CHANGELOG.md: found the heading '{__version__}, not released yet', expected '{__version__}, YEAR-MONTH-DAY'",
        ),
        (
            "v99",
            f"{__version__}, 2026-12-01",
            f"found the tag v99, expected v{__version__}, the version in runtime_backend/__init__.py",
        ),
    ],
)
def test_disagreement(tag: str, heading: str, expected: str | None) -> None:
    """A release needs a tag of its version, and a changelog with its date."""
    assert expected == find_disagreement(tag, f"# Changelog\n\n## {heading}\n\nText.\n\n## 0.0.1, 2020-01-01\n")
