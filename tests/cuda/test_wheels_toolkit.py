"""The compilers of CUDA 13 from wheels: found if complete, stored once, required by their five names."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standins import make_distribution, write
from toolkits import CUDA, LOCKED, TWELVE, make_compilers

from runtime_backend.cuda import wheels
from runtime_backend.cuda.wheels import Compilers, check_major, find_compilers, find_kept, requirement_for
from runtime_backend.errors import CudaError
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.installed.identity import Identity
from runtime_backend.store.holding import exclusively, remove

FIVE = "cuda-toolkit[nvcc,crt,nvvm,cudart,cccl]"


def found_in(*sites: Path, cuda: str | None = "13.0") -> Compilers:
    """Return the compilers in some folders."""
    found = find_compilers(DistributionIndex(sites), cuda)
    assert found is not None
    return found


def content(folder: Path) -> list[str]:
    """Return the files in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_found(tmp_path: Path) -> None:
    """The compilers have a version, a folder, and a folder with the layout of a toolkit."""
    root = make_compilers(tmp_path / "site", "13.2")
    found = found_in(tmp_path / "empty", tmp_path / "site", cuda="13.2")
    assert ("13.2", tmp_path / "site", root) == (found.version, found.site, found.root)
    assert tmp_path / "site/nvidia/cu13" == root
    assert found == found_in(tmp_path / "site", cuda=None)


@pytest.mark.parametrize("lacking", [*wheels.NAMES, "bin/nvcc", "the version", "one folder"])
def test_not_found(lacking: str, tmp_path: Path) -> None:
    """An incomplete set, another CUDA, two folders, or a missing nvcc are not compilers."""
    root = make_compilers(tmp_path / "site", "13.0", without=[lacking])
    cuda = "13.2" if lacking == "the version" else "13.0"
    if lacking == "bin/nvcc":
        (root / lacking).unlink()
    if lacking == "one folder":
        shutil.rmtree(tmp_path / "site/nvidia_nvvm-13.0.88.dist-info")
        make_distribution(tmp_path / "other", "nvidia-nvvm", "13.0.88")
    assert find_compilers(DistributionIndex([tmp_path / "site", tmp_path / "other"]), cuda) is None


def test_mixture(tmp_path: Path) -> None:
    """An nvvm of another release than nvcc is refused: the assembler rejects its output."""
    make_compilers(tmp_path, "13.0", without=["nvidia-nvvm"])
    make_distribution(tmp_path, "nvidia-nvvm", "13.5.1")
    assert find_compilers(DistributionIndex([tmp_path]), "13.0") is None


