"""The memory and processors that this machine or container has for compiling."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .files import read_text

_ROOT = Path(os.sep)


def available_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that can be used before the kernel kills a process; None if the system does not report it.

    It is the minimum of the free memory and the rest of the limit of each control group of this process.

    :param root: the folder that contains ``proc`` and ``sys``.
    """
    found = [*_free(root), *_left_of_limits(root)]
    return max(0, min(found)) if found else None


def count_cores() -> int:
    """Return the number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def count_kills(root: Path = _ROOT) -> int:
    """Return the number of processes that the kernel has killed because memory ran out; 0 if it is not reported."""
    lines = (line.split() for line in read_text(root / "proc/vmstat").splitlines())
    return next((int(words[1]) for words in lines if words[:1] == ["oom_kill"]), 0)


def _free(root: Path) -> Iterator[int]:
    for line in read_text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_of_limits(root: Path) -> Iterator[int]:
    """Yield the rest of the limits of our control groups: version 2, and version 1 if in use."""
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _left(root / "sys/fs/cgroup", path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes"
            yield from _left(root / "sys/fs/cgroup/memory", path, *names)


def _left(mount: Path, path: str, limit_name: str, usage_name: str) -> Iterator[int]:
    """Yield the rest of the limits of a group and its parents; a container sees its own group as the root."""
    group = mount / path.lstrip("/")
    around = [group, *group.parents]
    for folder in around[: around.index(mount) + 1]:
        limit, usage = (read_text(folder / name).strip() for name in (limit_name, usage_name))
        if limit.isdigit() and usage.isdigit():
            yield int(limit) - int(usage) + _reclaimable(folder)


def _reclaimable(folder: Path) -> int:
    """Return the bytes of cached files that the kernel frees before it kills a process."""
    lines = (line.split() for line in read_text(folder / "memory.stat").splitlines())
    return sum(int(words[1]) for words in lines if words[:1] == ["inactive_file"])
