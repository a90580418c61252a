"""The ``cuda`` table as variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..config import CudaSettings
from ..errors import CudaError
from ..runtime import Identity
from ..variables import PlannedVariable, left, plan_unless_set
from .architectures import decide_architectures
from .jobs import COMPILER_MEMORY, NVCC_MEMORY, decide_jobs
from .toolkit import check_toolkit, describe_toolkit, find_toolkit


@dataclass(frozen=True, kw_only=True, slots=True)
class CudaPlan:
    """What the table comes to."""

    variables: tuple[PlannedVariable, ...]
    stop: CudaError | None
    """Why a build cannot go on."""
    notes: tuple[str, ...]


def plan_cuda(
    settings: CudaSettings, torch: Identity | None, site: Path | None, environ: Mapping[str, str]
) -> CudaPlan:
    """Return what the table comes to.

    :param torch: None: it is not known yet.
    :param site: the folder that the real backend sees torch in; None: it does not see it yet.
    """
    variables, notes = list[PlannedVariable](), list[str]()
    stop: CudaError | None = None
    try:
        names, count = _plan_architectures(settings, torch, site, environ)
        variables += names
        variables += _plan_jobs(settings, torch, environ, count)
        variables += _plan_toolkit(settings, torch, site, {**environ, **_values(names)}, notes)
    except CudaError as error:
        stop = error
    return CudaPlan(variables=tuple(variables), stop=stop, notes=tuple(notes))


def _values(variables: list[PlannedVariable]) -> dict[str, str]:
    return {variable.name: variable.value for variable in variables if variable.value is not None}


def _plan_architectures(
    settings: CudaSettings, torch: Identity | None, site: Path | None, environ: Mapping[str, str]
) -> tuple[list[PlannedVariable], int]:
    """Return the variables, and how many architectures they name."""
    chosen = settings.arch_list
    own = environ.get("TORCH_CUDA_ARCH_LIST")
    if chosen is None or own:
        kept = [] if chosen is None else [left("TORCH_CUDA_ARCH_LIST", chosen.origin)]
        return kept, len((own or "").replace(" ", ";").split(";"))
    if _is_without_cuda(torch):
        why = "not set: this torch is not for CUDA"
        return [PlannedVariable(name="TORCH_CUDA_ARCH_LIST", value=None, origin=chosen.origin, why=why)], 1
    found = decide_architectures(chosen.value, environ, site)
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
    usual = COMPILER_MEMORY if _is_without_cuda(torch) else NVCC_MEMORY
    memory = usual if settings.job_memory is None else settings.job_memory.value
    jobs, why = decide_jobs(1 if chosen is None else chosen.value, memory, environ, architectures)
    if chosen is None:
        return []
    if "MAX_JOBS" in environ:  # the person's own word on it is for both
        return [left("MAX_JOBS", chosen.origin)]
    names = ("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL")
    return [plan_unless_set(name, str(jobs), environ, origin=chosen.origin, why=why) for name in names]


def _plan_toolkit(
    settings: CudaSettings, torch: Identity | None, site: Path | None, environ: Mapping[str, str], notes: list[str]
) -> list[PlannedVariable]:
    """Return the variables by which build tools find the system's toolkit; it is compared with torch first."""
    chosen = settings.toolkit
    if chosen is None or _is_without_cuda(torch):
        return []
    toolkit = find_toolkit(environ)
    notes += check_toolkit(toolkit, torch, environ)
    values = describe_toolkit(toolkit, site)
    why = f"set: CUDA {toolkit.version} ({toolkit.how})"
    return [plan_unless_set(name, value, environ, origin=chosen.origin, why=why) for name, value in values.items()]


def _is_without_cuda(torch: Identity | None) -> bool:
    """Return whether torch is known, and not for CUDA."""
    return torch is not None and torch.reported is not None and torch.cuda is None
