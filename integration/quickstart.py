"""The main job, on a fresh machine: one stage from sources to an op that runs, under pip and under uv.

Needs Python, pip, a C++ compiler and a package index. Makes everything it needs in ``.work/quickstart``:

- ``target``: an environment with a real torch, and nothing else that the build needs;
- ``tools``: runtime-backend from this checkout, for ``explain``, and uv.

Then ``pip install`` and ``uv pip install`` build ``packages/op_setuptools``, whose setup.py imports torch, with build
isolation on, no flag, and no variable but the one that says where this checkout's runtime-backend is to be had.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "integration" / "packages" / "op_setuptools"
CHECK = """
import torch, op_setuptools
x, y = torch.randn(1000), torch.randn(1000)
torch.testing.assert_close(op_setuptools.op(2.0, x, y), 2.0 * x + y)
built = op_setuptools.built_for()
print(f"op_setuptools.op(2, x, y) == 2 * x + y; built for {built}, runs with torch {torch.__version__}")
"""


def main() -> int:
    """Run the quick start and return its exit code."""
    options = _parse()
    work = options.work.resolve()
    target, tools, wheels = work / "target", work / "tools", work / "wheels"
    _make_environment(target, [f"torch=={options.torch}"])
    _make_environment(tools, [str(ROOT), "uv"])
    _make_wheel(tools, wheels)
    environ = {**os.environ, "PIP_FIND_LINKS": _joined(wheels), "UV_FIND_LINKS": str(wheels)}
    source = shutil.copytree(PACKAGE, work / "op_setuptools", dirs_exist_ok=True)

    _say("What a build would do, and why: runtime-backend explain")
    activated = {**os.environ, "VIRTUAL_ENV": str(target)}
    _run([_program(tools, "runtime-backend"), "explain", source], activated)
    _say("pip install ./op_setuptools")
    _run([_program(target, "python"), "-m", "pip", "install", *_AGAIN, source], environ)
    _run([_program(target, "python"), "-W", "ignore", "-c", CHECK], os.environ)
    _say("uv pip install ./op_setuptools")
    _run([_program(tools, "uv"), "pip", "install", "--reinstall", "--no-deps", "-p", target, source], environ)
    _run([_program(target, "python"), "-W", "ignore", "-c", CHECK], os.environ)
    return 0


_AGAIN = ["--quiet", "--force-reinstall", "--no-deps"]
"""Makes a second run of this script build again; torch is there, so nothing is left to install."""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "quickstart", help="where everything goes")
    parser.add_argument("--torch", default="2.13.0", help="the version of torch to install (default: %(default)s)")
    return parser.parse_args()


def _make_environment(folder: Path, requirements: Sequence[str]) -> None:
    if not folder.exists():
        _run([sys.executable, "-m", "venv", folder], os.environ)
    _say(f"pip install {' '.join(requirements)}  (into {folder.name})")
    _run([_program(folder, "python"), "-m", "pip", "install", "--quiet", *requirements], os.environ)


def _make_wheel(tools: Path, wheels: Path) -> None:
    """Make the wheel of this checkout: what an index has of a released runtime-backend."""
    shutil.rmtree(wheels, ignore_errors=True)
    command = [_program(tools, "python"), "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, ROOT]
    _run(command, os.environ)


def _joined(wheels: Path) -> str:
    return " ".join(filter(None, [os.environ.get("PIP_FIND_LINKS"), str(wheels)]))


def _program(environment: Path, name: str) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def _say(line: str) -> None:
    print(f"\n==> {line}", flush=True)


def _run(command: Sequence[str | Path], environ: Mapping[str, str]) -> None:
    """Run a command; its failure ends the script with its exit code."""
    done = subprocess.run([str(word) for word in command], env=environ, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
