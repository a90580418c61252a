"""Making stand-in toolkits, of the system and from wheels, and the workbench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from standins import make_distribution, write

from runtime_backend.cuda.inputs import Workbench
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.installed.identity import Identity
from runtime_backend.provision.fetch import plan_fetching
from runtime_backend.real.hooks import HookKind

CUDA = Identity(name="torch", version="2.13.0", reported="2.13.0+cu130", cuda="13.0")
TWELVE = Identity(name="torch", version="2.10.0", reported="2.10.0+cu128", cuda="12.8")
LOCKED = Identity(name="torch", version="2.13.0", cuda="13.0")
ROCM = Identity(name="torch", version="2.9.0", reported="2.9.0+rocm6.4", hip="6.4.43484-123eb5128", rocm="6.4.2")
XPU = Identity(name="torch", version="2.9.0", reported="2.9.0+xpu", xpu="20250101")
CPU = Identity(name="torch", version="2.13.0", reported="2.13.0+cpu")

CODES = "sm_80\\nsm_90\\nsm_120"

NVCC = """#!/bin/sh
case "$1" in
  --version) echo "Cuda compilation tools, release {version}, V{version}.88" ;;
  --dryrun) echo '#$ _SPACE_= '; echo '#$ TOP={top}/bin/..'; exit 1 ;;
  --list-gpu-code) printf '{codes}\\n' ;;
esac
"""

CUDA_H = """\
CUresult CUDAAPI cuInit(unsigned int Flags);
CUresult CUDAAPI
cuDriverGetVersion(int *driverVersion);
CUresult  CUDAAPI cuInit (unsigned int Flags);
typedef int CUdevice;
"""


_KINDS: dict[str, HookKind] = {
    "ask": "requirements",
    "postponed": "requirements",
    "metadata": "metadata",
    "build": "wheel",
}


def make_bench(cache: Path, *sites: Path, hook: str = "build", is_fetching: bool = True, **more: Any) -> Workbench:
    """Return a workbench.

    :param sites: what the interpreter would import.
    :param hook: ``ask``, ``postponed``, ``metadata``, ``build``.
    :param is_fetching: whether the build environment is ours to complete.
    :param more: the environment's PATH is empty, and the isolation ``hidden``, unless said here.
    """
    facts: dict[str, Any] = {"isolation": "hidden", "environ": {"PATH": ""}, **more}
    return Workbench(
        cache=cache,
        visible=DistributionIndex(sites),
        kind=_KINDS[hook],
        is_postponed=hook == "postponed",
        plan_fetching=partial(plan_fetching, cache / "toolkits", "3.11") if is_fetching else None,
        **facts,
    )


def make_program(path: Path, text: str) -> Path:
    """Write a script that can be run; return it."""
    write(path, text).chmod(0o755)
    return path


def make_toolkit(
    root: Path, version: str = "13.0", *, gcc: int = 15, name: str = "nvcc", top: Path | None = None
) -> Path:
    """Make a toolkit; return its compiler."""
    write(root / "include/crt/host_config.h", f"#error -- gcc versions later than {gcc} are not supported! The flag\n")
    return make_program(root / "bin" / name, NVCC.format(version=version, top=top or root, codes=CODES))


def make_gcc(folder: Path, version: str, maker: str = "Free Software Foundation, Inc.") -> str:
    """Make a C++ compiler; return a PATH with it."""
    text = f"#!/bin/sh\ncase \"$1\" in --version) echo 'g++ {version}, {maker}' ;; *) echo {version} ;; esac\n"
    make_program(folder / "g++", text)
    return f"{folder}:/usr/bin:/bin"


def make_compilers(site: Path, version: str = "13.0", without: Sequence[str] = (), gcc: int = 15) -> Path:
    """Install the compilers from wheels; return the folder with the layout of a toolkit.

    :param without: the distributions that are left out.
    """
    root = f"nvidia/cu{version.partition('.')[0]}"
    nvcc = NVCC.format(version=version, top=site / root, codes=CODES)
    header = f"#error -- gcc versions later than {gcc} are not supported! The flag\n"
    found: Mapping[str, Mapping[str, str]] = {
        "nvidia-cuda-nvcc": {"bin/nvcc": nvcc, "bin/nvcc.profile": ""},
        "nvidia-cuda-crt": {"include/crt/host_config.h": header},
        "nvidia-nvvm": {"nvvm/bin/cicc": "", "nvvm/libdevice/libdevice.10.bc": "", "lib/libnvvm.so.4": ""},
        "nvidia-cuda-runtime": {"include/cuda.h": CUDA_H, "include/cuda_runtime.h": "", "lib/libcudart.so.13": ""},
        "nvidia-cuda-cccl": {"include/cccl/cub/cub.cuh": ""},
    }
    for name, files in found.items():
        if name not in without:
            make_distribution(site, name, f"{version}.88", {f"{root}/{path}": text for path, text in files.items()})
    if "nvidia-cuda-nvcc" not in without:
        (site / root / "bin/nvcc").chmod(0o755)
    return site / root


def make_libraries(site: Path) -> Path:
    """Install the mathematical libraries that a torch for CUDA 13 needs; return the ``nvidia`` folder."""
    for name in ("cublas", "cusparse"):
        files = {f"nvidia/cu13/include/{name}.h": "", f"nvidia/cu13/lib/lib{name}.so.13": ""}
        make_distribution(site, f"nvidia-{name}", "13.0.1", files)
    return site / "nvidia"
