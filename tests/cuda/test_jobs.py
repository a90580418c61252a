"""The number of parallel compilers by cores and memory, and the report if memory was not enough."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from callers import Scene
from hooks import Said, call_of, make_source
from standins import write

from runtime_backend.cuda import jobs
from runtime_backend.cuda.jobs import decide_jobs
from runtime_backend.errors import CudaError
from runtime_backend.hook import failures
from runtime_backend.system import memory

GB = 10**9


def make_machine(root: Path, *, free: int | None = 32 * GB, cgroup: str = "", **files: str) -> Path:
    """Return the root of a machine's procfs and sysfs."""
    if free is not None:
        write(root / "proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {free // 1024} kB\n")
    write(root / "proc/self/cgroup", cgroup)
    for name, text in files.items():
        write(root / "sys/fs/cgroup" / name.replace("__", "/").replace("_", "."), text)
    return root


def test_memory(tmp_path: Path) -> None:
    """The result is the minimum of the free memory and the rest of each control group's limit."""
    assert 32 * GB // 1024 * 1024 == memory.available_memory(make_machine(tmp_path / "a"))
    assert memory.available_memory(make_machine(tmp_path / "b", free=None)) is None
    two = make_machine(
        tmp_path / "c",
        cgroup="0::/user/me\n",
        user__me__memory_max="max\n",
        user__me__memory_current="5\n",
        user__memory_max=f"{6 * GB}\n",
        user__memory_current=f"{3 * GB}\n",
        user__memory_stat=f"anon 7\ninactive_file {GB}\n",
    )
    assert 4 * GB == memory.available_memory(two)
    one = make_machine(tmp_path / "d", cgroup="3:cpu:/\n4:memory,x:/docker/1\n")
    write(one / "sys/fs/cgroup/memory/memory.limit_in_bytes", f"{2 * GB}")
    write(one / "sys/fs/cgroup/memory/memory.usage_in_bytes", f"{3 * GB}")
    assert 0 == memory.available_memory(one)


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cores that this process may use; all if the system does not report them."""
    assert memory.count_cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert 1 == memory.count_cores()


@pytest.mark.parametrize(
    ("free", "environ", "expected"),
    [
        (32 * GB, {}, (8, "set: 8 cores, 32.0 GB free, 4 GB a job")),
        (6 * GB, {}, (1, "set: 8 cores, 6.0 GB free, 4 GB a job")),
        (GB, {}, (1, "set: 8 cores, 1.0 GB free, 4 GB a job")),
        (32 * GB, {"NVCC_THREADS": "4"}, (4, "set: 8 cores, 32.0 GB free, 8 GB a job")),
        (32 * GB, {"NVCC_THREADS": "x"}, (8, "set: 8 cores, 32.0 GB free, 4 GB a job")),
        (None, {}, (8, "set: 8 cores, memory not known")),
    ],
)
def test_jobs(
    free: int | None, environ: dict[str, str], expected: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is limited by cores and memory; nvcc's own threads count."""
    monkeypatch.setattr(jobs, "count_cores", lambda: 8)
    monkeypatch.setattr(jobs, "available_memory", lambda: free)
    assert expected == decide_jobs(None, 4.0, environ, 2)
    assert (3, "set") == decide_jobs(3, 4.0, environ, 2)


@pytest.mark.parametrize("own", ["abc", "0", "-1", "1.5"])
def test_jobs_that_are_no_number(own: str) -> None:
    """An invalid MAX_JOBS is an error; torch would silently use all cores."""
    with pytest.raises(CudaError, match=f"MAX_JOBS: found '{own}', expected a whole number of at least 1"):
        decide_jobs(1, 4.0, {"MAX_JOBS": own}, 1)


@pytest.mark.parametrize("killed", [True, False])
def test_killed(killed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """If the kernel kills a process while a build fails, the person gets a hint."""
    root = tmp_path / "root"
    write(root / "proc/vmstat", "pgfault 3\noom_kill 7\n")
    assert (7, 0) == (memory.count_kills(root), memory.count_kills(tmp_path / "nowhere"))
    told = iter([7, 8 if killed else 7])  # before the hook, after it
    monkeypatch.setattr(failures, "count_kills", lambda: next(told))
    scene = Scene(tmp_path / "scene")
    make_source(scene.source, "backends.objects:raising")
    (tmp_path / "dist").mkdir()
    said = Said()
    one = call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said)
    with pytest.raises(SystemExit):
        one.build(str(tmp_path / "dist"), None)
    assert killed == any("the kernel killed a process during this build" in line for line in said.lines)
