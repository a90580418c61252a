"""The variables that every call of the real backend needs."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.hook.environ import (
    build_folder_variables,
    bytecode_variables,
    hook_variables,
    search_variables,
    setuptools_config,
    toolkit_variables,
)


def test_search_variables(tmp_path: Path) -> None:
    """CMake and Python look behind what is there; each CMake package has a root of its own."""
    prefix = write(tmp_path / "torch/share/cmake/Torch/TorchConfig.cmake", "").parents[1]
    write(prefix / "Caffe2/x", "")
    environ = {"CMAKE_PREFIX_PATH": "/c", "PYTHONPATH": "/p"}
    assert {
        "CMAKE_PREFIX_PATH": f"/c{os.pathsep}{prefix}",
        "Torch_ROOT": str(tmp_path / "torch"),
        "PYTHONPATH": f"/p{os.pathsep}/view{os.pathsep}/overlay",
    } == search_variables(environ, [Path("/view"), Path("/overlay")], [prefix])
    own = {"Torch_ROOT": "/own"}
    assert {"CMAKE_PREFIX_PATH": str(prefix)} == search_variables(own, [], [prefix])


@pytest.mark.parametrize(
    ("environ", "overlays", "expected"),
    [
        ({}, [], {}),
        ({"PYTHONPATH": "/p"}, [], {}),
        ({}, [Path("/o")], {"PYTHONPATH": "/o"}),
        ({"PYTHONPATH": ""}, [Path("/o")], {"PYTHONPATH": "/o"}),
    ],
)
def test_search_variables_without_cmake(
    environ: dict[str, str], overlays: list[Path], expected: dict[str, str | None]
) -> None:
    """Without an overlay nothing changes; with one, an empty part of a path never means the working directory."""
    assert expected == search_variables(environ, overlays, [])


def test_bytecode_variables() -> None:
    """Byte code goes elsewhere than into the target, unless the person has said where."""
    assert {"PYTHONPYCACHEPREFIX": "/bytecode"} == bytecode_variables({}, Path("/bytecode"))
    assert {"PYTHONPYCACHEPREFIX": "/own"} == bytecode_variables({"PYTHONPYCACHEPREFIX": "/own"}, Path("/bytecode"))


@pytest.mark.parametrize("environ", [{}, {"PATH": ""}, {"PATH": "/usr/bin"}])
def test_toolkit_variables(environ: dict[str, str]) -> None:
    """CUDA_HOME's own nvcc is the first on PATH; an empty PATH never means the working directory."""
    expected = os.pathsep.join(filter(None, [str(Path("/cuda/bin")), environ.get("PATH")]))
    assert {"PATH": expected} == toolkit_variables(environ, Path("/cuda"))


@pytest.mark.parametrize(
    ("environ", "build_dir", "scratch", "expected"),
    [
        ({}, None, None, {"DIST_EXTRA_CONFIG": "/cfg"}),
        ({}, None, "/scratch", {"DIST_EXTRA_CONFIG": "/cfg", "SKBUILD_BUILD_DIR": "/scratch"}),
        ({}, "build/x", "/scratch", {"DIST_EXTRA_CONFIG": "/cfg", "SKBUILD_BUILD_DIR": "build/x/label"}),
        ({"DIST_EXTRA_CONFIG": "/own", "SKBUILD_BUILD_DIR": "/own"}, "build/x", "/scratch", {}),
    ],
)
def test_build_folder_variables(
    environ: dict[str, str], build_dir: str | None, scratch: str | None, expected: dict[str, str | None]
) -> None:
    """Each runtime has a build folder of its own, unless the person named one."""
    folder = None if scratch is None else Path(scratch)
    assert expected == build_folder_variables(environ, "label", Path("/cfg"), build_dir, folder)


@pytest.mark.parametrize(("is_editable", "sections"), [(False, ["build"]), (True, ["build", "build_ext"])])
def test_setuptools_config(is_editable: bool, sections: list[str]) -> None:  # noqa: FBT001 - a table
    """Distutils is told the build folder, and in an editable build to compile always."""
    parser = configparser.RawConfigParser()
    parser.read_string(setuptools_config("torch-2.7.0-ab", is_editable=is_editable))
    assert sections == parser.sections()
    assert parser["build"]["build_base"] == "build/torch-2.7.0-ab"
    assert [("force", "1")] * is_editable == [item for name in sections[1:] for item in parser[name].items()]


def test_hook_variables() -> None:
    """What the frontend told us about ourselves is taken away from the real backend, and nothing else."""
    environ = {"_PYPROJECT_HOOKS_BUILD_BACKEND": "x", "PEP517_BACKEND_PATH": "y", "PATH": "/bin", "X_PEP517_": "z"}
    assert {"_PYPROJECT_HOOKS_BUILD_BACKEND": None, "PEP517_BACKEND_PATH": None} == hook_variables(environ)
