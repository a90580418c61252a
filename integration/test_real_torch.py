"""The real torch, a real compiler: packages are built in one stage, imported, and their ops compared with plain torch."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from .combinations import crossed
from .real_torch import lighten
from .snapshots import changed, take
from .workplace import Target, Workplace

OP_CHECK = """
import sys, torch, {name} as package
x, y = torch.randn(1000), torch.randn(1000)
torch.testing.assert_close(package.op(2.0, x, y), 2.0 * x + y)
assert package.built_for() == f"torch {{torch.__version__}}", package.built_for()
"""


@crossed(name=["op_meson_python", "op_scikit_build_core"], frontend=["pip", "uv"])
def test_builds_and_runs_an_op(place: Workplace, real_target: Target, name: str, frontend: str) -> None:
    """An own C++ op is compiled against the real torch with isolation on, runs, and torch itself is left as it was."""
    torch_before = take(real_target.site / "torch" / "utils")
    package = place.package(name)
    _install(place, real_target, frontend, package)
    _run(real_target, OP_CHECK.format(name=name))
    _check_stamp(real_target, name)
    assert [] == changed(torch_before, take(real_target.site / "torch" / "utils"))
    _check_no_paths(real_target, name)


@pytest.mark.rare  # the quick start installs and runs this op, by both
@pytest.mark.parametrize("frontend", ["pip", "uv"])
def test_builds_and_runs_an_op_with_setuptools(place: Workplace, real_target: Target, frontend: str) -> None:
    """The same by torch's own BuildExtension."""
    test_builds_and_runs_an_op(place, real_target, "op_setuptools", frontend)


def test_no_isolation_gives_the_same_wheel(place: Workplace, real_target: Target) -> None:
    """Promise 7: with and without isolation the files of the wheel are the same, the compiled module among them."""
    isolated, plain = place.folder / "isolated", place.folder / "plain"
    for out, how in ((isolated, []), (plain, ["--no-build-isolation"])):
        package = place.package("op_setuptools", into=out.name)
        lighten(package)
        if how:
            place.install(real_target.python, "runtime-backend")
        command = (
            real_target.python,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--quiet",
            f"--wheel-dir={out}",
            *how,
            package,
        )
        place.run(*command, activated=real_target)
    names = [sorted(_names(next(out.glob("*.whl")))) for out in (isolated, plain)]
    assert names[0] == names[1]


def _install(place: Workplace, target: Target, frontend: str, package: Path) -> None:
    words = ["--no-deps", "--quiet", "--force-reinstall" if frontend == "pip" else "--reinstall", package]
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", *words)
    else:
        place.uv("0.13.9", "pip", "install", f"--python={target.python}", *words)


def _run(target: Target, script: str) -> None:
    subprocess.run([str(target.python), "-W", "ignore", "-c", script], check=True)


def _check_stamp(target: Target, name: str) -> None:
    (stamp,) = target.site.glob(f"{name}-*.dist-info/runtime-backend.json")
    read = json.loads(stamp.read_text("utf-8"))
    (runtime,) = read["runtimes"]
    assert (_installed_torch(target), "reuse") == (runtime["version"], runtime["provision"])
    assert read["compiled-files"] > 0


def _installed_torch(target: Target) -> str:
    (info,) = target.site.glob("torch-*.dist-info")
    return info.name.removeprefix("torch-").removesuffix(".dist-info")


def _check_no_paths(target: Target, name: str) -> None:
    """Check that no library of the package looks for torch at a path of ours: torch is imported before it."""
    for library in (target.site / name).glob("*.so"):
        dynamic = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True).stdout
        assert "RPATH" not in dynamic
        assert "RUNPATH" not in dynamic


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()
