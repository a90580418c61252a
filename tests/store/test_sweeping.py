"""Removing unused entries of the cache, and what killed processes left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write
from test_holding import another

from runtime_backend.store import sweeping
from runtime_backend.store.holding import aside, in_use
from runtime_backend.store.sweeping import Left, prune, sweep

KINDS = ("fetched/torch-2", "toolkits/cuda-13", "sources/flash.tar", "asked/5f1c", "verified/9f86", "overlays/.held/x")


@pytest.mark.parametrize("path", KINDS)
def test_sweep(path: str, tmp_path: Path) -> None:
    """Unfinished entries of ended processes are removed at once; those of running ones stay."""
    (tmp_path / path).parent.mkdir(parents=True)
    new = aside(tmp_path / path)
    write(new / "torch/x", "")
    with another("exclusively", tmp_path / path) as process:
        sweep(tmp_path)
        assert new.is_dir()
        process.kill()
        process.wait()
        sweep(tmp_path)
        assert not new.exists()
    assert [] == os.listdir((tmp_path / path).parent)


@pytest.mark.parametrize("name", ["sources/tree-9c8d", "cuda/.held/.passing-x-77ab"])
def test_sweep_of_what_goes_with_its_build(name: str, tmp_path: Path) -> None:
    """Temporary trees and links of ended builds are removed, too."""
    write(tmp_path / name / "x", "")
    with another("in_use", tmp_path / name):
        sweep(tmp_path)
        assert (tmp_path / name).is_dir()
    sweep(tmp_path)
    assert [] == os.listdir((tmp_path / name).parent)


@pytest.mark.parametrize(
    "name", [".old-17-index", "fetched/.new-17-torch-2.7.0", "sources/.git-abcd", "overlays/.held/.new-17-5"]
)
def test_sweep_after_an_earlier_version(name: str, tmp_path: Path) -> None:
    """Entries without a lock are of an earlier version, and removed after two days."""
    write(tmp_path / name / "x", "")
    sweep(tmp_path)
    assert (tmp_path / name).is_dir()
    os.utime(tmp_path / name, (1, 1))
    sweep(tmp_path)
    assert not (tmp_path / name).exists()


def test_sweep_leaves_the_rest(tmp_path: Path) -> None:
    """Finished and unreadable entries stay; a missing cache is ignored."""
    sweep(tmp_path / "nowhere")
    for name in ("fetched/torch-2/.new-x", "builds/2026-pkg-1", "index/x.json"):
        write(tmp_path / name / "x", "")
        os.utime(tmp_path / name, (1, 1))
    before = sorted(tmp_path.rglob("*"))
    sweep(tmp_path)
    assert before == sorted(tmp_path.rglob("*"))


def test_sweep_of_what_is_just_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is moved away during the sweep is ignored."""
    (tmp_path / "index").mkdir()
    listed = sweeping.list_names
    monkeypatch.setattr(sweeping, "list_names", lambda folder: [*listed(folder), ".new-gone"])
    sweep(tmp_path)


def test_prune(tmp_path: Path) -> None:
    """Everything unused is removed; the folder itself stays."""
    kept = [tmp_path / "overlays/y", tmp_path / "overlays/.held/y-1"]
    for name in ("x", "y", ".held/x-1", ".held/y-1", ".held/.passing-z"):
        write(tmp_path / "overlays" / name / "torch", "")
    write(tmp_path / "overlays/gone.lock", "")
    with in_use(kept[0]), in_use(kept[1]):
        assert Left(in_use=(kept[1], kept[0])) == prune(tmp_path / "overlays")
        assert [".held", "y", "y.lock"] == sorted(os.listdir(tmp_path / "overlays"))
        assert ["y-1", "y-1.lock"] == sorted(os.listdir(tmp_path / "overlays/.held"))
    assert Left() == prune(tmp_path / "overlays") == prune(tmp_path / "nowhere")
    assert [tmp_path / "overlays", tmp_path / "overlays/.held"] == sorted(tmp_path.rglob("*"))


def test_prune_of_a_folder_in_use(tmp_path: Path) -> None:
    """A folder that is in use as a whole is kept."""
    write(tmp_path / "compilers/5f1c/c++", "")
    with in_use(tmp_path / "compilers"):
        assert Left(in_use=(tmp_path / "compilers",)) == prune(tmp_path / "compilers")
    assert Left() == prune(tmp_path / "compilers")


def test_prune_of_what_was_handed_over(tmp_path: Path) -> None:
    """Entries that a frontend got recently are kept: it holds no lock."""
    for name in ("new", "old"):
        write(tmp_path / "verified" / name / "torch.whl", "")
        write(tmp_path / f"verified/{name}.lock", "")
    os.utime(tmp_path / "verified/old.lock", (1, 1))
    write(tmp_path / "verified/none/torch.whl", "")
    assert Left(in_use=(tmp_path / "verified/new",)) == prune(tmp_path / "verified", kept=3600)
    assert ["new", "new.lock"] == sorted(os.listdir(tmp_path / "verified"))


def test_prune_of_what_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths that cannot be removed are reported, and the rest is removed."""
    for name in ("a", "b"):
        write(tmp_path / "index" / name, "")
    remove = sweeping.remove_if_free

    def refuse(path: Path) -> bool:
        if path.name == "a":
            raise PermissionError
        return remove(path)

    monkeypatch.setattr(sweeping, "remove_if_free", refuse)
    assert Left(failed=(tmp_path / "index/a",)) == prune(tmp_path / "index")
    assert ["a"] == os.listdir(tmp_path / "index")
