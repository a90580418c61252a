"""Real packages with CUDA code, from nothing: torch, the compilers and the package come with one command.

Needs Python, uv, a C++ compiler, a package index, and 15 GB of disk. Downloads 3 GB unless they are cached. Makes in
``.work/cuda/<frontend>/<package>`` a project that pins torch for CUDA 13.0, a wrapper around the unmodified source, and
a fresh environment. Where there is a GPU, an op of each is run and compared with plain torch.

Examples::

    python3 integration/cuda_builds.py                           # all of cuda_builds.toml, by uv sync
    python3 integration/cuda_builds.py grouped-gemm --by pip     # pip install torch==… ./wrappers/grouped-gemm
    python3 integration/cuda_builds.py op-cuda --hide-toolkit    # /usr/local is empty, no CUDA_* variable (Linux, root)
    python3 integration/cuda_builds.py op-cuda --again           # and once more, in another folder and environment
    python3 integration/cuda_builds.py --installed --by pip      # beside a torch: pip install ./wrappers/…
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

PROJECT = """[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch=={torch}", "{name}"{more}]

[tool.uv.sources]
{name} = {{ path = "wrappers/{name}" }}

[tool.runtime-backend.packages.{name}]
env = {{ {env} }}
cuda = {{ arch-list = "{architecture}", toolkit = "{toolkit}", jobs = "auto" }}
"""

CHECK = """
import glob, torch
{check}
if torch.cuda.is_available():
    print(f"{{compare()}} agrees with plain torch on {{torch.cuda.get_device_name()}}")
else:
    print("imported; no GPU here, so no op was run")
"""


def main() -> int:
    """Run it and return the exit code."""
    options = _parse()
    table = tomllib.loads((HERE / "cuda_builds.toml").read_text("utf-8"))["package"]
    wanted = [package for package in table if not options.packages or package["name"] in options.packages]
    environ = _environ(options)
    wheels, tools = _make_tools(options.work.resolve(), environ)
    environ |= {"UV_FIND_LINKS": str(wheels), "PIP_FIND_LINKS": str(wheels)}
    how = f"by {options.by}, {'beside torch' if options.installed else 'from nothing'}"
    for package in wanted:
        for number in range(2 if options.again else 1):
            project = options.work.resolve() / options.by / f"{package['name']}{'-again' * number}"
            wall, cpu, compiled = _build(package, project, tools, options, environ)
            print(f"{project.name}: {wall:.0f} s, {cpu:.1f} CPU s {how}; files compiled: {compiled}", flush=True)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", help="names out of cuda_builds.toml (default: all)")
    parser.add_argument("--by", choices=["uv", "pip"], default="uv", help="(default: %(default)s)")
    parser.add_argument("--again", action="store_true", help="build a second time, in another fresh environment")
    parser.add_argument("--installed", action="store_true", help="torch is there already, and not in the figures")
    parser.add_argument(
        "--hide-toolkit", action="store_true", help="hide what lies in /usr/local, and CUDA_* variables"
    )
    parser.add_argument("--toolkit", default="wheels", help="as cuda.toolkit has it (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "cuda", help="where everything goes")
    parser.add_argument("--torch", default="2.12.1", help="a torch for CUDA 13 (default: %(default)s)")
    parser.add_argument("--architecture", default="9.0", help="as TORCH_CUDA_ARCH_LIST has it (default: %(default)s)")
    parser.add_argument("--git", action="append", default=[], metavar="URL=PATH", help="a copy of a git repository")
    return parser.parse_args()


def _environ(options: argparse.Namespace) -> dict[str, str]:
    # Byte code is written, as on most machines: without it, every import of torch takes twice as long.
    hidden = ("CUDA", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    if options.hide_toolkit:
        kept = [entry for entry in environ["PATH"].split(os.pathsep) if not entry.startswith("/usr/local")]
        environ["PATH"] = os.pathsep.join(kept)
    for number, pair in enumerate(options.git):
        url, _, path = pair.partition("=")
        environ |= {f"GIT_CONFIG_KEY_{number}": f"url.{path}.insteadOf", f"GIT_CONFIG_VALUE_{number}": url}
        environ["GIT_CONFIG_COUNT"] = str(number + 1)
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("needs uv: pip install uv")
    return {**environ, "UV": uv}


def _make_tools(work: Path, environ: Mapping[str, str]) -> tuple[Path, Path]:
    """Return a folder with the wheel of this checkout, and an environment with its command line.

    The folder has another name for another wheel: uv keeps what it has once taken out of a folder, by its version.
    """
    made, tools, uv = work / "made", work / "tools", environ["UV"]
    shutil.rmtree(made, ignore_errors=True)
    _run([uv, "build", "--quiet", "--wheel", f"--out-dir={made}", ROOT], environ)
    (wheel,) = made.glob("*.whl")
    wheels = work / f"wheels-{hashlib.sha256(wheel.read_bytes()).hexdigest()[:8]}"
    wheels.mkdir(exist_ok=True)
    wheel = wheel.replace(wheels / wheel.name)
    _run([uv, "venv", "--quiet", "--clear", f"--python={sys.executable}", tools], environ)
    _run([uv, "pip", "install", "--quiet", f"--python={tools}", f"{wheel}[cli]"], environ)
    return wheels, tools


def _build(
    package: Mapping[str, Any], project: Path, tools: Path, options: argparse.Namespace, environ: Mapping[str, str]
) -> tuple[float, float, int]:
    """Build and check one package; return the seconds of the one command, on the clock and of CPU, and what it made."""
    shutil.rmtree(project, ignore_errors=True)
    wrapper = project / "wrappers" / package["name"]
    wrapper.parent.mkdir(parents=True)
    _make_wrapper(package, wrapper, tools, environ)
    (project / "pyproject.toml").write_text(_project(package, options), "utf-8")
    python = _make_environment(project, options, environ)
    command = _command(package, python, options, environ)
    wall, cpu = _run(command, environ, project, is_hidden=options.hide_toolkit)
    check = CHECK.format(check=package["check"])
    _run([python, "-W", "ignore", "-c", check], environ, project, is_hidden=options.hide_toolkit)
    (stamp,) = project.glob(
        f".venv/lib/python3*/site-packages/{package['name'].replace('-', '_')}-*/runtime-backend.json"
    )
    stamped = json.loads(stamp.read_text("utf-8"))
    print(f"stamped: {stamped['runtimes'][0]['reported']}, toolkit {stamped['toolkit']}")
    return wall, cpu, stamped["compiled-files"]


def _make_environment(project: Path, options: argparse.Namespace, environ: Mapping[str, str]) -> Path:
    """Make the environment, unless ``uv sync`` makes it; return its interpreter."""
    python = project / ".venv" / "bin" / "python"
    if options.by == "pip":
        _run([sys.executable, "-m", "venv", project / ".venv"], environ)
    elif options.installed:
        _run([environ["UV"], "venv", "--quiet", f"--python={sys.executable}", project / ".venv"], environ)
    if options.installed:
        # By uv, which takes seconds for it.
        wanted = f"torch=={options.torch}"
        _run([environ["UV"], "pip", "install", "--quiet", f"--python={python}", wanted], environ)
    return python


def _command(
    package: Mapping[str, Any], python: Path, options: argparse.Namespace, environ: Mapping[str, str]
) -> list[Any]:
    """Return the one command that installs the package, and torch, unless that is there."""
    torch = [] if options.installed else [f"torch=={options.torch}"]
    named = [*torch, *package.get("requires", []), f"./wrappers/{package['name']}"]
    if options.by == "pip":
        return [python, "-m", "pip", "install", "--quiet", *named]
    if options.installed:
        return [environ["UV"], "pip", "install", f"--python={python}", *named]
    return [environ["UV"], "sync", f"--python={sys.executable}"]


def _make_wrapper(package: Mapping[str, Any], wrapper: Path, tools: Path, environ: Mapping[str, str]) -> None:
    if (HERE / package["source"]).is_dir():
        shutil.copytree(HERE / package["source"], wrapper)
        return
    told = {**environ, **package.get("wrap-env", {})}
    _run([tools / "bin" / "runtime-backend", "wrap", package["source"], wrapper], told, wrapper.parent)
    if "match-runtime" in package:
        path = wrapper / "pyproject.toml"
        line = f'match-runtime = ["{package["match-runtime"]}"]'
        text, count = re.subn("(?m)^match-runtime = .*$", line, path.read_text("utf-8"))
        assert count == 1, text
        path.write_text(text, "utf-8")


def _project(package: Mapping[str, Any], options: argparse.Namespace) -> str:
    return PROJECT.format(
        name=package["name"],
        torch=options.torch,
        more="".join(f', "{requirement}"' for requirement in package.get("requires", [])),
        env=", ".join(f'{name} = "{value}"' for name, value in package.get("env", {}).items()),
        architecture=options.architecture,
        toolkit=options.toolkit,
    )


def _run(
    command: list[Any], environ: Mapping[str, str], cwd: Path = ROOT, *, is_hidden: bool = False
) -> tuple[float, float]:
    """Run a command, and return its seconds, on the clock and of CPU.

    :param is_hidden: whether it sees an empty /usr/local, in a mount namespace of its own.
    """
    words = [str(word) for word in command]
    print(f"$ {' '.join(words) if '-c' not in words else f'{words[0]} -c …'}", flush=True)
    if is_hidden:
        hide = 'mount -t tmpfs tmpfs /usr/local && exec "$@"'
        words = [
            "unshare",
            "--mount",
            *([] if os.geteuid() == 0 else ["--map-root-user"]),
            "sh",
            "-c",
            hide,
            "sh",
            *words,
        ]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, check=True, env=dict(environ), cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu


if __name__ == "__main__":
    sys.exit(main())
