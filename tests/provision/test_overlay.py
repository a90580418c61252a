"""Making overlays: a stable path, links only, in one step; an unwritable cache is an error."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from standins import blocked, make_distribution, make_torch, write

from runtime_backend.errors import ProvisionError
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.installed.identity import read_identity
from runtime_backend.provision.links import Borrowed, Links, plan_links
from runtime_backend.provision.overlay import Overlay, plan_overlay, plan_view
from runtime_backend.store.linked import LinkedFolder

HINT = (
    "Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path; or let the frontend install torch"
    " into the build environment: RUNTIME_BACKEND_PROVISION=require."
)


def plan(cache: Path, site: Path, *path: Path) -> Overlay:
    """Return the overlay for the torch of a site."""
    index = DistributionIndex([site, *path])
    torch = index.find("torch")
    assert torch is not None
    borrowed = Borrowed(distribution=torch, extras=frozenset(), installed=index)
    return plan_overlay(cache, [(borrowed, read_identity(torch, index))], plan_links([borrowed], lambda _: False))


def show(overlay: Overlay) -> Path:
    """Show the overlay permanently, and return its path."""
    with overlay.shown() as path:
        return path


def content(folder: Path) -> list[str]:
    """Return the content of a folder, without following links."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def test_show(tmp_path: Path) -> None:
    """An overlay is a link to a folder of links, and nothing is written to the target."""
    site = tmp_path / "site"
    make_torch(site, "2.7.0", reported="2.7.0+cu126", requires=["ns-a"])
    make_distribution(site, "ns-a", "1", {"ns/a/x": ""})
    write(site / "ns/b/x", "")
    before = content(site)
    overlay = plan(tmp_path / "cache", site)
    shown = show(overlay)
    assert overlay.path == shown
    assert shown.name.startswith("torch-2.7.0.cu126-")
    assert shown.parent == tmp_path / "cache/overlays"
    entries = ("torch", "torchgen", "torch-2.7.0.dist-info", "ns/a", "ns_a-1.dist-info")
    held = (shown.parent / str(shown.readlink())).resolve()
    plugin = ["runtime_backend_prefix-0.dist-info/METADATA", "runtime_backend_prefix-0.dist-info/entry_points.txt"]
    assert sorted([*entries, *plugin, "runtime_backend_prefix/torch"]) == content(held)
    assert [site / entry for entry in entries] == [(shown / entry).readlink() for entry in entries]
    assert before == content(site)


