"""The number of parallel compilers: from the settings, or as many as the machine can run."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CudaError
from ..system.memory import available_memory, count_cores

NVCC_MEMORY, COMPILER_MEMORY = 4.0, 2.0
"""GB that one nvcc and one C++ compiler need for a file with torch's headers: at most 3.6 and 2.0 were measured."""

_GB = 10**9


def decide_jobs(wanted: int | None, memory: float, environ: Mapping[str, str], architectures: int) -> tuple[int, str]:
    """Return the number of jobs, and the reason.

    :param wanted: None: by cores and memory.
    :param memory: GB per job.
    :param architectures: how many architectures each nvcc compiles for; NVCC_THREADS of them run in parallel.
    :raises CudaError: if the person's MAX_JOBS is not a number; torch would ignore it and use all cores.
    """
    own = environ.get("MAX_JOBS", "")
    if own and not (own.isdigit() and int(own)):
        raise CudaError(
            "max-jobs",
            "MAX_JOBS: found {own!r}, expected a whole number of at least 1",
            hint="Unset it, or set it to a number.",
            own=own,
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
