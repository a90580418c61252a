"""Real packages of the registry, built in one stage against the real torch; an op of each compared with plain torch.

Unmodified, through a wrapper; some also as their authors or the maintainers of a fork would have them. They take long:
``nox -s real_builds`` builds them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .builds_table import read_builds
from .real_torch import ONLINE, VERSION, download_source, own_target, without_nvcc
from .stock import NEWEST_UV, REPOSITORY
from .workplace import Target, Workplace

TABLE = read_builds()

pytestmark = pytest.mark.rare


def cases() -> Iterator[Any]:
    """Yield every package in every way, by both frontends."""
    for row in TABLE:
        for way in ("wrap", *row.get("adopt", ())):
            for frontend in ("pip", "uv"):
                yield pytest.param(row, way, frontend, id=f"{row['requirement']}-{way}-{frontend}")


@pytest.fixture(autouse=True)
def _hidden_nvcc(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", without_nvcc(place))


@pytest.mark.parametrize(("row", "way", "frontend"), list(cases()))
def test_builds(place: Workplace, real_target: Target, row: dict[str, Any], way: str, frontend: str) -> None:
    """One command builds it against the torch that is there, and its op says what plain torch says."""
    requirement = row["requirement"]
    name = requirement.partition("==")[0]
    target = own_target(place, real_target, *row.get("requires", ()))
    source = make_source(place, real_target, requirement, way)
    words = ("--no-deps", "--reinstall" if frontend == "uv" else "--force-reinstall", source)
    how: dict[str, Any] = {**ONLINE, "wait": 3000}
    began = time.monotonic()
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", *words, **how)
    else:
        place.uv(NEWEST_UV, "pip", "install", f"--python={target.python}", *words, **how)
    print(f"{requirement} by {way} and {frontend}: {time.monotonic() - began:.0f} s")
    subprocess.run([str(target.python), "-W", "ignore", "-c", row["check"]], check=True)
    (stamp,) = target.site.glob(f"{name.replace('-', '_')}-*.dist-info/runtime-backend.json")
    stamped = json.loads(stamp.read_text("utf-8"))
    assert stamped["compiled-files"] > 0
    assert [runtime["reported"] for runtime in stamped["runtimes"]] == [f"{VERSION}+cpu"]


def make_source(place: Workplace, real: Target, requirement: str, way: str) -> Path:
    """Return what is installed: a wrapper, or a copy of the source that was adopted."""
    shim = (sys.executable, "-m", "runtime_backend")
    if way == "wrap":
        place.run(*shim, "wrap", requirement, place.folder / "wrapper", PYTHONPATH=REPOSITORY, **ONLINE)
        return place.folder / "wrapper"
    copy = shutil.copytree(download_source(real, requirement), place.folder / "copy")
    place.run(*shim, way, copy, *(["--write"] if way == "init" else []), PYTHONPATH=REPOSITORY)
    return copy
