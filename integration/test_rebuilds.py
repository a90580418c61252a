"""Editables that rebuild themselves: what changed is compiled on import, after the frontend's environment is gone."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from . import documentation
from .checks import check_stamp
from .combinations import crossed, some
from .compilers import Compiler
from .index import Index
from .reader import Reader
from .real_torch import VERSION, own_target
from .scene import Scene, find_target
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Result, Target, Workplace

_ASK = """
import importlib, json, sys
package = importlib.import_module(sys.argv[1])
numbers = {name: getattr(package, name)() for name in ("from_cpp", "from_cython") if hasattr(package, name)}
print(json.dumps({"torch": package.TORCH_VERSION, "setting": package.SETTING, **numbers}))
"""
_SHIM = (sys.executable, "-m", "runtime_backend")
_CONSUMER = """
[project]
name = "consumer"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch==2.7.0"]

[dependency-groups]
dev = ["-e {path}#egg={name}"]

[tool.pdm]
distribution = false

{source}"""
BARE = "/usr/bin:/bin"
"""A PATH with a compiler; without ninja, cmake and meson."""


class Edit(NamedTuple):
    """A change of a source file, and what an import shows after it."""

    file: str
    old: str
    new: str
    shown: tuple[str, object]


EDITS = {
    "rebuild_meson_python": (
        Edit("src/answer.cpp", "return 1", "return 2", ("from_cpp", 2)),
        Edit("src/_numbers.pyx", "return 1", "return 3", ("from_cython", 3)),
        Edit("meson.build", "'one'", "'two'", ("setting", "two")),
    ),
    "rebuild_scikit_build_core": (
        Edit("src/numbers.cpp", "return 1", "return 2", ("from_cpp", 2)),
        Edit("CMakeLists.txt", "setting one", "setting two", ("setting", "two")),
    ),
}
usually_cmake = some("name", EDITS, "rebuild_scikit_build_core")  # takes half the time of meson and Cython


def ask(place: Workplace, target: Target, package: str, *, fails: bool = False) -> Result:
    """Import a package in a new process, with a PATH that has no build tools."""
    command = (target.python, "-B", "-c", _ASK, package)
    return place.run(*command, cwd=place.folder / "home", PATH=BARE, fails=fails)


def shown(place: Workplace, target: Target, package: str) -> dict[str, Any]:
    """Return what a package shows."""
    answer: dict[str, Any] = json.loads(ask(place, target, package).output.splitlines()[-1])
    return answer


def install(place: Workplace, target: Target, frontend: str, package: Path) -> None:
    """Install a package as an editable."""
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", "-e", package, PATH=BARE)
    else:
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, "-e", package, PATH=BARE)


def apply(edit: Edit, package: Path) -> None:
    """Change a source file, as late as a person would."""
    time.sleep(1.5)  # CMake takes an installed file for current if it is less than a second older
    path = package / edit.file
    path.write_text(path.read_text("utf-8").replace(edit.old, edit.new), "utf-8")


@crossed(name=EDITS, frontend=["pip", "uv"])
def test_rebuilds_on_import(place: Workplace, name: str, frontend: str) -> None:
    """Each edit is compiled by the next import, with the programs and the torch of the build."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package(name)
    install(place, target, frontend, package)
    first = shown(place, target, name)
    assert first["torch"] == "2.7.0+cpu"
    for edit in EDITS[name]:
        apply(edit, package)
        key, value = edit.shown
        assert first[key] != value
        assert shown(place, target, name)[key] == value
    (stamp,) = target.site.glob(f"{name}-*.dist-info/runtime-backend.json")
    check_stamp(json.loads(stamp.read_text("utf-8")), "2.7.0+cpu", "reuse")


def stop_of(place: Workplace, target: Target, package: str) -> tuple[str, str]:
    """Return the message of the ImportError with which an import stops, and the command in it."""
    output = ask(place, target, package, fails=True).output
    message = output.partition("ImportError: ")[2]
    assert "Error" not in output.replace("ImportError", ""), output
    first, _, rest = message.partition("\nRun: ")
    return first, rest.splitlines()[0]


def follow(place: Workplace, command: str) -> None:
    """Run the command of a stop, as the person would."""
    words = shlex.split(command)
    words[0] = str(place.stock.uv(NEWEST_UV)) if words[0] == "uv" else words[0]
    place.run(*words, PATH=BARE)


