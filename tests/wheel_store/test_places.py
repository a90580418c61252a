"""Describing folders that variables name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import places
from runtime_backend.wheel_store.places import describe_place


def test_nothing(tmp_path: Path) -> None:
    """A missing path, an empty folder and a pipe have no description."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    assert [None] * 3 == [describe_place(tmp_path / name) for name in ("missing", "empty", "pipe")]


def test_changes(tmp_path: Path) -> None:
    """Another name, size, time or link is another description; the order of listing is not."""
    write(tmp_path / "lib/a.h", "")
    os.utime(tmp_path / "lib/a.h", (1, 1))
    write(tmp_path / "v1/b.h", "")
    (tmp_path / "lib/current").symlink_to("../v1")
    found = [describe_place(tmp_path / "lib")] * 2
    os.utime(tmp_path / "lib/a.h", (2, 2))
    found.append(describe_place(tmp_path / "lib"))
    write(tmp_path / "lib/sub/c.h", "x")
    found.append(describe_place(tmp_path / "lib"))
    (tmp_path / "lib/current").unlink()
    (tmp_path / "lib/current").symlink_to("../v2")
    found.append(describe_place(tmp_path / "lib"))
    assert 4 == len({*found})


def test_file(tmp_path: Path) -> None:
    """A file is described by its size and time."""
    path = write(tmp_path / "a", "")
    before = describe_place(path)
    write(path, "x")
    assert None is not before != describe_place(path)


def test_conda(tmp_path: Path) -> None:
    """An environment of conda, which has many files, is described by its packages."""
    write(tmp_path / "conda-meta/eigen-3.4-0.json", "")
    write(tmp_path / "conda-meta/history", "")
    before = describe_place(tmp_path)
    write(tmp_path / "include/x", "")
    assert before == describe_place(tmp_path)
    write(tmp_path / "conda-meta/zlib-1-0.json", "")
    assert before != describe_place(tmp_path)


def test_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many files are not compared."""
    monkeypatch.setattr(places, "MOST_FILES", 2)
    for name in "ab":
        write(tmp_path / name, "")
    assert describe_place(tmp_path) is not None
    write(tmp_path / "c", "")
    with pytest.raises(NoAnswer) as caught:
        describe_place(tmp_path)
    assert f"{tmp_path}, which a variable or a build script names, has more than 2 files to compare" == str(
        caught.value
    )


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed is a reason to store nothing."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "x", str(path))

    monkeypatch.setattr(places.os, "scandir", refuse)
    with pytest.raises(NoAnswer, match=rf"^{tmp_path} cannot be read: "):
        describe_place(tmp_path)