def test_show_again(tmp_path: Path) -> None:
    """An existing overlay is not made again."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(tmp_path / "cache", tmp_path / "site")
    show(overlay)
    inodes = [path.lstat().st_ino for path in sorted((tmp_path / "cache").rglob("*"))]
    show(plan(tmp_path / "cache", tmp_path / "site"))
    assert inodes == [path.lstat().st_ino for path in sorted((tmp_path / "cache").rglob("*"))]


def test_same_torch_elsewhere(tmp_path: Path) -> None:
    """The same torch in another environment has the same path, which then leads there."""
    for name in ("a", "b"):
        make_torch(tmp_path / name, "2.7.0")
    first, second = (plan(tmp_path / "cache", tmp_path / name) for name in ("a", "b"))
    assert first.path == second.path
    assert [tmp_path / "a/torch", tmp_path / "b/torch", tmp_path / "a/torch"] == [
        (show(overlay) / "torch").readlink() for overlay in (first, second, first)
    ]


def test_other_torch(tmp_path: Path) -> None:
    """A torch of another variant, content or extent has another path."""
    make_torch(tmp_path / "a", "2.7.0")
    make_torch(tmp_path / "b", "2.7.0", git_version="other")
    make_torch(tmp_path / "c", "2.7.0", cuda="12.6")
    record = make_torch(tmp_path / "d", "2.7.0") / "RECORD"
    write(record, record.read_text("utf-8").replace("torch/lib/libtorch.so,sha256=", "torch/lib/libtorch.so,sha256=9"))
    make_torch(tmp_path / "e", "2.7.0", requires=["six"])
    make_distribution(tmp_path / "e", "six", "1")
    make_torch(tmp_path / "f", "2.7.0", hip="6.4.43484-123eb5128")
    make_torch(tmp_path / "g", "2.7.0", hip="6.4.43484-123eb5128", rocm="6.4.2")
    make_torch(tmp_path / "h", "2.7.0", xpu="20250101")
    paths = {name: plan(tmp_path / "cache", tmp_path / name).path for name in "abcdefgh"}
    assert len(set(paths.values())) == len(paths)


@pytest.mark.parametrize("change", ["order", "installer"])
def test_record_of_another_installer(tmp_path: Path, change: str) -> None:
    """The order of RECORD, and entries that only one installer adds, do not change the path."""
    for name in ("a", "b"):
        record = make_torch(tmp_path / name, "2.7.0") / "RECORD"
    lines = record.read_text("utf-8").splitlines()
    added = ["../../bin/torchrun,sha256=x,1", "torch-2.7.0.dist-info/INSTALLER,sha256=x,1", "torch/x.pyc,,"]
    write(record, "\n".join(reversed(lines) if change == "order" else [*lines, *added]) + "\n")
    assert plan(tmp_path / "cache", tmp_path / "a").path == plan(tmp_path / "cache", tmp_path / "b").path


def test_editable_torch_is_told_by_its_place(tmp_path: Path) -> None:
    """An editable torch is identified by its location."""
    paths = set()
    for name in ("a", "b"):
        make_torch(tmp_path / name / "site", "2.7.0", editable=tmp_path / name / "source")
        overlay = plan(tmp_path / "cache", tmp_path / name / "site", tmp_path / name / "source")
        assert tmp_path / name / "source/torch" == (show(overlay) / "torch").readlink()
        paths.add(overlay.path)
    assert len(paths) == 2


def test_path_for_two_runtimes(tmp_path: Path) -> None:
    """The path names every runtime that is shown."""
    make_torch(tmp_path, "2.7.0+cu126")
    make_distribution(tmp_path, "numpy", "2.1")
    index = DistributionIndex([tmp_path])
    found = [distribution for name in ("torch", "numpy") if (distribution := index.find(name)) is not None]
    view = plan_view(tmp_path / "cache", [(distribution, read_identity(distribution, index)) for distribution in found])
    assert re.fullmatch(r"torch-2\.7\.0\.cu126-numpy-2\.1-[0-9a-f]{16}", view.path.name)


@pytest.mark.parametrize("fact", ["version", "reported", "cuda", "hip", "rocm", "xpu", "git_version"])
def test_path_for_another_fact(fact: str, tmp_path: Path) -> None:
    """Runtimes that differ in any fact have different paths, although their files are the same."""
    make_torch(tmp_path, "2.7.0")
    index = DistributionIndex([tmp_path])
    torch = index.find("torch")
    assert torch is not None
    identity = read_identity(torch, index)
    paths = {plan_view(tmp_path, [(torch, one)]).path for one in (identity, identity._replace(**{fact: "2.7.0+x"}))}
    assert 2 == len(paths)


def test_content_of_a_view(tmp_path: Path) -> None:
    """A view shows what the runtime installed, and leaves nothing out."""
    make_torch(tmp_path, "2.7.0", requires=["six"])
    make_distribution(tmp_path, "six", "1", {"six.py": ""})
    index = DistributionIndex([tmp_path])
    torch = index.find("torch")
    assert torch is not None
    targets = {name: tmp_path / name for name in ("torch", "torchgen")}
    assert Links(targets=targets, left_out=()) == plan_view(tmp_path, [(torch, read_identity(torch, index))]).links


def test_path_for_another_implementation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython and PyPy have different paths."""
    make_torch(tmp_path / "site", "2.7.0")
    ours = plan(tmp_path / "cache", tmp_path / "site").path
    monkeypatch.setattr(sys.implementation, "cache_tag", "pypy311")
    assert ours != plan(tmp_path / "cache", tmp_path / "site").path