@usually_cmake
@some("frontend", ["pip", "uv"], "uv")
def test_stops_after_an_upgrade(place: Workplace, name: str, frontend: str) -> None:
    """torch was upgraded: an import that would compile against another one stops, and names the command that helps."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package(name)
    install(place, target, frontend, package)
    assert shown(place, target, name)["torch"] == "2.7.0+cpu"
    place.install(target.python, "torch===2.8.0")
    message, command = stop_of(place, target, name)
    project = name.replace("_", "-")
    assert message == (
        f"{project} rebuilds itself on import, and cannot be rebuilt: it was built against torch 2.7.0+cpu; found torch"
        f" 2.8.0 (calls itself 2.8.0+cu128) ({target.site / 'torch'})."
    )
    assert command.startswith("uv pip install" if frontend == "uv" else f"{target.python} -m pip install")
    follow(place, command)
    assert shown(place, target, name)["torch"] == "2.8.0+cu128"


@usually_cmake
def test_stops_without_its_environment(place: Workplace, name: str) -> None:
    """``cache clean`` removed the environment: the next import says so; after its command everything is as before."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package(name)
    install(place, target, "pip", package)
    cleaned = place.run(*_SHIM, "cache", "prune")
    assert shown(place, target, name)["torch"] == "2.7.0+cpu", cleaned.output
    listed = place.run(*_SHIM, "cache", "list").output
    (environment,) = (place.cache / "environments").glob(f"{name.replace('_', '.')}-*[0-9a-f]")
    assert f"environments  {environment}" in listed
    assert "found no damage" in place.run(*_SHIM, "cache", "verify").output
    place.run(*_SHIM, "cache", "clean", "environments")
    message, command = stop_of(place, target, name)
    assert f"its build environment, which runtime-backend kept, is gone: found nothing at {environment}" in message
    follow(place, command)
    assert shown(place, target, name)["torch"] == "2.7.0+cpu"


@usually_cmake
def test_stops_without_its_folders(place: Workplace, name: str) -> None:
    """A source folder that was moved, and a build folder that was removed, are named; so they are with ``-I``."""
    target, package = place.target("2.7.0+cpu"), place.package(name)
    install(place, target, "uv", package)
    moved = package.rename(package.with_name("moved"))
    assert f"its source folder is gone: found nothing at {package}," in stop_of(place, target, name)[0]
    moved.rename(package)
    assert shown(place, target, name)["torch"] == "2.7.0+cpu"
    shutil.rmtree(package / "build")
    assert "its build folder is gone: found nothing at " in stop_of(place, target, name)[0]
    isolated = place.run(target.python, "-I", "-c", f"import {name}", cwd=place.folder / "home", fails=True)
    assert "its build folder is gone" in isolated.output


@usually_cmake
def test_two_targets_share_a_source_folder(place: Workplace, name: str) -> None:
    """Each has its own torch, its own environment and its own build folder, whichever was installed last."""
    package = place.package(name)
    targets = {torch: place.target(torch, name=f"target-{torch}") for torch in ("2.7.0+cpu", "2.6.0")}
    for target in targets.values():
        install(place, target, "uv", package)
    for edit in (*EDITS[name], None):
        for torch, target in targets.items():
            found = shown(place, target, name)
            assert found["torch"] == torch
        if edit is not None:
            apply(edit, package)
    for target in targets.values():
        found = shown(place, target, name)
        assert {edit.shown[0]: found[edit.shown[0]] for edit in EDITS[name]} == dict(e.shown for e in EDITS[name])


def test_floor_lets_a_newer_torch_pass(place: Workplace) -> None:
    """``match = "floor"`` says that a newer torch of the same kind will do, so nothing stops."""
    name = "rebuild_meson_python"
    target, package = place.target("2.6.0"), place.package(name)
    settings = package / "pyproject.toml"
    text = settings.read_text("utf-8").replace('["torch>=2.4"]', '[{ requirement = "torch>=2.4", match = "floor" }]')
    settings.write_text(text, "utf-8")
    install(place, target, "uv", package)
    place.install(target.python, "torch===2.7.0")
    assert shown(place, target, name)["torch"] == "2.6.0"
    apply(EDITS[name][2], package)
    assert shown(place, target, name)["torch"] == "2.7.0"


