"""(b) Each hook's own time, split into import, plan and delegation; (d) a plan against a large lock and target."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..stock import NEWEST_UV, Stock
from ..workplace import Target, Workplace
from .timing import print_table

_HOOKS = (
    ("get_requires_for_build_wheel", "(None)"),
    ("prepare_metadata_for_build_wheel", "(out, None)"),
    ("build_wheel", "(out, None, None)"),
)

_SPLIT = """
import json, re, sys, time, traceback  # what every frontend's runner has imported before it imports a backend
hook, out = sys.argv[1], sys.argv[2]
start = time.perf_counter()
import runtime_backend.build as face
from runtime_backend.hook import call
imported = time.perf_counter() - start
start = time.perf_counter()
from runtime_backend.plan import planning
more = time.perf_counter() - start  # a hook that the files of the source tree answer does not import this
planned = []
make = planning.make_plan
def timed(*args):
    start = time.perf_counter()
    made = make(*args)
    planned.append(time.perf_counter() - start)
    return made
planning.make_plan = timed
start = time.perf_counter()
with open("/dev/null", "w") as null:
    sys.stdout = null
    eval("getattr(face, hook)" + sys.argv[3], {"face": face, "hook": hook, "out": out, "getattr": getattr})
    sys.stdout = sys.__stdout__
whole = time.perf_counter() - start
print(json.dumps([imported + (more if planned else 0.0), sum(planned), whole - sum(planned)]))
"""

_PLAN = """
import json, re, sys, time, traceback
start = time.perf_counter()
import runtime_backend.build as face
made = face._call("get_requires_for_build_wheel")
imported = time.perf_counter() - start
start = time.perf_counter()
plan = made._plan({})
print(json.dumps([imported, time.perf_counter() - start]))
print([r.outcome.resolution.identity.version for r in plan.runtimes], file=sys.stderr)
"""


def measure_hooks(stock: Stock, folder: Path, torch: Target | None, runs: int) -> None:
    """Print each hook's split, with the stand-in torch and, if it is there, with the real one."""
    place = Workplace(folder, stock)
    targets = {"stand-in": place.target("2.7.0+cpu"), **({} if torch is None else {"real": torch})}
    python = build_environment(place)
    source = place.package("probe_setuptools")
    rows = []
    for name, target in targets.items():
        for hook, call in _HOOKS:
            environ = place.environ(RUNTIME_BACKEND_TARGET=target.prefix, RUNTIME_BACKEND_LOG=None)
            if name == "real" and hook != "get_requires_for_build_wheel":
                continue  # the other two import torch as well: their delegation says nothing of ours
            split = _medians(python, _SPLIT, [hook, str(folder), call], source=source, environ=environ, runs=runs)
            rows.append([name, hook, *(f"{part * 1000:.0f}" for part in split), f"{(split[0] + split[1]) * 1000:.0f}"])
    columns = ["torch", "hook", "import, ms", "plan, ms", "delegation, ms", "import + plan, ms"]
    print_table("(b) each hook's own time", columns, rows)


def measure_plan(stock: Stock, folder: Path, runs: int) -> None:
    """Print the time of a plan against a lock of 500 packages and a target of 300 distributions."""
    place = Workplace(folder, stock)
    target = place.target("2.7.0+cpu")
    _fill(target.site, 300)
    lock = folder / "uv.lock"
    lock.write_text(_large_lock(500), "utf-8")
    python = build_environment(place)
    source = place.package("probe_setuptools")
    rows = []
    by_target: dict[str, Any] = {"TARGET": target.prefix}
    by_lock: dict[str, Any] = {"LOCK": lock}
    for name, named in (("target", by_target), ("lock", by_lock), ("both", {**by_lock, **by_target})):
        variables: dict[str, Any] = {f"RUNTIME_BACKEND_{key}": value for key, value in named.items()}
        environ = place.environ(RUNTIME_BACKEND_LOG=None, **variables)
        imported, planned = _medians(python, _PLAN, [], source=source, environ=environ, runs=runs)
        rows.append([name, f"{imported * 1000:.0f}", f"{planned * 1000:.0f}"])
    rows.append([f"tomllib alone, {lock.stat().st_size / 1e6:.1f} MB", "", f"{_tomllib(lock) * 1000:.0f}"])
    title = "(d) a plan against a uv.lock of 500 packages, a target of 300 distributions"
    print_table(title, ["from", "import, ms", "plan, ms"], rows)