def test_made_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds that make the same overlay concurrently all get a complete one, and leave nothing else."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(tmp_path / "cache", tmp_path / "site")
    together = threading.Barrier(4)
    find = LinkedFolder._repairs  # noqa: SLF001 - the moment cannot be met otherwise

    def find_together(self: LinkedFolder, held: Path) -> Iterator[Callable[[], None]]:
        with suppress(threading.BrokenBarrierError):
            together.wait(0.2)
        return find(self, held)

    monkeypatch.setattr(LinkedFolder, "_repairs", find_together)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(sorted(os.listdir(show(overlay))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    plugin = ["runtime_backend_prefix", "runtime_backend_prefix-0.dist-info"]
    assert [[*plugin, "torch", "torch-2.7.0.dist-info", "torchgen"]] * 4 == found
    names = [".held", ".held.lock", overlay.path.name, f"{overlay.path.name}.lock"]
    assert names == sorted(os.listdir(overlay.path.parent))
    held = overlay.folder.held.name
    assert [held, f"{held}.lock"] == sorted(os.listdir(overlay.path.parent / ".held"))


def test_replaces_what_leads_elsewhere(tmp_path: Path) -> None:
    """A broken link, or one to another folder, is replaced."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(tmp_path / "cache", tmp_path / "site")
    overlay.path.parent.mkdir(parents=True)
    overlay.path.symlink_to(tmp_path / "gone")
    assert tmp_path / "site/torch" == (show(overlay) / "torch").readlink()


def test_cache_that_cannot_be_written_to(tmp_path: Path) -> None:
    """An unwritable cache is an error with the two ways out."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(blocked(tmp_path), tmp_path / "site")
    with pytest.raises(ProvisionError) as caught:
        show(overlay)
    reason = f"Not a directory: {blocked(tmp_path)}"
    assert f"the overlay {overlay.path} cannot be made: {reason}\n{HINT}" == str(caught.value)


def test_place_that_is_taken(tmp_path: Path) -> None:
    """A folder at the overlay's path is left alone, and reported."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(tmp_path / "cache", tmp_path / "site")
    write(overlay.path / "somebody's", "")
    with pytest.raises(ProvisionError) as caught:
        show(overlay)
    assert caught.value.message.startswith(f"the overlay {overlay.path} cannot be made: Is a directory")
    assert (overlay.path / "somebody's").is_file()


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is reported, with the command that frees space."""
    make_torch(tmp_path / "site", "2.7.0")
    overlay = plan(tmp_path / "cache", tmp_path / "site")

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(ProvisionError) as caught:
        show(overlay)
    told = (
        r"the overlay \S+ cannot be made: No space left on device: \S+/\.held/\S+\nFree some space there"
        r" \(`runtime-backend cache clean` removes what no build uses\), or name a cache folder on another disk:"
        r" RUNTIME_BACKEND_CACHE_DIR=/path; or let the frontend install torch into the build environment:"
        r" RUNTIME_BACKEND_PROVISION=require\."
    )
    assert re.fullmatch(told, str(caught.value))


def test_overlay_of_an_egg(tmp_path: Path) -> None:
    """A runtime without RECORD is identified by its location."""
    for name in ("a", "b"):
        info = make_torch(tmp_path / name, "2.7.0")
        (info / "RECORD").unlink()
    assert plan(tmp_path / "c", tmp_path / "a").path != plan(tmp_path / "c", tmp_path / "b").path


def test_links_are_values() -> None:
    """Overlays of the same links are equal, and planning them wrote nothing."""
    links = Links(targets={"torch": Path("/x/torch")}, left_out=())
    assert Overlay(path=Path("/c"), links=links) == Overlay(path=Path("/c"), links=links)


PREFIXES = """
import importlib.metadata, importlib.resources, json
points = importlib.metadata.entry_points(group="cmake.prefix")
folders = [importlib.resources.files(point.load()) for point in points]
print(json.dumps([[point.name for point in points], [str(folder.joinpath("torch/share/cmake/Torch/TorchConfig.cmake").read_text()) for folder in folders]]))
"""


def test_prefix_plugin(tmp_path: Path) -> None:
    """scikit-build-core finds an entry point ``cmake.prefix`` whose module contains torch's CMake files."""
    make_torch(tmp_path / "site", "2.7.0")
    write(tmp_path / "site/torch/share/cmake/Torch/TorchConfig.cmake", "of the runtime")
    shown = show(plan(tmp_path / "cache", tmp_path / "site"))
    environ = {"PYTHONPATH": str(shown)}
    done = subprocess.run([sys.executable, "-Sc", PREFIXES], env=environ, capture_output=True, text=True, check=True)  # noqa: S603
    assert [["runtime_backend_prefix"], ["of the runtime"]] == json.loads(done.stdout)


def test_no_prefix_plugin(tmp_path: Path) -> None:
    """A runtime without CMake files has no plugin."""
    links = Links(targets={"numpy": write(tmp_path / "site/numpy/x", "").parent}, left_out=())
    assert ["numpy"] == content(show(Overlay(path=tmp_path / "cache/x", links=links)).resolve())


def test_view(tmp_path: Path) -> None:
    """A view has only the runtimes of a build environment, at a path that is the same for the next one."""
    views = []
    for name in ("a", "b"):
        make_torch(tmp_path / name, "2.7.0", requires=["six"])
        make_distribution(tmp_path / name, "six", "1")
        index = DistributionIndex([tmp_path / name])
        torch = index.find("torch")
        assert torch is not None
        views.append(plan_view(tmp_path / "cache", [(torch, read_identity(torch, index))]))
    assert (views[0].path, True) == (views[1].path, views[0].is_temporary)
    assert views[0].path != plan(tmp_path / "cache", tmp_path / "a").path
    with views[0].shown() as shown:
        assert views[0].path == shown
        assert {"torch": tmp_path / "a/torch", "torchgen": tmp_path / "a/torchgen"} == views[0].links.targets
        assert tmp_path / "a/torch" == (shown / "torch").readlink()