@pytest.mark.parametrize(("machine", "is_found"), [(platform.machine(), True), ("pdp11", False)])
def test_other_machine(machine: str, is_found: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """Wheels for another machine, in a shared cache, are ignored."""
    make_compilers(tmp_path)
    tag = f"Wheel-Version: 1.0\nTag: py3-none-manylinux2014_{machine}\nTag: py3-none-manylinux_2_17_{machine}\n"
    write(tmp_path / "nvidia_cuda_nvcc-13.0.88.dist-info/WHEEL", tag)
    assert is_found == (find_compilers(DistributionIndex([tmp_path]), "13.0") is not None)


def test_keep(tmp_path: Path) -> None:
    """The compilers are stored with metadata and modes, as hard links; byte code and scripts are omitted."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    make_compilers(site)
    record = site / "nvidia_cuda_nvcc-13.0.88.dist-info/RECORD"
    more = ["../../bin/nvcc,,", "nvidia/cu13/x.pyc,,", "nvidia/cu13/gone,,"]
    write(record, record.read_text("utf-8") + "\n".join(more) + "\n")
    write(site / "nvidia/cu13/x.pyc", "")
    write(site / "nvidia/cu13/include/cublas.h", "of another distribution")
    found = found_in(site)
    folder = found.kept_in(cache)
    assert (cache / "toolkits", True) == (folder.parent, folder.name.startswith("cuda-13.0-"))
    found.keep(folder)
    left_out = ["nvidia/cu13/include/cublas.h", "nvidia/cu13/x.pyc"]
    assert [name for name in content(site) if name not in left_out] == content(folder)
    assert (site / "nvidia/cu13/bin/nvcc").samefile(folder / "nvidia/cu13/bin/nvcc")
    assert os.access(folder / "nvidia/cu13/bin/nvcc", os.X_OK)
    kept = find_kept(cache, "13.0")
    assert kept is not None
    assert (folder, folder / "nvidia/cu13") == (kept.site, kept.root)
    assert folder == kept.kept_in(cache)
    assert find_kept(cache, "13.2") is None
    shutil.rmtree(site)
    done = subprocess.run([kept.root / "bin/nvcc", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    assert "release 13.0" in done.stdout


def test_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored compilers are not written again."""
    make_compilers(tmp_path / "site")
    found = found_in(tmp_path / "site")
    folder = found.kept_in(tmp_path / "cache")
    found.keep(folder)
    monkeypatch.setattr(wheels, "_link_or_copy", None)
    found.keep(folder)
    assert [folder.name, f"{folder.name}.lock"] == sorted(os.listdir(folder.parent))


def test_copies_across_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, they are copied with their modes."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, f"not {self} to {target}")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    make_compilers(tmp_path / "site")
    found = found_in(tmp_path / "site")
    folder = found.kept_in(tmp_path / "cache")
    found.keep(folder)
    nvcc = folder / "nvidia/cu13/bin/nvcc"
    assert (False, True) == (nvcc.samefile(tmp_path / "site/nvidia/cu13/bin/nvcc"), os.access(nvcc, os.X_OK))
    assert content(tmp_path / "site") == content(folder)


KEEP = """
import sys
from pathlib import Path
from runtime_backend.cuda.wheels import find_compilers
from runtime_backend.installed.distributions import DistributionIndex
found = find_compilers(DistributionIndex([Path(sys.argv[1])]), None)
print("ready", flush=True)
sys.stdin.readline()
found.keep(found.kept_in(Path(sys.argv[2])))
"""


def test_kept_at_once(tmp_path: Path) -> None:
    """Concurrent builds that store the same compilers all succeed, and leave one complete folder."""
    make_compilers(tmp_path / "site")
    command = [sys.executable, "-c", KEEP, str(tmp_path / "site"), str(tmp_path / "cache")]
    environ = {"PYTHONPATH": str(Path(wheels.__file__).parents[2])}
    pipe = subprocess.PIPE
    builds = [subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]  # noqa: S603
    for build in builds:
        assert build.stdout is not None
        assert "ready\n" == build.stdout.readline()
    for build in builds:
        build.communicate("go\n")
    assert [0, 0, 0] == [build.returncode for build in builds]
    name, lock = sorted(os.listdir(tmp_path / "cache/toolkits"))
    assert f"{name}.lock" == lock
    assert content(tmp_path / "site") == content(tmp_path / "cache/toolkits" / name)


def test_last_step_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last rename fails, no partial folder is left."""
    make_compilers(tmp_path / "site")
    found = found_in(tmp_path / "site")
    folder = found.kept_in(tmp_path / "cache")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EIO, f"not {self.name} to {target.name}")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match=r"not \.new-cuda-13\.0-[0-9a-f]{16}-[0-9a-f]{8} to cuda-13\.0-"):
        found.keep(folder)
    assert [f"{folder.name}.lock"] == os.listdir(folder.parent)


@pytest.mark.parametrize("gone", ["nvidia/cu13/bin/nvcc", "nvidia_cuda_nvcc-13.0.88.dist-info", "nvidia/cu13/include"])
def test_damaged(gone: str, tmp_path: Path) -> None:
    """Stored compilers that lost a file are stored again."""
    make_compilers(tmp_path / "site")
    found = found_in(tmp_path / "site")
    folder = found.kept_in(tmp_path / "cache")
    found.keep(folder)
    remove(folder / gone)
    found.keep(folder)
    assert content(tmp_path / "site") == content(folder)
    assert [folder.name, f"{folder.name}.lock"] == sorted(os.listdir(folder.parent))


def test_kept_by_another_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compilers that another build stored during the wait are not written again."""
    make_compilers(tmp_path / "site")
    found = found_in(tmp_path / "site")
    folder = found.kept_in(tmp_path / "cache")

    @contextmanager
    def keep_before(path: Path) -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(wheels, "exclusively", exclusively)
            found.keep(path)
            patch.setattr(wheels, "_link_or_copy", None)
            yield

    monkeypatch.setattr(wheels, "exclusively", keep_before)
    found.keep(folder)
    assert content(tmp_path / "site") == content(folder)


def test_nothing_kept(tmp_path: Path) -> None:
    """Unfinished folders, locks, incomplete toolkits and a missing cache are ignored."""
    assert find_kept(tmp_path / "nowhere", "13.0") is None
    make_compilers(tmp_path / "toolkits/.new-1-cuda-13.0-ab")
    make_compilers(tmp_path / "toolkits/cuda-13.0-cd", without=["nvidia-nvvm"])
    write(tmp_path / "toolkits/cuda-toolkit-13.0.lock", "")
    assert find_kept(tmp_path, "13.0") is None
    make_compilers(tmp_path / "toolkits/cuda-toolkit-13.0-ef")
    found = find_kept(tmp_path, "13.0")
    assert found is not None
    assert tmp_path / "toolkits/cuda-toolkit-13.0-ef" == found.site


@pytest.mark.parametrize(
    ("version", "cuda", "expected"),
    [
        ("2.13.0", "13.0", f"{FIVE}==13.0.*"),
        ("2.9.0", "13.2", f"{FIVE}==13.2.*"),
        ("2.13.0", None, FIVE),
        ("2.11.0", None, FIVE),
        ("2.11.0rc1", None, None),
        ("2.10.0", None, None),
        ("", None, None),
    ],
)
def test_requirement(version: str, cuda: str | None, expected: str | None) -> None:
    """The requirement has torch's CUDA if it is known; from 2.11 on, torch's own requirement pins it."""
    assert expected == requirement_for(Identity(name="torch", version=version), cuda)


@pytest.mark.parametrize("torch", [TWELVE, Identity(name="torch", version="2.7.1+cu118")])
def test_cuda_without_compilers(torch: Identity) -> None:
    """The wheels of CUDA 12 and before have no compilers: an error with the ways out."""
    major = str(torch.cuda_release).partition(".")[0]
    with pytest.raises(CudaError) as caught:
        check_major(torch, torch.cuda_release)
    assert (
        f"cuda.toolkit: torch is for CUDA {torch.cuda_release} ({torch}), and the wheels of CUDA {major} contain no nvcc\n"
        f"Install a toolkit of CUDA {major}, and set CUDA_HOME to it; or install a torch for CUDA 13."
    ) == str(caught.value)


def test_cuda_with_compilers() -> None:
    """CUDA 13, and one that is not known yet, are accepted."""
    check_major(CUDA, "13.0")
    check_major(LOCKED, None)
