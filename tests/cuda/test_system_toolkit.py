"""The system's CUDA toolkit: found as torch finds it, and checked against torch, g++ and the architectures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from standins import write
from toolkits import CPU, CUDA, make_bench, make_gcc, make_toolkit

from runtime_backend.config import Chosen, CudaSettings
from runtime_backend.cuda.system import find_toolkit
from runtime_backend.cuda.table import plan_cuda
from runtime_backend.installed.identity import Identity

LEFT = "left as the environment has it"
SYSTEM = CudaSettings(toolkit=Chosen(value="system", origin="here"))


def toolkit_of(tmp_path: Path, torch: Identity | None = CUDA, **environ: str) -> dict[str, str]:
    """Return the variables for a toolkit."""
    environ = {"PATH": make_gcc(tmp_path / "gcc", "12.2.0"), **environ}
    found = plan_cuda(SYSTEM, torch, make_bench(tmp_path / "cache", environ=environ))
    assert (None, ()) == (found.stop, found.notes)
    assert {"here"} >= {variable.origin for variable in found.variables}
    return {variable.name: variable.value or variable.why for variable in found.variables}


def test_toolkit(tmp_path: Path) -> None:
    """The toolkit is found as torch finds it, with its real folder, and set in all variables of build tools."""
    root = tmp_path / "cuda-13.0"
    make_toolkit(root)
    names = {
        "CUDA_HOME": str(root),
        "CUDA_PATH": str(root),
        "CUDACXX": f"{root}/bin/nvcc",
        "CUDAToolkit_ROOT": str(root),
    }
    assert {**names, "CUDA_HOME": LEFT} == toolkit_of(tmp_path, CUDA_HOME=str(root))
    assert names == toolkit_of(tmp_path, CUDA_PATH=str(root))  # installers of toolkits set it for all users
    assert names == toolkit_of(tmp_path, None, PATH=f"{root}/bin:/usr/bin:/bin")
    make_toolkit(tmp_path / "local", name="nvcc", top=root)  # a script that calls the other
    assert names == toolkit_of(tmp_path, PATH=f"{tmp_path / 'local/bin'}:/usr/bin:/bin")
    found = find_toolkit({"PATH": ""}, usual=root)
    assert (root, "13.0", str(root)) == (found.root, found.version, found.how)
    assert {} == toolkit_of(tmp_path, CPU)


def test_toolkit_that_does_not_say_where_it_is(tmp_path: Path) -> None:
    """If nvcc does not report its folder, the folder of its file is used."""
    nvcc = write(tmp_path / "x/bin/nvcc", "#!/bin/sh\necho 'release 12.8, V12.8.1'\n")
    nvcc.chmod(0o755)
    found = find_toolkit({"CUDA_HOME": str(tmp_path / "x"), "PATH": "/usr/bin:/bin"})
    assert (tmp_path / "x", "12.8") == (found.root, found.version)


def refused(tmp_path: Path, torch: Identity = CUDA, **environ: str) -> str:
    """Return the message of the refusal of a toolkit."""
    environ = {"PATH": make_gcc(tmp_path / "gcc", "12.2.0"), **environ}
    found = plan_cuda(SYSTEM, torch, make_bench(tmp_path / "cache", environ=environ))
    assert found.stop is not None
    return str(found.stop)


def test_toolkit_stops(tmp_path: Path) -> None:
    """Another major version, a newer gcc, an unsupported architecture, and a missing or invalid toolkit are errors."""
    root = tmp_path / "cuda"
    make_toolkit(root, "12.8", gcc=11)
    home: dict[str, Any] = {"CUDA_HOME": str(root)}
    told = refused(tmp_path, **home)
    assert (
        f"the toolkit is CUDA 12.8 (CUDA_HOME={root}: {root}), and torch is for CUDA 13.0 (torch 2.13.0 (calls" in told
    )
    assert "Install the toolkit of that CUDA" in told
    twelve = CUDA._replace(cuda="12.8")
    told = refused(tmp_path, twelve, **home)
    assert f"{tmp_path / 'gcc/g++'} is gcc 12.2.0, and CUDA 12.8 ({root}) supports gcc up to 11" in told
    assert "CC=gcc-11 CXX=g++-11" in told
    told = refused(tmp_path, twelve, **home, PATH="", TORCH_CUDA_ARCH_LIST="7.5;9.0a;12.0+PTX")
    assert f"CUDA 12.8 ({root}) cannot compile for 7.5; it knows 120, 80, 90" in told
    assert (
        "cuda.toolkit: found no CUDA toolkit on this system: CUDA_HOME=/nowhere has no bin/nvcc\n"
        "Install one, or name one, for example CUDA_HOME=/usr/local/cuda-13.0; or use toolkit = 'wheels', which installs"
        " the compilers of CUDA 13."
    ) == refused(tmp_path, CUDA_HOME="/nowhere")
    write(root / "bin/nvcc", "#!/bin/sh\n").chmod(0o755)
    assert f"found no release in the output of {root}/bin/nvcc --version" in refused(tmp_path, **home)
    write(root / "bin/nvcc", "")
    (root / "bin/nvcc").chmod(0o644)
    assert f"{root}/bin/nvcc cannot be run: " in refused(tmp_path, **home)


def test_toolkit_with_allowances(tmp_path: Path) -> None:
    """A newer gcc with a flag, another compiler, and another minor version are accepted, the last with a note."""
    root = tmp_path / "cuda"
    make_toolkit(root, "13.2", gcc=11)
    environ = {"CUDA_HOME": str(root), "PATH": make_gcc(tmp_path / "gcc", "12.2.0")}
    allowed = {**environ, "NVCC_APPEND_FLAGS": "-allow-unsupported-compiler"}
    clang = {**environ, "PATH": make_gcc(tmp_path / "clang", "18.1.0", "clang")}
    silent = {**environ, "PATH": make_gcc(tmp_path / "silent", "")}
    for case in (allowed, clang, silent):
        found = plan_cuda(SYSTEM, CUDA, make_bench(tmp_path / "cache", environ=case))
        note = f"the toolkit is CUDA 13.2 ({root}), torch is for 13.0: this usually works"
        assert (None, (note,)) == (found.stop, found.notes)
