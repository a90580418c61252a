"""The main job, on a fresh machine: one stage from sources to an op that runs, under pip and under uv.

Needs Python, pip, a C++ compiler and a package index. Makes everything it needs in ``.work/quickstart``:

- ``target``: an environment with a real torch, and nothing else that the build needs;
- ``tools``: runtime-backend from this checkout, for ``explain``, and uv.

Then ``pip install`` and ``uv pip install`` build ``packages/op_setuptools``, whose setup.py imports torch, with build
isolation on, no flag, and no variable but two: where this checkout's runtime-backend is, and that both build (the wheel
store would give uv the wheel that pip has built).
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
    # Without the bytecode of torch, which takes three quarters of the time: Python makes what it imports.
    make_environment(target, ["--no-compile", f"torch=={options.torch}"])
    make_environment(tools, [str(ROOT), "uv"])
    make_wheel(tools, wheels)
    # Without the wheel store, which would give uv the wheel that pip has built.
    links = {"PIP_FIND_LINKS": joined(wheels), "UV_FIND_LINKS": str(wheels)}
    environ = {**os.environ, **links, "RUNTIME_BACKEND_STORE": "off"}
    source = shutil.copytree(PACKAGE, work / "op_setuptools", dirs_exist_ok=True)

    say("What a build would do, and why: runtime-backend explain")
    activated = {**os.environ, "VIRTUAL_ENV": str(target)}
    run([program(tools, "runtime-backend"), "explain", source], activated)
    say("pip install ./op_setuptools")
    run([program(target, "python"), "-m", "pip", "install", *_AGAIN, source], environ)
    run([program(target, "python"), "-W", "ignore", "-c", CHECK], os.environ)
    say("uv pip install ./op_setuptools")
    run([program(tools, "uv"), "pip", "install", "--reinstall", "--no-deps", "-p", target, source], environ)
    run([program(target, "python"), "-W", "ignore", "-c", CHECK], os.environ)
    return 0


_AGAIN = ["--quiet", "--force-reinstall", "--no-deps"]
"""Makes a second run of this script build again; torch is there, so nothing is left to install."""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "quickstart", help="where everything goes")
    parser.add_argument("--torch", default="2.13.0", help="the version of torch to install (default: %(default)s)")
    return parser.parse_args()


def make_environment(folder: Path, requirements: Sequence[str]) -> None:
    """Make an environment, if it is not there, and install into it."""
    if not folder.exists():
        run([sys.executable, "-m", "venv", folder], os.environ)
    say(f"pip install {' '.join(requirements)}  (into {folder.name})")
    run([program(folder, "python"), "-m", "pip", "install", "--quiet", *requirements], os.environ)


def make_wheel(tools: Path, wheels: Path) -> None:
    """Make the wheel of this checkout: what an index has of a released runtime-backend."""
    shutil.rmtree(wheels, ignore_errors=True)
    command: list[str | Path] = [
        program(tools, "python"),
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        wheels,
        ROOT,
    ]
    run(command, os.environ)


def joined(wheels: Path) -> str:
    """Return the folders that pip looks into, with one more."""
    return " ".join(filter(None, [os.environ.get("PIP_FIND_LINKS"), str(wheels)]))


def program(environment: Path, name: str) -> Path:
    """Return a program of an environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def say(line: str) -> None:
    """Print a heading."""
    print(f"\n==> {line}", flush=True)


def run(command: Sequence[str | Path], environ: Mapping[str, str]) -> None:
    """Run a command; its failure ends the script with its exit code."""
    done = subprocess.run([str(word) for word in command], env=environ, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
