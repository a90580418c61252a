"""What this machine, or the container that we are in, has left to compile with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .files import read_text

_ROOT = Path(os.sep)


def available_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that may be used before the kernel kills something; None where the system does not tell.

    The smallest of what is free in all and what is left of the limit of each control group that we are in.

    :param root: where ``proc`` and ``sys`` lie.
    """
    found = [*_free(root), *_left_of_limits(root)]
    return max(0, min(found)) if found else None


def count_cores() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def count_kills(root: Path = _ROOT) -> int:
    """Return how many processes the kernel has killed for want of memory since it was started, as far as it tells."""
    lines = (line.split() for line in read_text(root / "proc/vmstat").splitlines())
    return next((int(words[1]) for words in lines if words[:1] == ["oom_kill"]), 0)


def _free(root: Path) -> Iterator[int]:
    for line in read_text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_of_limits(root: Path) -> Iterator[int]:
    """Yield what is left of the limits of our control groups: version 2, and version 1 where that is in use."""
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _left(root / "sys/fs/cgroup", path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes"
            yield from _left(root / "sys/fs/cgroup/memory", path, *names)


def _left(mount: Path, path: str, limit_name: str, usage_name: str) -> Iterator[int]:
    """Yield what is left in a group and in those around it; a container sees its own as the root."""
    group = mount / path.lstrip("/")
    around = [group, *group.parents]
    for folder in around[: around.index(mount) + 1]:
        limit, usage = (read_text(folder / name).strip() for name in (limit_name, usage_name))
        if limit.isdigit() and usage.isdigit():
            yield int(limit) - int(usage) + _reclaimable(folder)


def _reclaimable(folder: Path) -> int:
    """Return the bytes of files that the kernel takes back before it kills."""
    lines = (line.split() for line in read_text(folder / "memory.stat").splitlines())
    return sum(int(words[1]) for words in lines if words[:1] == ["inactive_file"])
