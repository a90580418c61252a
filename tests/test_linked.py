"""Folders of links at a stable path: links and small files, for good or for one build at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import blocked, write

from runtime_backend.errors import CudaError
from runtime_backend.linked import LinkedFolder, digest, safe_name


def refuse(error: OSError) -> CudaError:
    """Return a refusal."""
    return CudaError(f"refused: {error}")


def make_target(folder: Path, text: str = "") -> Path:
    """Return a folder with a file in it."""
    return write(folder / "file", text).parent


def passing(tmp_path: Path, environment: str) -> LinkedFolder:
    """Return a folder that leads into a build environment."""
    target = make_target(tmp_path / environment / "torch", environment)
    return LinkedFolder(path=tmp_path / "cache/x", targets={"torch": target}, is_passing=True)


def test_links_and_files(tmp_path: Path) -> None:
    """Below the path lie the links, in folders where their names have slashes, and the files with their texts."""
    target = make_target(tmp_path / "torch")
    folder = LinkedFolder(path=tmp_path / "cache/x", targets={"a/b": target, "lib64": Path("a")}, texts={"c/d": "é"})
    with folder.shown(refuse) as shown:
        assert folder.path == shown
    assert (target, Path("a"), "é") == (
        (shown / "a/b").readlink(),
        (shown / "lib64").readlink(),
        (shown / "c/d").read_text("utf-8"),
    )
    assert (shown / "lib64/b/file").is_file()


def test_other_content_is_held_elsewhere(tmp_path: Path) -> None:
    """Where a link leads, and what a file holds, tell one held folder from another at the same path."""
    folders = [
        LinkedFolder(path=tmp_path / "x", targets=targets, texts=texts)
        for targets, texts in (({}, {}), ({"a": Path("/a")}, {}), ({"a": Path("/b")}, {}), ({}, {"a": "/a"}))
    ]
    assert 4 == len({folder.held for folder in folders})
    assert {tmp_path / ".held"} == {folder.held.parent for folder in folders}


def test_passing_folder(tmp_path: Path) -> None:
    """What leads into a build environment is at the stable path for the time of the build, and gone afterwards."""
    folder = passing(tmp_path, "env")
    with folder.shown(refuse) as shown:
        assert (folder.path, "env") == (shown, (shown / "torch/file").read_text("utf-8"))
    assert [".held", ".x.lock"] == sorted(os.listdir(tmp_path / "cache"))
    assert [] == os.listdir(tmp_path / "cache/.held")
    assert (tmp_path / "env/torch/file").is_file()


def test_passing_folders_of_killed_builds(tmp_path: Path) -> None:
    """What a killed build has left goes after two days; what a running one has, stays."""
    folder = passing(tmp_path, "env")
    for name in (".passing-old", ".passing-running"):
        write(folder.held.parent / name / "x", "")
    os.utime(folder.held.parent / ".passing-old", (1, 1))
    with folder.shown(refuse):
        assert [".passing-running", folder.held.name] == sorted(os.listdir(folder.held.parent), key=len)


def test_two_passing_folders_at_once(tmp_path: Path) -> None:
    """A second build that runs meanwhile uses the other path; each leaves the other's alone."""
    first, second = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    with first.shown(refuse) as one:
        with second.shown(refuse) as two:
            assert (first.path, second.held) == (one, two)
            assert ["env-a", "env-b"] == [(shown / "torch/file").read_text("utf-8") for shown in (one, two)]
        assert not two.exists()
        assert "env-a" == (one / "torch/file").read_text("utf-8")
    with second.shown(refuse) as again:
        assert (second.path, "env-b") == (again, (again / "torch/file").read_text("utf-8"))
    assert [".held", ".x.lock"] == sorted(os.listdir(tmp_path / "cache"))


def test_second_that_outlives_the_first(tmp_path: Path) -> None:
    """The first build's end takes nothing from the second."""
    first, second = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    one = first.shown(refuse)
    one.__enter__()
    with second.shown(refuse) as two:
        one.__exit__(None, None, None)
        assert "env-b" == (two / "torch/file").read_text("utf-8")
    assert [] == os.listdir(tmp_path / "cache/.held")


def test_passing_folder_of_a_killed_build(tmp_path: Path) -> None:
    """What a killed build has left is used again, or replaced."""
    killed, folder = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    killed.show()
    with folder.shown(refuse) as shown:
        assert (folder.path, "env-b") == (shown, (shown / "torch/file").read_text("utf-8"))


def test_failing_build(tmp_path: Path) -> None:
    """A build that fails leaves nothing either, and its own error stays as it is."""
    folder = passing(tmp_path, "env")
    with pytest.raises(OSError, match=r"^the build's own$"), folder.shown(refuse):
        raise OSError("the build's own")
    assert (False, []) == (folder.path.is_symlink(), os.listdir(tmp_path / "cache/.held"))


@pytest.mark.parametrize("is_passing", [False, True])
def test_refusals(is_passing: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """What cannot be written is told as the owner of the folder tells it; a folder in its place is left alone."""
    for path in (blocked(tmp_path) / "x", write(tmp_path / "taken/somebody's", "").parent):
        folder = LinkedFolder(path=path, targets={}, is_passing=is_passing)
        with pytest.raises(CudaError, match=r"^refused: \[Errno \d+\] "), folder.shown(refuse):
            raise AssertionError
    assert (tmp_path / "taken/somebody's").is_file()


def test_digest_takes_any_path() -> None:
    """A path that is no UTF-8 has a digest, too; texts are told apart from their join."""
    assert 16 == len(digest([os.fsdecode(b"/x\xff")]))
    assert digest(["a", "b"]) != digest(["ab"])


def test_safe_name() -> None:
    """What a shell or a pattern would take for its own is a full stop."""
    assert "torch-2.7.0.cu126.x" == safe_name("torch-2.7.0+cu126 $(*)x")
