"""(c) Giving the build environment the real torch: by reuse against by require."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from pathlib import Path

from runtime_backend.frontend.environments import EnvironmentReader
from runtime_backend.installed.identity import read_identity
from runtime_backend.provision.links import Borrowed, plan_links
from runtime_backend.provision.overlay import Overlay, plan_overlay
from runtime_backend.store.cache import find_cache

from ..workplace import Target
from .timing import print_table, size_of


def measure_provision(torch: Target, folder: Path, requirement: str, runs: int) -> None:
    """Print seconds and bytes of both ways."""
    first, again = [], []
    cache = find_cache(folder / "cache", {})
    for _ in range(runs):
        shutil.rmtree(cache, ignore_errors=True)
        first.append(_reuse(torch, cache))
        again.append(_reuse(torch, cache))
    written = size_of(cache)
    seconds, required = _require(torch, folder / "required", requirement)
    rows = [
        ["reuse, first time", f"{statistics.median(first):.3f}", f"{written / 1e6:.2f}"],
        ["reuse, again", f"{statistics.median(again):.3f}", "0"],
        ["require, pip", f"{seconds:.1f}", f"{required / 1e6:.0f}"],
    ]
    print_table(f"(c) giving the build environment {requirement}", ["provision", "seconds", "MB on disk"], rows)


def _reuse(torch: Target, cache: Path) -> float:
    """Return the seconds from a known environment to an overlay that is there: in a hook, nothing of it is cached."""
    start = time.perf_counter()
    with _plan(torch, cache).shown():
        return time.perf_counter() - start


def _plan(torch: Target, cache: Path) -> Overlay:
    environment = EnvironmentReader(python=torch.version, user_base=Path("/nonexistent")).read(torch.prefix)
    assert environment is not None, torch
    index = environment.distributions
    distribution = index.find("torch")
    assert distribution is not None, torch
    borrowed = Borrowed(distribution=distribution, extras=frozenset(), installed=index)
    links = plan_links([borrowed], lambda _: False)
    return plan_overlay(cache, [(borrowed, read_identity(distribution, index))], links)


def _require(torch: Target, folder: Path, requirement: str) -> tuple[float, int]:
    start = time.perf_counter()
    command = [torch.python, "-m", "pip", "install", "--quiet", f"--prefix={folder}", "--ignore-installed", requirement]
    subprocess.run([str(word) for word in command], check=True)
    return time.perf_counter() - start, size_of(folder)
