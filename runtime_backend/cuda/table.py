"""Turning the ``cuda`` table into environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..config import CudaSettings
from ..config.planned import PlannedVariable, left, plan_unless_set
from ..errors import CudaError
from ..installed.identity import Identity
from .architectures import decide_architectures
from .choice import DEFAULT, ToolkitPlan, choose_toolkit, is_without_cuda, lacking_home
from .compiler_cache import CompilerCache, find_compiler_cache
from .inputs import Workbench
from .jobs import COMPILER_MEMORY, NVCC_MEMORY, decide_jobs
from .rocm import plan_rocm, without_rocm


class CudaPlan(NamedTuple):
    """The plan for a ``cuda`` table."""

    variables: tuple[PlannedVariable, ...]
    toolkit: ToolkitPlan | None
    """None if no toolkit is needed, or it is not known yet."""
    compiler_cache: CompilerCache | None
    stop: CudaError | None
    """The error that stops a build."""
    notes: tuple[str, ...]

    @property
    def is_lacking(self) -> bool:
        """Whether the compilers are missing for a call of the real backend now."""
        return self.toolkit is not None and self.toolkit.home is None


def plan_cuda(settings: CudaSettings, torch: Identity | None, bench: Workbench) -> CudaPlan:
    """Return the plan for a ``cuda`` table.

    :param torch: None if it is not known yet.
    """
    variables = list[PlannedVariable]()
    toolkit: ToolkitPlan | None = None
    compiler_cache: CompilerCache | None = None
    stop: CudaError | None = None
    try:
        names, count = _plan_architectures(settings, torch, bench)
        variables += names
        variables += _plan_jobs(settings, torch, bench.environ, count)
        compiler_cache = find_compiler_cache(settings.compiler_cache, bench.environ)
        if not is_without_cuda(torch):
            chosen, own = settings.toolkit or DEFAULT, _values(names)
            toolkit = choose_toolkit(chosen, torch, bench._replace(environ={**own, **bench.environ}))
            variables += _describe(toolkit, bench, chosen.origin)
    except CudaError as error:
        stop = error
    return CudaPlan(
        variables=tuple(variables),
        toolkit=toolkit,
        compiler_cache=compiler_cache,
        stop=stop,
        notes=() if toolkit is None else toolkit.notes,
    )


def _describe(toolkit: ToolkitPlan | None, bench: Workbench, origin: str) -> list[PlannedVariable]:
    """Return the variables that lead torch, CMake and setup.py files to the toolkit.

    CUDA_PATH alone is not the person's choice: installers of toolkits set it for all users.
    """
    if toolkit is None:
        return []
    home = str(lacking_home(bench.cache) if toolkit.home is None else toolkit.home.path)
    nvcc = str(Path(home) / "bin" / "nvcc")
    values = {"CUDA_HOME": home, "CUDA_PATH": home, "CUDACXX": nvcc, "CUDAToolkit_ROOT": home}
    if bench.environ.get("CUDA_HOME") and toolkit.home is not None and toolkit.home.additions is not None:
        # The person's CUDA_HOME is kept but lacks the mathematical headers; torch reads CUDA_INC_PATH in addition.
        values["CUDA_INC_PATH"] = str(Path(home) / "include")
    environ = {name: value for name, value in bench.environ.items() if name != "CUDA_PATH"}
    why = "set: the system's toolkit" if toolkit.kind == "system" else "set: the compilers from wheels"
    return [plan_unless_set(name, value, environ, origin=origin, why=why) for name, value in values.items()]


def _values(variables: list[PlannedVariable]) -> dict[str, str]:
    return {variable.name: variable.value for variable in variables if variable.value is not None}


def _plan_architectures(
    settings: CudaSettings, torch: Identity | None, bench: Workbench
) -> tuple[list[PlannedVariable], int]:
    """Return the variables, and the number of architectures in them."""
    environ = bench.environ
    chosen = settings.arch_list
    if torch is not None and torch.accelerator == "rocm":  # hipcc compiles for one at a time
        return [] if chosen is None else [plan_rocm(chosen, environ)], 1
    own = environ.get("TORCH_CUDA_ARCH_LIST")
    if chosen is None or own:
        kept = [] if chosen is None else [left("TORCH_CUDA_ARCH_LIST", chosen.origin)]
        return kept, len((own or "").replace(" ", ";").split(";"))
    wanted = "" if is_without_cuda(torch) else without_rocm(chosen.value)
    if not wanted:
        why = f"not set: {'this torch is' if is_without_cuda(torch) else 'the list is'} not for CUDA"
        return [PlannedVariable(name="TORCH_CUDA_ARCH_LIST", value=None, origin=chosen.origin, why=why)], 1
    found = decide_architectures(wanted, environ, bench.site)
    values = {"TORCH_CUDA_ARCH_LIST": found.torch, "CUDAARCHS": found.cmake}
    return [
        plan_unless_set(name, value, environ, origin=chosen.origin, why=found.why)
        for name, value in values.items()
        if value is not None
    ], found.torch.count(";") + 1


def _plan_jobs(
    settings: CudaSettings, torch: Identity | None, environ: Mapping[str, str], architectures: int
) -> list[PlannedVariable]:
    chosen = settings.jobs
    # hipcc is assumed to need as much memory as nvcc.
    usual = COMPILER_MEMORY if torch is not None and torch.accelerator in ("cpu", "xpu") else NVCC_MEMORY
    memory = usual if settings.job_memory is None else settings.job_memory.value
    jobs, why = decide_jobs(1 if chosen is None else chosen.value, memory, environ, architectures)
    if chosen is None:
        return []
    if "MAX_JOBS" in environ:  # the person's MAX_JOBS applies to both variables
        return [left("MAX_JOBS", chosen.origin)]
    names = ("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL")
    return [plan_unless_set(name, str(jobs), environ, origin=chosen.origin, why=why) for name in names]
