"""CUDA: the compilers from wheels, compiler caches, and the stops before anything is compiled; no GPU is needed.

The torch is a stand-in for CUDA 13.0 or 12.6, the compilers are the real ones. With the real torch:
``python3 integration/cuda_builds.py``.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from . import documentation
from .checks import check_installed
from .combinations import crossed, some
from .index import Index
from .reader import Reader
from .real_torch import without_nvcc
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Result, Target, Workplace

CU13, CU12, CPU = "2.7.1+cu130", "2.7.0+cu126", "2.7.0+cpu"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64",
    reason="needs the compilers for Linux, x86-64: run it there",
)


@pytest.fixture(autouse=True)
def _machine_without_cuda(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what of CUDA is on this machine."""
    monkeypatch.setenv("PATH", without_nvcc(place))
    for name in [name for name in os.environ if name.startswith(("CUDA", "TORCH_CUDA", "MAX_JOBS", "CCACHE"))]:
        monkeypatch.delenv(name)


def install(place: Workplace, frontend: str, target: Target, package: Path, **how: Any) -> Result:  # noqa: ANN401 - as for run
    """Install a package, with its output shown."""
    if frontend == "pip":
        return place.run(target.python, "-m", "pip", "install", "-v", "--no-deps", package, **how)
    return place.uv(NEWEST_UV, "pip", "install", "-v", "--no-deps", f"--python={target.python}", package, **how)


def make_target(place: Workplace, frontend: str, torch: str, name: str = "target") -> Target:
    """Return an environment with a torch."""
    return place.target(torch, name=name, pip=NEWEST_PIP if frontend == "pip" else None)


def set_cuda(place: Workplace, package: Path, table: str) -> None:
    """Let a package's cuda table say something else."""
    settings = package / "pyproject.toml"
    head = settings.read_text("utf-8").partition("[tool.runtime-backend.cuda]")[0]
    settings.write_text(f"{head}[tool.runtime-backend.cuda]\n{table}\n", "utf-8")
    place.settle(package)


@some("frontend", ["pip", "uv"], "uv")
def test_compilers_out_of_wheels(place: Workplace, frontend: str) -> None:
    """They are required; headers come from the target; it compiles, and links against the runtime and the stub."""
    target, package = make_target(place, frontend, CU13), place.package("probe_cuda")
    install(place, frontend, target, package)
    check_installed(place, target, "probe_cuda", CU13)
    assert ["cuda-toolkit[nvcc,crt,nvvm,cudart,cccl]==13.0.*"] == compilers_asked_for(place)
    built = place.hooks()[-1]
    assert ("wheels", "13.0") == (built["toolkit"]["kind"], built["toolkit"]["version"])
    (library,) = (target.site / "probe_cuda").glob("_kernel*.so")
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    assert "[libcudart.so.13]" in needed
    assert "[libcuda.so.1]" in needed
    assert "RUNPATH" not in needed


def compilers_asked_for(place: Workplace) -> list[str]:
    """Return what the first hook asked for, but for ninja, which may be on this machine or not."""
    return [requirement for requirement in place.hooks()[0]["requirements"] if requirement != "ninja"]


@some("frontend", ["pip", "uv"], "uv")
def test_compiler_cache(place: Workplace, frontend: str) -> None:
    """A second build, in another folder and for another environment, requires no compilers, and hits the cache."""
    if shutil.which("ccache") is None:
        pytest.skip("needs ccache: install it (on Debian, apt-get install ccache), then run `nox -s integration`")
    homes = []
    for name in ("first", "second"):
        place.forget()
        target, package = make_target(place, frontend, CU13, name=name), place.package("probe_cuda", into=f"in-{name}")
        install(place, frontend, target, package, CCACHE_DIR=place.folder / "ccache")
        check_installed(place, target, "probe_cuda", CU13)
        homes.append(place.hooks()[-1]["toolkit"]["home"])
    assert [] == compilers_asked_for(place)
    assert homes[0] == homes[1], "another path, at which no compiler cache would hit"
    hits = count_hits(place, "direct_cache_hit", "cache_miss", folder=place.folder / "ccache")
    assert {"direct_cache_hit": 1, "cache_miss": 1} == hits


