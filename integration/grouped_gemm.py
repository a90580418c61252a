"""grouped_gemm, with CUTLASS, from nothing, by a single ``uv sync``: the package of the original request.

Needs Python, uv, nvcc 13.0, a package index, and 15 GB of disk. Downloads 3 GB unless uv has them. Makes in
``.work/grouped_gemm`` a project that pins torch for CUDA 13.0, a wrapper around the sdist of the index, unmodified, and
the environment of the project. Where there is a GPU, the op is run and compared with plain torch.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROJECT = """[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch=={torch}", "grouped-gemm"]

[tool.uv.sources]
grouped-gemm = {{ path = "wrappers/grouped-gemm" }}

[tool.runtime-backend.packages.grouped-gemm]
env = {{ GROUPED_GEMM_CUTLASS = "1" }}
cuda = {{ arch-list = "{architecture}", toolkit = "system", jobs = "auto" }}
"""

CHECK = """
import glob, json, sys
import torch, grouped_gemm_backend
from grouped_gemm import ops
print(f"imported {grouped_gemm_backend.__name__}, with torch {torch.__version__}")
if not torch.cuda.is_available():
    print("no GPU here: the op was not run")
    sys.exit()
sizes = torch.tensor([128, 64, 192, 0])
a = torch.randn(384, 256, device="cuda", dtype=torch.bfloat16)
b = torch.randn(4, 256, 512, device="cuda", dtype=torch.bfloat16)
expected = torch.cat([part @ b[n] for n, part in enumerate(a.split(sizes.tolist()))])
torch.testing.assert_close(ops.gmm(a, b, sizes), expected, rtol=2e-2, atol=2e-2)
print(f"grouped_gemm.ops.gmm agrees with plain torch on {torch.cuda.get_device_name()}")
"""


def main() -> int:
    """Run it and return the exit code."""
    options = _parse()
    project, tools, wheels = (options.work.resolve() / name for name in ("project", "tools", "wheels"))
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    wheels.mkdir(exist_ok=True)
    environ = {**os.environ, "UV_FIND_LINKS": str(wheels)}
    _run(["uv", "build", "--quiet", "--wheel", f"--out-dir={wheels}", ROOT], environ)
    _run(["uv", "venv", "--quiet", "--clear", tools], environ)
    _run(["uv", "pip", "install", "--quiet", f"--python={tools}", "--reinstall", f"{ROOT}[cli]"], environ)

    # Upstream's setup.py asks for a GPU unless this is set, even to tell its metadata.
    told = {**environ, "TORCH_CUDA_ARCH_LIST": options.architecture}
    _run([tools / "bin" / "runtime-backend", "wrap", "grouped-gemm==0.3.0"], told, project)
    wrapper = project / "wrappers" / "grouped-gemm" / "pyproject.toml"
    # Upstream caps torch below 2.8, which has no CUDA 13: ours to widen, since we look at what comes of it.
    text, count = re.subn("(?m)^match-runtime = .*$", 'match-runtime = ["torch>=2.7"]', wrapper.read_text("utf-8"))
    assert count == 1, text
    wrapper.write_text(text, "utf-8")
    text = PROJECT.format(torch=options.torch, architecture=options.architecture)
    (project / "pyproject.toml").write_text(text, "utf-8")

    began = time.monotonic()
    _run(["uv", "sync", f"--python={sys.executable}"], environ, project)
    print(f"uv sync, from nothing: {time.monotonic() - began:.0f} s", flush=True)
    _run([project / ".venv" / "bin" / "python", "-W", "ignore", "-c", CHECK], environ, project)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "grouped_gemm", help="where everything goes")
    parser.add_argument("--torch", default="2.12.1", help="a torch for CUDA 13.0 (default: %(default)s)")
    parser.add_argument("--architecture", default="9.0", help="as TORCH_CUDA_ARCH_LIST has it (default: %(default)s)")
    return parser.parse_args()


def _run(command: list[object], environ: Mapping[str, str], cwd: Path = ROOT) -> None:
    words = [str(word) for word in command]
    print(f"$ {' '.join(words)}" if "-c" not in words else f"$ {words[0]} -c …", flush=True)
    subprocess.run(words, check=True, env=environ, cwd=cwd)


if __name__ == "__main__":
    sys.exit(main())
