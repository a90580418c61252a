"""Folders of links at a stable path: links and small files, permanent or for one build."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from standins import blocked, write

from runtime_backend.errors import CudaError
from runtime_backend.store import linked
from runtime_backend.store.holding import held_if_free, remove_if_free
from runtime_backend.store.linked import LinkedFolder


def refuse(error: OSError) -> CudaError:
    """Return a refusal."""
    return CudaError("refused", "refused: {error}", error=error)


def make_target(folder: Path, text: str = "") -> Path:
    """Return a folder with a file in it."""
    return write(folder / "file", text).parent


def passing(tmp_path: Path, environment: str) -> LinkedFolder:
    """Return a folder of links into a build environment."""
    target = make_target(tmp_path / environment / "torch", environment)
    return LinkedFolder(path=tmp_path / "cache/x", targets={"torch": target}, is_temporary=True)


def test_links_and_files(tmp_path: Path) -> None:
    """The folder has the links, in subfolders if their names have slashes, and the files with their content."""
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
    """Other targets or texts give another held folder at the same path."""
    folders = [
        LinkedFolder(path=tmp_path / "x", targets=targets, texts=texts)
        for targets, texts in (({}, {}), ({"a": Path("/a")}, {}), ({"a": Path("/b")}, {}), ({}, {"a": "/a"}))
    ]
    assert 4 == len({folder.held for folder in folders})
    assert {tmp_path / ".held"} == {folder.held.parent for folder in folders}


def test_passing_folder(tmp_path: Path) -> None:
    """A temporary folder is at the stable path during the build, and removed afterwards."""
    folder = passing(tmp_path, "env")
    with folder.shown(refuse) as shown:
        assert (folder.path, "env") == (shown, (shown / "torch/file").read_text("utf-8"))
    assert [".held", ".held.lock", "x.lock"] == sorted(os.listdir(tmp_path / "cache"))
    assert [] == os.listdir(tmp_path / "cache/.held")
    assert (tmp_path / "env/torch/file").is_file()


def test_two_passing_folders_at_once(tmp_path: Path) -> None:
    """A second concurrent build uses its own path; neither changes the other's."""
    first, second = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    with first.shown(refuse) as one:
        with second.shown(refuse) as two:
            assert (first.path, second.held) == (one, two)
            assert ["env-a", "env-b"] == [(shown / "torch/file").read_text("utf-8") for shown in (one, two)]
        assert not two.exists()
        assert "env-a" == (one / "torch/file").read_text("utf-8")
    with second.shown(refuse) as again:
        assert (second.path, "env-b") == (again, (again / "torch/file").read_text("utf-8"))
    assert [".held", ".held.lock", "x.lock"] == sorted(os.listdir(tmp_path / "cache"))


def test_second_that_outlives_the_first(tmp_path: Path) -> None:
    """The end of the first build does not affect the second."""
    first, second = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    one = first.shown(refuse)
    one.__enter__()
    with second.shown(refuse) as two:
        one.__exit__(None, None, None)
        assert "env-b" == (two / "torch/file").read_text("utf-8")
    assert [] == os.listdir(tmp_path / "cache/.held")


def test_passing_folder_of_a_killed_build(tmp_path: Path) -> None:
    """A killed build's link at the stable path is replaced."""
    killed, folder = passing(tmp_path, "env-a"), passing(tmp_path, "env-b")
    killed.held.mkdir(parents=True)
    killed.path.symlink_to(f".held/{killed.held.name}")
    with folder.shown(refuse) as shown:
        assert (folder.path, "env-b") == (shown, (shown / "torch/file").read_text("utf-8"))


def test_failing_build(tmp_path: Path) -> None:
    """A failing build leaves nothing, and its own error is raised."""
    folder = passing(tmp_path, "env")
    with pytest.raises(OSError, match=r"^the build's own$"), folder.shown(refuse):
        raise OSError("the build's own")
    assert (False, []) == (folder.path.is_symlink(), os.listdir(tmp_path / "cache/.held"))