def test_remote_compiler_cache(place: Workplace, index: Index) -> None:
    """A second machine, whose own cache is empty, takes it out of a redis: the engine's own way, left alone."""
    if shutil.which("ccache") is None or shutil.which("redis-server") is None:
        pytest.skip("needs ccache and redis: on Debian, apt-get install ccache redis-server; then `nox -s integration`")
    with serve_redis(place.folder / "redis") as url:
        for name in ("first", "second"):
            reader = Reader(place, index, make_target(place, "pip", CU13, name), package="probe_cuda", called="package")
            install_by_the_page(reader, url, CCACHE_DIR=place.folder / name / "ccache")
            reader.check(CU13, provision="reuse")
            shutil.rmtree(reader.package)
    names = ("local_storage_miss", "remote_storage_hit", "remote_storage_miss")
    assert {"local_storage_miss": 1, "remote_storage_hit": 1, "remote_storage_miss": 0} == count_hits(
        place, *names, folder=place.folder / "second" / "ccache"
    )


def install_by_the_page(reader: Reader, url: str, **variables: Any) -> None:  # noqa: ANN401 - as for run
    """Run the commands of the documentation in one shell, since the first one exports a variable."""
    commands = "\n".join(documentation.commands("remote-cache"))
    # The host of the page does not exist.
    reader.run(commands.replace("redis://cache.example.org:6379", url), **variables)


@contextmanager
def serve_redis(folder: Path) -> Iterator[str]:
    """Serve a redis on loopback, and yield its URL."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nobody listens on port {port}")


def count_hits(place: Workplace, *names: str, folder: Path) -> dict[str, int]:
    """Return what ccache says of the calls that it could take out of the cache."""
    told = place.run("ccache", "--print-stats", CCACHE_DIR=folder).output
    counts = {name: int(count) for name, count in (line.split("\t") for line in told.splitlines())}
    return {name: counts[name] for name in names}


def test_from_a_lock(place: Workplace, index: Index) -> None:
    """uv sync from nothing: torch and the compilers are both required, and both are had through stable paths."""
    package = place.package("probe_cuda")
    for name in ("first", "second"):
        consumer = place.folder / name
        consumer.mkdir()
        (consumer / "pyproject.toml").write_text(
            '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\n'
            f'dependencies = ["torch=={CU13}", "probe-cuda"]\n'
            f"[tool.uv]\nno-cache = true\n{index.uv('cu130', kind='')}"
            f"{index.uv('main')}"
            f'[tool.uv.sources]\nprobe-cuda = {{ path = "{package}" }}\n',
            "utf-8",
        )
        place.uv(NEWEST_UV, "sync", cwd=consumer, UV_OFFLINE=None, UV_FIND_LINKS=None)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        target = Target(prefix=consumer / ".venv", version=version)
        check_installed(place, target, "probe_cuda", CU13, provision="present", grows=True)
    first, second = (hook for hook in place.hooks() if hook["hook"] == "build_wheel")
    assert (first["view"], first["toolkit"]["home"]) == (second["view"], second["toolkit"]["home"])
    assert not list(place.cache.glob("overlays/.held/*")), "links into build environments that are gone"


def make_script(path: Path, text: str) -> None:
    """Make a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def make_toolkit(root: Path, version: str) -> Path:
    """Make a stand-in for a toolkit; return its bin folder."""
    top = f"#\\$ TOP={root}/bin/.."
    answers = f'case "$1" in --version) echo "release {version}, V{version}.1";; --dryrun) echo "{top}";; esac'
    make_script(root / "bin" / "nvcc", answers)
    header = root / "include" / "crt" / "host_config.h"
    header.parent.mkdir(parents=True)
    header.write_text("#error -- unsupported GNU version! gcc versions later than 15 are not supported!\n", "utf-8")
    (root / "include" / "cusparse.h").touch()
    return root / "bin"


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A build that must not begin. ``{root}`` is the toolkit's folder."""

    torch: str
    table: str
    told: str
    toolkit: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


