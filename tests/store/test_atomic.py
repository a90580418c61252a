"""Writing in one step: the complete new content, or the old."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from renaming import failing_rename
from standins import write as write_text

from runtime_backend.store.atomic import replacing, replacing_folder, unfinished, write
from runtime_backend.store.holding import lock_of


def test_write(tmp_path: Path) -> None:
    """A file is written or replaced; a reader that has it open still sees the old content."""
    path = tmp_path / "x"
    write(path, b"one")
    with path.open("rb") as old:
        write(path, b"two")
        assert (b"one", b"two") == (old.read(), path.read_bytes())
    assert ["x"] == os.listdir(tmp_path)


def test_new_name(tmp_path: Path) -> None:
    """Each unfinished file has its own name, from which the sweeping derives the path."""
    path = tmp_path / "x"
    with replacing(path) as one, replacing(path) as other:
        assert one != other
        assert lock_of(path) == lock_of(one)
        one.write_text("1")
        other.symlink_to("nowhere")
    assert (["x"], "1") == (os.listdir(tmp_path), path.read_text())


@pytest.mark.parametrize("kind", ["nothing", "file", "link", "folder"])
def test_stopped(kind: str, tmp_path: Path) -> None:
    """After any interruption, the old content stays, and nothing of the new is left."""
    path = write_text(tmp_path / "x", "old")

    def stop() -> None:
        with replacing(path) as new:
            if kind == "file":
                new.write_text("half")
            elif kind == "link":
                new.symlink_to(tmp_path)
            elif kind == "folder":
                write_text(new / "a/b", "half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert (["x"], "old") == (os.listdir(tmp_path), path.read_text())


def test_not_replaced(tmp_path: Path) -> None:
    """A folder at the path stays with its content, and the system's error is raised."""
    write_text(tmp_path / "x/y", "old")
    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "x", b"new")
    assert (["x"], "old") == (os.listdir(tmp_path), (tmp_path / "x/y").read_text())


def test_unfinished(tmp_path: Path) -> None:
    """A file that was moved away stays; one that was not is removed."""
    with unfinished(tmp_path / "x") as new:
        write_text(new / "site/a", "a")
        write_text(new / "scratch/b", "b")
        (new / "site").replace(tmp_path / "x")
    assert (["x"], ["a"]) == (os.listdir(tmp_path), os.listdir(tmp_path / "x"))


def test_folder(tmp_path: Path) -> None:
    """A folder is replaced in one step, and what a killed process left is removed; other folders stay."""
    folder, other = tmp_path / "x", tmp_path / ".new-x-y-0a1b2c3d"
    write_text(folder / "old", "")
    write_text(tmp_path / ".new-x-0a1b2c3d/half", "")
    write_text(other / "kept", "")
    with replacing_folder(folder) as new:
        write_text(new / "fresh", "")
        assert ["old"] == os.listdir(folder)
    assert ["fresh"] == os.listdir(folder)
    assert {"x", other.name} == {*os.listdir(tmp_path)}


@pytest.mark.parametrize(("renames", "is_there"), [(0, False), (1, False), (0, True), (1, True), (2, True)])
def test_folder_that_cannot_be_replaced(renames: int, is_there: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    """Whatever fails, the folder is as it was, and nothing is left next to it."""
    folder = tmp_path / "x"
    if is_there:
        write_text(folder / "old", "")
    with suppress(OSError, ZeroDivisionError), failing_rename(renames, OSError), replacing_folder(folder) as new:
        write_text(new / "fresh", "")
        if not renames:
            raise ZeroDivisionError
    assert ({"x"} if is_there else set()) == {*os.listdir(tmp_path)}
    assert not is_there or ["old"] == os.listdir(folder)
