"""The variables that no setting names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from callers import TARGET, Scene
from hooks import cached, make_source
from standins import make_torch, write

from runtime_backend.config import load_settings
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan import Plan
from runtime_backend.plan.own_variables import SCRATCH, cmake_roots
from runtime_backend.plan.planning import make_plan

BUILD, GR = "build_wheel", "get_requires_for_build_wheel"
FOLDERS = {"DIST_EXTRA_CONFIG", "SKBUILD_BUILD_DIR"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose target has a torch with a CMake package."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    cmake = next(scene.target.glob("lib/python*/site-packages/torch")) / "share/cmake"
    write(cmake / "Torch/TorchConfig.cmake", "")
    write(cmake / "Caffe2/x", "")
    return scene


def plan_of(scene: Scene, hook: str = BUILD, caller: Caller | None = None, **environ: Any) -> Plan:
    """Plan a hook call of pip."""
    caller = cached(scene, caller or scene.pip(scene.shell(scene.elsewhere, **environ)))
    return make_plan(hook, load_settings(scene.source, environ=caller.environ), caller, print)


def values(found: Plan) -> dict[str, str | None]:
    """Return all variables that we set."""
    return {variable.name: variable.value for variable in found.own.every}


def test_search(scene: Scene) -> None:
    """Paths are appended for CMake and Python, and each CMake package gets a variable for its root."""
    caller = scene.pip(scene.shell(scene.elsewhere, CMAKE_PREFIX_PATH="/c", PYTHONPYCACHEPREFIX="/own"))
    found = plan_of(scene, caller=caller)
    assert found.overlay is not None
    root = found.overlay.path / "torch"
    found_values = values(found)
    assert {
        "CMAKE_PREFIX_PATH": f"/c{os.pathsep}{root / 'share/cmake'}",
        "Torch_ROOT": str(root),
        "PYTHONPATH": f"{caller.environ['PYTHONPATH']}{os.pathsep}{found.overlay.path}",
        "PYTHONPYCACHEPREFIX": "/own",
    } == {name: found_values[name] for name in found_values.keys() - FOLDERS}


def test_the_environment_wins(scene: Scene) -> None:
    """A root and a build folder in the person's environment are kept."""
    own: dict[str, Any] = {"Torch_ROOT": "/own", "DIST_EXTRA_CONFIG": "/own", "SKBUILD_BUILD_DIR": "/own"}
    found_values = values(plan_of(scene, **own))
    assert set() == found_values.keys() & own.keys()
    assert found_values["PYTHONPYCACHEPREFIX"] == str(scene.root / "our-cache/bytecode")


def test_empty_path(scene: Scene) -> None:
    """An empty part of a path never means the working directory."""
    caller = scene.pip(scene.shell(scene.elsewhere))
    found = plan_of(scene, caller=caller._replace(environ={**caller.environ, "PYTHONPATH": ""}))
    assert found.overlay is not None
    assert str(found.overlay.path) == values(found)["PYTHONPATH"]


def test_settings_go_before(scene: Scene) -> None:
    """A variable of the settings is listed once, with the settings as origin."""
    make_source(scene.source, "backends.recording", 'env = { Torch_ROOT = "/theirs" }\n')
    found = plan_of(scene)
    assert ["Torch_ROOT"] == [variable.name for variable in found.variables]
    assert "Torch_ROOT" not in values(found)


def test_nothing_to_show(scene: Scene) -> None:
    """Without a runtime, no variables are set."""
    make_source(scene.source, "backends.recording", 'provision = "none"\n')
    assert {} == values(plan_of(scene))


@pytest.mark.parametrize("hook", [BUILD, "build_editable", GR])
@pytest.mark.parametrize("build_dir", [None, "build/x"])
def test_build_folders(build_dir: str | None, hook: str, scene: Scene) -> None:
    """In a build, each runtime has a separate build folder; that of an editable is not temporary."""
    named = "" if build_dir is None else f'\n[tool.scikit-build]\nbuild-dir = "{build_dir}"\n'
    make_source(scene.source, "backends.recording", named)
    found = plan_of(scene, hook)
    scratch = None if hook == "build_editable" else str(SCRATCH / "scikit-build")
    expected: dict[str, Any] = {
        "DIST_EXTRA_CONFIG": str(SCRATCH / "setuptools.cfg"),
        "SKBUILD_BUILD_DIR": f"{build_dir}/{found.build_label}" if build_dir else scratch,
    }
    found_values = {variable.name: variable.value for variable in found.own.building}
    assert ({} if hook == GR else {n: value for n, value in expected.items() if value is not None}) == found_values


def test_the_command_line_plans_a_build(scene: Scene) -> None:
    """Explain shows the variables of a build, although its plan is that of the first hook."""
    caller = scene.pip(scene.shell(scene.elsewhere))._replace(is_hook=False)
    assert FOLDERS == {variable.name for variable in plan_of(scene, GR, caller).own.building}


def test_cmake_roots(tmp_path: Path) -> None:
    """A root is named after the CMake package in the distribution's own folder."""
    make_torch(tmp_path, TARGET)
    place = write(tmp_path / "torch/share/cmake/Torch/x", "").parents[1]
    write(place / "Caffe2/x", "")
    planned = Path("/overlay/torch/share/cmake")
    assert [("Torch_ROOT", Path("/overlay/torch"))] == cmake_roots(planned, place)