def build_environment(place: Workplace) -> Path:
    """Return the interpreter of an environment as uv makes it for a build: the shim, setuptools, no torch."""
    prefix = place.folder / "builds-v0" / ".tmpbench"
    uv = str(place.stock.uv(NEWEST_UV))
    subprocess.run([uv, "venv", "--quiet", "--offline", f"--python={sys.executable}", str(prefix)], check=True)
    place.install(prefix / "bin" / "python", "runtime-backend", "setuptools")
    return prefix / "bin" / "python"


def _medians(
    python: Path, script: str, words: Sequence[str], *, source: Path, environ: Mapping[str, str], runs: int
) -> list[float]:
    """Return the median of each figure that a script prints, over fresh processes; the first does not count."""
    figures = []
    for _ in range(runs + 1):
        command = [str(python), "-c", script, *words]
        done = subprocess.run(command, cwd=source, env=environ, capture_output=True, text=True, check=True)
        figures.append(json.loads(done.stdout.splitlines()[-1]))
    return [statistics.median(column) for column in zip(*figures[1:], strict=True)]


def _fill(site: Path, count: int) -> None:
    for number in range(count - len(os.listdir(site))):
        info = site / f"package_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.0\n", "utf-8")


def _large_lock(count: int) -> str:
    """Return a lock with two torches, told apart by the platform, behind a chain of packages with many wheels."""
    wheels = "".join(
        f'    {{ url = "https://files.example/p{i}/p-1.0-cp3{i}-cp3{i}-manylinux_2_28_x86_64.whl",'
        f' hash = "sha256:{i:064x}", size = 1000000, upload-time = "2026-01-01T00:00:00.000Z" }},\n'
        for i in range(28)
    )
    blocks = [_package("consumer", "0.1.0", 'source = { virtual = "." }', ["p0"], "")]
    index = 'source = { registry = "https://index.example/simple" }'
    for number in range(count - 3):
        follower = f"p{number + 1}" if number < count - 4 else "torch"
        blocks.append(_package(f"p{number}", "1.0", index, [follower], wheels))
    for version, marker in (("2.7.0+cpu", "sys_platform == 'linux'"), ("2.7.0", "sys_platform != 'linux'")):
        text = wheels.replace("p-1.0-", f"torch-{version.replace('+', '%2B')}-")
        blocks.append(_package("torch", version, f'{index}\nresolution-markers = [\n    "{marker}",\n]', [], text))
    edges = ('    { name = "torch", version = "2.7.0+cpu", source = { registry = "https://index.example/simple" },'
             ' marker = "sys_platform == \'linux\'" },\n')  # fmt: skip
    text = 'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n\n' + "\n".join(blocks)
    return text.replace('    { name = "torch" },\n', edges)


def _package(name: str, version: str, source: str, requires: Sequence[str], wheels: str) -> str:
    edges = "".join(f'    {{ name = "{other}" }},\n' for other in requires)
    dependencies = f"dependencies = [\n{edges}]\n" if edges else ""
    files = f"wheels = [\n{wheels}]\n" if wheels else ""
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n{dependencies}{files}'


def _tomllib(lock: Path) -> float:
    import tomllib  # noqa: PLC0415 - Python 3.11

    text = lock.read_text("utf-8")
    start = time.perf_counter()
    tomllib.loads(text)
    return time.perf_counter() - start