@usually_cmake
def test_uninstalls_cleanly(place: Workplace, name: str) -> None:
    """Nothing of ours stays in the target, and interpreters start without a message."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package(name)
    install(place, target, "pip", package)
    shown(place, target, name)
    place.run(target.python, "-m", "pip", "uninstall", "-y", name)
    assert not [path for path in target.site.rglob("*runtime_backend*") if "pip/" not in str(path)]
    assert place.run(target.python, "-c", "pass").output == ""


@usually_cmake
def test_a_second_installation_compiles_nothing(place: Workplace, name: str) -> None:
    """The compiler is called once for each source, however often the editable is installed."""
    compiler = Compiler(place.folder)
    target, package = place.target("2.7.0+cpu"), place.package(name)
    how: dict[str, Any] = {"CXX": compiler.path, "CCACHE_DISABLE": "1", "PATH": BARE}
    command = ("pip", "install", "-p", target.prefix, "--reinstall-package", name, "-e", package)
    place.uv(NEWEST_UV, *command, **how)
    assert compiler.compiled() == (["_numbers.pyx.cpp", "answer.cpp"] if "meson" in name else ["numbers.cpp"])
    place.uv(NEWEST_UV, *command, **how)
    assert compiler.compiled() == []
    apply(EDITS[name][0], package)
    place.uv(NEWEST_UV, *command, **how)
    assert compiler.compiled() == [Path(EDITS[name][0].file).name]


@usually_cmake
def test_pdm(place: Workplace, index: Index, name: str) -> None:
    """pdm installs torch after the editable was built against it."""
    scene = Scene(place, index, name, folder=place.folder / "consumer")
    index.delay = 0.0
    source = index.pdm("main")
    scene.write("pyproject.toml", _CONSUMER.format(source=source, path=scene.package.as_uri(), name=scene.name))
    pdm = place.stock.tool("pdm") / "pdm"
    environ: dict[str, Any] = {**scene.environ, "PDM_CHECK_UPDATE": "0", "PATH": BARE}
    place.run(pdm, "install", cwd=scene.folder, **environ)
    target = find_target(scene.folder / ".venv")
    first = shown(place, target, name)
    assert first["torch"] == "2.7.0"
    for edit in EDITS[name]:
        apply(edit, scene.package)
        assert shown(place, target, name)[edit.shown[0]] == edit.shown[1]
    place.install(target.python, "torch===2.8.0")
    message, command = stop_of(place, target, name)
    assert "built against torch 2.7.0; found torch 2.8.0" in message
    assert command == f"pdm sync --reinstall --project {scene.folder}"
    place.run(pdm, *shlex.split(command)[1:], **environ)
    assert shown(place, target, name)["torch"] == "2.7.0"


def test_as_documented(place: Workplace, index: Index) -> None:
    """The page about editables, command by command, with the lines that it shows."""
    reader = Reader(place, index, place.target("2.7.0", pip=NEWEST_PIP), package="rebuild_meson_python")
    for command, shown in documentation.steps("editables"):
        time.sleep(1.1)
        fails = any("ImportError" in line for line in shown)
        (output,) = reader.run(command, cwd=reader.package, fails=fails)
        documentation.check_shown(shown, output.splitlines()[-len(shown) :] if shown else [])


@usually_cmake
def test_paths_with_spaces(place: Workplace, name: str) -> None:
    """A cache and a source folder with spaces in their paths do not matter."""
    target = place.target("2.7.0+cpu", name="my target")
    package = place.package(name, into="my sources")
    cache = place.folder / "my cache"
    command = ("pip", "install", "-p", target.prefix, "-e", package)
    place.uv(NEWEST_UV, *command, PATH=BARE, RUNTIME_BACKEND_CACHE_DIR=cache)
    for edit in EDITS[name]:
        apply(edit, package)
        assert shown(place, target, name)[edit.shown[0]] == edit.shown[1]
    assert list((cache / "environments").iterdir())


@pytest.mark.rare  # half a minute; test_real_torch builds these ops, the tests above rebuild with a stand-in
@pytest.mark.parametrize("name", ["op_meson_python", "op_scikit_build_core"])
def test_the_real_torch(place: Workplace, real_target: Target, name: str) -> None:
    """An op against the real torch is changed and compiled by the import that follows."""
    target, package = own_target(place, real_target), place.package(name)
    if "scikit" in name:
        settings = package / "pyproject.toml"
        more = '[tool.scikit-build]\nbuild-dir = "build"\neditable.rebuild = true\n'
        settings.write_text(settings.read_text("utf-8").replace("[tool.scikit-build]\n", more), "utf-8")
    _take_apart(package)
    how: dict[str, Any] = {"PATH": BARE, "CXXFLAGS": "-O0 -g0"}
    place.run(target.python, "-m", "pip", "install", "--no-deps", "-e", package, wait=600, **how)
    ask = f"import torch, {name} as p; print(p.op(2.0, torch.ones(1), torch.ones(1)).item(), p.built_for())"
    command = (target.python, "-W", "ignore", "-c", ask)
    first = place.run(*command, cwd=place.folder / "home", wait=600, **how).output.splitlines()[-1]
    assert first.startswith(f"3.0 torch {VERSION}")
    apply(Edit("csrc/combine.cpp", "factor * u + v", "factor * u - v", ("", "")), package)
    second = place.run(*command, cwd=place.folder / "home", wait=600, **how).output.splitlines()[-1]
    assert second.startswith(f"1.0 torch {VERSION}")


def _take_apart(package: Path) -> None:
    """Move the op's arithmetic to a file without torch's headers, which take the compiler seven seconds each time."""
    op, arithmetic = package / "csrc" / "axpy.cpp", "float combine(float factor, float u, float v)"
    text = op.read_text("utf-8").replace("return factor * u + v;", "return combine(factor, u, v);")
    op.write_text(text.replace("#include <string>\n", f"#include <string>\n\n{arithmetic};\n"), "utf-8")
    (op.parent / "combine.cpp").write_text(f"{arithmetic} {{ return factor * u + v; }}\n", "utf-8")
    for name, old, new in (
        ("CMakeLists.txt", "csrc/axpy.cpp", "csrc/axpy.cpp csrc/combine.cpp"),
        ("meson.build", "'csrc/axpy.cpp'", "'csrc/axpy.cpp', 'csrc/combine.cpp'"),
    ):
        if (package / name).exists():
            (package / name).write_text((package / name).read_text("utf-8").replace(old, new), "utf-8")
