"""Measures what the shim costs, and prints tables: all of them, or those that are named.

  a  whole builds of a wheel by pip, uv and build: with the shim, and with setuptools alone
  b  each hook's own time, split into import, plan and delegation; with a stand-in torch and the real one
  c  giving the real torch to a build environment: reuse, and require
  d  a plan against a lock of 500 packages and an environment of 300
  e  metadata without torch: from [project] alone, with the stand-in torch, and by setuptools alone
  f  asking pip and uv what they will install

b and c download torch.

Examples:
  nox -s bench
  nox -s bench -- a d --runs 3

"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from ..stock import make_stock
from ..workplace import Target
from .asking import measure_asking
from .builds import measure_builds
from .hooks import measure_hooks, measure_plan
from .metadata import measure_metadata
from .provision import measure_provision

LETTERS = ("a", "b", "c", "d", "e", "f")


def main() -> int:
    """Run the benchmarks and return the exit code."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = folder / "session"
        session.mkdir()
        stock = make_stock(session)
        requirement = f"torch=={options.torch}"
        torch = _real_torch(folder / "torch", requirement) if {"b", "c"} & set(options.which) else None
        for letter in options.which:
            (folder / letter).mkdir()
        if "a" in options.which:
            measure_builds(stock, folder / "a", options.runs)
        if "b" in options.which:
            measure_hooks(stock, folder / "b", torch, options.runs)
        if "c" in options.which and torch is not None:
            measure_provision(torch, folder / "c", requirement, options.runs)
        if "d" in options.which:
            measure_plan(stock, folder / "d", options.runs)
        if "e" in options.which:
            measure_metadata(stock, folder / "e", options.runs)
        if "f" in options.which:
            measure_asking(stock, folder / "f", options.runs)
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return what a command line asks for."""
    parser = argparse.ArgumentParser(
        prog="nox -s bench --", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # No choices: with them, Python 3.11 and older refuse an empty list of words, and the list of all as its default.
    parser.add_argument("which", nargs="*", metavar="LETTER", help="what is measured (default: all of a to f)")
    parser.add_argument("--runs", type=int, default=7, help="runs that count, of each (default: %(default)s)")
    parser.add_argument("--torch", default="2.13.0", help="the real torch of b and c (default: %(default)s)")
    options = parser.parse_args(words)
    unknown = [letter for letter in options.which if letter not in LETTERS]
    if unknown:
        parser.error(f"found {' '.join(unknown)}, expected letters out of {' '.join(LETTERS)}")
    if options.runs < 1:
        parser.error(f"--runs: found {options.runs}, expected 1 or more")
    options.which = options.which or list(LETTERS)
    return options


def _real_torch(prefix: Path, requirement: str) -> Target:
    venv.create(prefix, with_pip=True)
    target = Target(prefix=prefix, version=f"{sys.version_info[0]}.{sys.version_info[1]}")
    subprocess.run([str(target.python), "-m", "pip", "install", "--quiet", requirement], check=True)
    return target


if __name__ == "__main__":
    sys.exit(main())
