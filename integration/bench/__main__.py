"""``python -m integration.bench [a] [b] [c] [d] [e] [f]``: all of them, or those named."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from ..stock import make_stock
from ..workplace import Target
from .asking import measure_asking
from .builds import measure_builds
from .hooks import measure_hooks, measure_plan
from .metadata import measure_metadata
from .provision import measure_provision


def main() -> int:
    """Run the benchmarks and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    # Python 3.11 compares the whole list of defaults with the choices.
    parser.add_argument("which", nargs="*", metavar="a ... f", help="which of them (default: all)")
    parser.add_argument(
        "--runs", type=int, default=7, help="runs of each alternative that count (default: %(default)s)"
    )
    parser.add_argument("--torch", default="2.13.0", help="the real torch of (b) and (c) (default: %(default)s)")
    options = parser.parse_args()
    if not set("abcdef").issuperset(options.which):
        parser.error(f"found {' '.join(options.which)}, expected letters out of a b c d e f")
    options.which = options.which or list("abcdef")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = folder / "session"
        session.mkdir()
        stock = make_stock(session)
        requirement = f"torch=={options.torch}"
        torch = _real_torch(folder / "torch", requirement) if {"b", "c"} & set(options.which) else None
        for letter in "abcdef":
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


def _real_torch(prefix: Path, requirement: str) -> Target:
    venv.create(prefix, with_pip=True)
    target = Target(prefix=prefix, version=f"{sys.version_info[0]}.{sys.version_info[1]}")
    subprocess.run([str(target.python), "-m", "pip", "install", "--quiet", requirement], check=True)
    return target


if __name__ == "__main__":
    sys.exit(main())