STOPS = {
    "toolkit 12 for a torch of CUDA 13": Stop(
        torch=CU13,
        table='toolkit = "system"',
        toolkit="12.8",
        told="cuda.toolkit: the toolkit is CUDA 12.8 (nvcc on PATH: {root}/bin/nvcc: {root}), and torch is for CUDA 13.0"
        " (torch 2.7.1+cu130): code compiled with one does not run with the other",
    ),
    "wheels of CUDA 12": Stop(
        torch=CU12,
        table='toolkit = "wheels"',
        told="cuda.toolkit: torch is for CUDA 12.6 (torch 2.7.0+cu126), and the wheels of CUDA 12 contain no nvcc",
    ),
    "neither does": Stop(
        torch=CU12, table="", toolkit="13.0", told="cuda.toolkit = 'match': found no matching toolkit."
    ),
    "no GPU and no list": Stop(
        torch=CU13,
        table='arch-list = "auto"',
        toolkit="13.0",
        told="cuda.arch-list = 'auto': found no visible GPU with NVML or nvidia-smi, expected one Name the architectures:",
    ),
    "gcc out of bounds": Stop(
        torch=CU13,
        table='toolkit = "system"',
        toolkit="13.0",
        variables={"CXX": "{root}/bin/g++-99"},
        told="cuda.toolkit: {root}/bin/g++-99 is gcc 99.1.0, and CUDA 13.0 ({root}) supports gcc up to 15 Name an older"
        " one: CC=gcc-15 CXX=g++-15",
    ),
    "MAX_JOBS that is no number": Stop(
        torch=CPU,
        table='jobs = "auto"',
        variables={"MAX_JOBS": "abc"},
        told="MAX_JOBS: found 'abc', expected a whole number of at least 1 Unset it, or set it to a number.",
    ),
}


@crossed(name=STOPS, frontend=["pip", "uv"])
def test_stops(place: Workplace, name: str, frontend: str) -> None:
    """What cannot be built is said before anything is compiled, with the ways out."""
    case, root = STOPS[name], place.folder / "cuda"
    target, package = make_target(place, frontend, case.torch), place.package("probe_setuptools")
    set_cuda(place, package, case.table)
    if case.toolkit:
        folder = make_toolkit(root, case.toolkit)
        said = 'case "$1" in --version) echo "g++ (Debian) 99.1.0 Free Software Foundation";; *) echo 99.1.0;; esac'
        make_script(folder / "g++-99", said)
    own = {name: value.format(root=root) for name, value in case.variables.items()}
    result = install(place, frontend, target, package, PATH=place.path(root / "bin"), fails=True, **own)
    assert case.told.format(root=root) in " ".join(result.output.replace("DEBUG ", "").split())
    assert not list(target.site.glob("probe_setuptools*"))


@some("frontend", ["pip", "uv"], "uv")
def test_nvcc_that_is_a_script(place: Workplace, frontend: str) -> None:
    """CUDA_HOME is the folder of the toolkit that it calls, which torch would not find."""
    target, package = make_target(place, frontend, CU13), place.package("probe_setuptools")
    set_cuda(place, package, "")
    true = make_toolkit(place.folder / "cuda-13.0", "13.0")
    make_script(place.folder / "local/bin/nvcc", f'exec {true}/nvcc "$@"')
    install(place, frontend, target, package, PATH=place.path(place.folder / "local/bin"))
    built = place.hooks()[-1]
    values = {variable["name"]: variable["value"] for variable in built["variables"]}
    assert ("system", str(place.folder / "cuda-13.0")) == (built["toolkit"]["kind"], values["CUDA_HOME"])
    (stamp,) = target.site.glob("probe_setuptools-*.dist-info/runtime-backend.json")
    assert {"kind": "system", "version": "13.0"} == json.loads(stamp.read_text("utf-8"))["toolkit"]
