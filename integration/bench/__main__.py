"""Measures what the shim costs, and prints tables: all of them, or those that are named.

  builds     whole builds of a wheel by pip, uv and build: with the shim, and with setuptools alone
  hooks      each hook's own time, split into import, plan and delegation; with a stand-in torch and the real one
  provision  giving the real torch to a build environment: reuse, and require
  plan       a plan against a lock of 500 packages and an environment of 300
  metadata   metadata without torch: from [project] alone, with the stand-in torch, and by setuptools alone
  asking     asking pip and uv what they will install

hooks and provision download torch.

Examples:
  nox -s bench
  nox -s bench -- builds plan --runs 3

"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..stock import Stock, make_stock
from ..workplace import Target
from .asking import measure_asking
from .builds import measure_builds
from .hooks import measure_hooks, measure_plan
from .metadata import measure_metadata
from .provision import measure_provision


class _Bench(NamedTuple):
    """What the benchmarks are made with."""

    stock: Stock
    options: argparse.Namespace
    torch: Target | None


def _measure_provision(bench: _Bench, folder: Path) -> None:
    if bench.torch is not None:
        measure_provision(bench.torch, folder, f"torch=={bench.options.torch}", bench.options.runs)


BENCHMARKS: dict[str, Callable[[_Bench, Path], None]] = {
    "builds": lambda bench, folder: measure_builds(bench.stock, folder, bench.options.runs),
    "hooks": lambda bench, folder: measure_hooks(bench.stock, folder, bench.torch, bench.options.runs),
    "provision": _measure_provision,
    "plan": lambda bench, folder: measure_plan(bench.stock, folder, bench.options.runs),
    "metadata": lambda bench, folder: measure_metadata(bench.stock, folder, bench.options.runs),
    "asking": lambda bench, folder: measure_asking(bench.stock, folder, bench.options.runs),
}
_REAL = {"hooks", "provision"}
"""Those that take the real torch."""


def main() -> int:
    """Run the benchmarks and return the exit code."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = folder / "session"
        session.mkdir()
        torch = _real_torch(folder / "torch", f"torch=={options.torch}") if _REAL & {*options.which} else None
        bench = _Bench(make_stock(session), options, torch)
        for which in options.which:
            (folder / which).mkdir()
            BENCHMARKS[which](bench, folder / which)
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return what a command line asks for."""
    parser = argparse.ArgumentParser(
        prog="nox -s bench --", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # No choices: with them, Python 3.11 and older refuse an empty list of words, and the list of all as its default.
    parser.add_argument("which", nargs="*", metavar="NAME", help="what is measured (default: everything)")
    parser.add_argument("--runs", type=int, default=7, help="runs that count, of each (default: %(default)s)")
    parser.add_argument("--torch", default="2.13.0", help="the real torch (default: %(default)s)")
    options = parser.parse_args(words)
    unknown = [name for name in options.which if name not in BENCHMARKS]
    if unknown:
        parser.error(f"found {' '.join(unknown)}, expected one or more of {', '.join(BENCHMARKS)}")
    if options.runs < 1:
        parser.error(f"--runs: found {options.runs}, expected 1 or more")
    options.which = options.which or list(BENCHMARKS)
    return options


def _real_torch(prefix: Path, requirement: str) -> Target:
    venv.create(prefix, with_pip=True)
    target = Target(prefix=prefix, version=f"{sys.version_info[0]}.{sys.version_info[1]}")
    subprocess.run([str(target.python), "-m", "pip", "install", "--quiet", requirement], check=True)
    return target


if __name__ == "__main__":
    sys.exit(main())
