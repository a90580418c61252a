"""How many compilers at once: as the settings say, or as many as the machine stands."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CudaError
from ..system.memory import available_memory, count_cores

NVCC_MEMORY, COMPILER_MEMORY = 4.0, 2.0
"""GB that one nvcc, or one C++ compiler, takes for a file with torch's headers in it: 3.6 and 2.0 at most, measured."""

_GB = 10**9


def decide_jobs(wanted: int | None, memory: float, environ: Mapping[str, str], architectures: int) -> tuple[int, str]:
    """Return how many, and why.

    :param wanted: None: by cores and by memory.
    :param memory: GB for each.
    :param architectures: how many each nvcc compiles for; with NVCC_THREADS, some of them at once.
    :raises CudaError: when the person's MAX_JOBS is no number; torch would take as many as there are cores.
    """
    own = environ.get("MAX_JOBS", "")
    if own and not (own.isdigit() and int(own)):
        raise CudaError(
            f"MAX_JOBS: found {own!r}, expected a number from 1 on", hint="Unset it, or set it to a number."
        )
    if wanted is not None:
        return wanted, "set"
    threads = environ.get("NVCC_THREADS", "")
    each = memory * min(int(threads) if threads.isdigit() and int(threads) else 1, max(architectures, 1))
    cores, free = count_cores(), available_memory()
    if free is None:
        return cores, f"set: {cores} cores, memory not known"
    jobs = max(1, min(cores, int(free / _GB / each)))
    return jobs, f"set: {cores} cores, {free / _GB:.1f} GB free, {each:g} GB a job"
