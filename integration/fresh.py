"""A fresh environment in one stage, without naming a version: ``pip install torch ./op_setuptools``, or by uv.

Downloads the newest torch of the index, some GB, twice if need be: into the build and into the environment. Everything
lies in ``.work/fresh``. The op of the example is compared with plain torch at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from quickstart import CHECK, PACKAGE, ROOT, joined, make_environment, make_wheel, program, run, say


def main() -> int:
    """Build it, run its op, and return the exit code."""
    options = _parse()
    work = options.work.resolve()
    shutil.rmtree(work / "target", ignore_errors=True)
    tools, wheels, target = work / "tools", work / "wheels", work / "target"
    make_environment(tools, [str(ROOT), "uv"])
    make_environment(target, ["--upgrade", "pip"])
    make_wheel(tools, wheels)
    source = shutil.copytree(PACKAGE, work / "op_setuptools", dirs_exist_ok=True)
    environ = {**os.environ, "PIP_FIND_LINKS": joined(wheels), "UV_FIND_LINKS": str(wheels)}
    pip, uv = (
        [program(target, "python"), "-m", "pip", "install"],
        [program(tools, "uv"), "pip", "install", "-p", target],
    )
    started = time.monotonic()
    say(f"{'uv pip' if options.by == 'uv' else 'pip'} install torch ./op_setuptools")
    run([*(uv if options.by == "uv" else pip), "torch", source], environ)
    say(f"{time.monotonic() - started:.0f} s")
    run([program(target, "python"), "-W", "ignore", "-c", CHECK], os.environ)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "fresh", help="where everything goes")
    parser.add_argument("--by", choices=["pip", "uv"], default="pip", help="the frontend (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
