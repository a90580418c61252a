"""``torch.__config__``: the build of every published torch, as far as build scripts ask."""

from __future__ import annotations

from . import _notes

__getattr__ = _notes.absent(__name__)


def parallel_info() -> str:
    """Return torch's report on its threads: its wheels are built with OpenMP."""
    return "ATen/Parallel:\n\tat::get_num_threads() : 1\nATen parallel backend: OpenMP\n"


def show() -> str:
    """Return torch's report on its build, with the known facts of the runtime, in the format of torch 2.13."""
    version, cuda, hip, xpu = (_notes.fact(name) for name in ("version", "cuda", "hip", "xpu"))
    parts = [("CUDA Runtime", cuda), ("HIP Runtime", hip), ("SYCL compiler version", xpu)]
    lines = [f"  - {name} {value}\n" for name, value in (("OpenMP", "201511"), *parts) if value]
    used = f"USE_CUDA={int(bool(cuda))}, USE_OPENMP=ON, USE_ROCM={_switch(hip)}, USE_XPU={_switch(xpu)}, "
    settings = f"CXX_FLAGS={_cxx_flags()}, TORCH_VERSION={version.partition('+')[0]}, {used}"
    return f"PyTorch built with:\n{''.join(lines)}  - Build settings: {settings}\n"


def _cxx_flags() -> str:
    """Return the known part of the flags that torch was compiled with."""
    return f" -D_GLIBCXX_USE_CXX11_ABI={int(_notes.fact('cxx11_abi'))} -fvisibility-inlines-hidden -O2 -fPIC"


def _switch(value: object) -> str:
    return "ON" if value else "OFF"