@pytest.mark.parametrize("is_temporary", [False, True])
def test_refusals(is_temporary: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """A write error becomes the owner's error; a folder at the path is left alone."""
    for path in (blocked(tmp_path) / "x", write(tmp_path / "taken/somebody's", "").parent):
        folder = LinkedFolder(path=path, targets={}, is_temporary=is_temporary)
        with pytest.raises(CudaError, match=r"^refused: \[Errno \d+\] "), folder.shown(refuse):
            raise AssertionError
    assert (tmp_path / "taken/somebody's").is_file()


def lasting(tmp_path: Path, environment: str) -> LinkedFolder:
    """Return a folder of links into a permanent environment."""
    target = make_target(tmp_path / environment / "torch", environment)
    return LinkedFolder(path=tmp_path / "cache/overlays/x", targets={"torch": target})


def text(shown: Path) -> str:
    """Return the text of the file in the folder's target."""
    return (shown / "torch/file").read_text("utf-8")


def test_second_environment(tmp_path: Path) -> None:
    """A short build for another environment does not change the links of a running build."""
    first, second = lasting(tmp_path, "env-a"), lasting(tmp_path, "env-b")
    with first.shown(refuse) as one:
        with second.shown(refuse) as two:
            assert (first.path, second.held) == (one, two)
            assert ("env-a", "env-b") == (text(one), text(two))
        shutil.rmtree(tmp_path / "env-b")
        assert "env-a" == text(one)
    make_target(tmp_path / "env-b/torch", "env-b")
    with second.shown(refuse) as two:
        assert (second.path, "env-b") == (two, text(two))


def test_first_environment_that_goes(tmp_path: Path) -> None:
    """The second build does not depend on the first one's environment."""
    first, second = lasting(tmp_path, "env-a"), lasting(tmp_path, "env-b")
    with first.shown(refuse), second.shown(refuse) as two:
        shutil.rmtree(tmp_path / "env-a")
        assert "env-b" == text(two)


def test_builds_for_one_environment_share_the_path(tmp_path: Path) -> None:
    """Concurrent builds for one environment share the path, which stays when the first ends."""
    folder, other = lasting(tmp_path, "env-a"), lasting(tmp_path, "env-b")
    one = folder.shown(refuse)
    assert folder.path == one.__enter__()
    with folder.shown(refuse) as two:
        one.__exit__(None, None, None)
        with other.shown(refuse) as three:
            assert (folder.path, "env-a", other.held) == (two, text(two), three)


def test_what_outlives_its_build(tmp_path: Path) -> None:
    """An editable uses the folder of its own environment, which other builds do not change."""
    first, second = lasting(tmp_path, "env-a"), lasting(tmp_path, "env-b")
    with first.shown(refuse, is_lasting=True) as one:
        assert (first.held, "env-a") == (one, text(one))
    assert not first.path.is_symlink()
    with second.shown(refuse) as two:
        assert second.path == two
    shutil.rmtree(tmp_path / "env-b")
    assert "env-a" == text(one)
    with first.shown(refuse, is_lasting=True) as again:
        assert one == again


def test_another_leads_the_path_away_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another build takes the path before it is locked, the folder itself is used."""
    first, second = lasting(tmp_path, "env-a"), lasting(tmp_path, "env-b")
    lead = LinkedFolder._lead_to  # noqa: SLF001 - the moment cannot be met otherwise

    def lead_to_both(self: LinkedFolder, held: Path) -> None:
        lead(self, held)
        second.held.mkdir(exist_ok=True)
        lead(second, second.held)

    monkeypatch.setattr(LinkedFolder, "_lead_to", lead_to_both)
    with first.shown(refuse) as one:
        assert (first.held, "env-a") == (one, text(one))
        with held_if_free(first.path) as is_free:
            assert is_free


def damage_link(held: Path, _: Path) -> None:
    """Remove a link."""
    (held / "a/b").unlink()


def damage_target(held: Path, tmp_path: Path) -> None:
    """Change the target of a link."""
    (held / "a/b").unlink()
    (held / "a/b").symlink_to(make_target(tmp_path / "elsewhere"))


def damage_kind(held: Path, _: Path) -> None:
    """Replace a link by a folder."""
    (held / "a/b").unlink()
    write(held / "a/b/file", "other")


def damage_folder(held: Path, tmp_path: Path) -> None:
    """Replace a folder by a link."""
    shutil.rmtree(held / "a")
    (held / "a").symlink_to(make_target(tmp_path / "elsewhere"))


def damage_text(held: Path, _: Path) -> None:
    """Empty a file, as a full disk does."""
    (held / "c/d").write_text("")


def damage_text_folder(held: Path, _: Path) -> None:
    """Replace a file by a folder."""
    (held / "c/d").unlink()
    (held / "c/d").mkdir()


def damage_text_link(held: Path, tmp_path: Path) -> None:
    """Replace a file by a link to a file with the same text."""
    (held / "c/d").unlink()
    (held / "c/d").symlink_to(write(tmp_path / "elsewhere/file", "text"))


def damage_all(held: Path, tmp_path: Path) -> None:
    """Replace the folder itself by a link."""
    shutil.rmtree(held)
    held.symlink_to(make_target(tmp_path / "elsewhere"))


DAMAGES = (
    damage_link,
    damage_target,
    damage_kind,
    damage_folder,
    damage_text,
    damage_text_folder,
    damage_text_link,
    damage_all,
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged(damage: Callable[[Path, Path], None], tmp_path: Path) -> None:
    """A damaged folder is repaired, and nothing is written through a foreign link."""
    target = make_target(tmp_path / "env/torch", "torch")
    folder = LinkedFolder(path=tmp_path / "cache/overlays/x", targets={"a/b": target}, texts={"c/d": "text"})
    with folder.shown(refuse):
        pass
    damage(folder.held, tmp_path)
    with folder.shown(refuse) as shown:
        assert (target, "text") == ((shown / "a/b").readlink(), (shown / "c/d").read_text("utf-8"))
        assert [False] * 3 == [path.is_symlink() for path in (shown.resolve(), shown / "a", shown / "c/d")]
    elsewhere = tmp_path / "elsewhere"
    assert ["file"] * elsewhere.exists() == (os.listdir(elsewhere) if elsewhere.exists() else [])
    assert ["file"] == os.listdir(target)


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written leaves no partial file, and the next build writes it."""
    folder = LinkedFolder(path=tmp_path / "cache/overlays/x", targets={}, texts={"c/d": "text"})
    write_text = Path.write_text

    def write_half(self: Path, text: str, encoding: str) -> None:
        write_text(self, text[:2], encoding)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", write_half)
        with pytest.raises(CudaError, match="No space left"), folder.shown(refuse):
            raise AssertionError
    assert [] == os.listdir(folder.held / "c")
    with folder.shown(refuse) as shown:
        assert "text" == (shown / "c/d").read_text("utf-8")


def test_what_it_leads_to_is_kept(tmp_path: Path) -> None:
    """Entries of the cache that a build links to cannot be removed during the build."""
    cache = tmp_path / "cache"
    torch = make_target(cache / "fetched/torch-2/torch").parent
    stub = write(cache / "cuda/libcuda-1.so", "")
    nvcc = write(cache / "toolkits/cuda-13/nvidia/cu13/bin/nvcc", "")
    targets = {"torch": torch / "torch", "lib/stubs/libcuda.so": stub, "bin/nvcc": nvcc, "lib64": Path("lib")}
    folder = LinkedFolder(path=cache / "cuda/x", targets=targets)
    with folder.shown(refuse):
        used = [torch, stub, cache / "toolkits/cuda-13", folder.held, folder.path]
        assert [False] * 5 == [remove_if_free(path) for path in used]
    assert [True] * 5 == [remove_if_free(path) for path in used]
    with (
        pytest.raises(CudaError, match=r"it was removed during this build: '.*/cuda/libcuda-1\.so'$"),
        folder.shown(refuse),
    ):
        raise AssertionError


BUILDS = """
import pathlib, sys, time
from runtime_backend.store.linked import LinkedFolder
from runtime_backend.store.sweeping import prune, sweep
root, name, until = pathlib.Path(sys.argv[1]), sys.argv[2], time.time() + 2
cache, count = root / "cache", 0
def refuse(error):
    raise error
while time.time() < until:
    count += 1
    if name == "prune":
        assert not prune(cache / "overlays").failed
        sweep(cache)
        continue
    folder = LinkedFolder(
        path=cache / "overlays/x", targets={"torch": root / name / "torch", "a/b": root / name}, texts={"c/d": name}
    )
    with folder.shown(refuse) as shown:
        for _ in range(3):
            assert name == (shown / "torch/file").read_text() == (shown / "c/d").read_text()
            time.sleep(0.001)
print(count)
"""


@pytest.mark.once
def test_many_at_once(tmp_path: Path) -> None:
    """Concurrent builds for two environments find their own links, even while the cache is pruned."""
    environ = {"PYTHONPATH": str(Path(linked.__file__).parents[2])}
    names = ("env-a", "env-a", "env-b", "prune")
    for name in names[1:3]:
        make_target(tmp_path / name / "torch", name)
    builds = [
        subprocess.Popen([sys.executable, "-c", BUILDS, tmp_path, name], env=environ, stdout=subprocess.PIPE)  # noqa: S603
        for name in names
    ]
    counts = [int(build.communicate()[0] or 0) for build in builds]
    assert all(counts), counts
