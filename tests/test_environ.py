"""The variables for the real backend."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.config import Variable
from runtime_backend.installed.identity import Identity
from runtime_backend.plan.variables import (
    PlannedVariable,
    build_folder_variables,
    build_label,
    bytecode_variables,
    hook_variables,
    plan_variables,
    search_variables,
    setuptools_config,
    toolkit_variables,
)

TORCH = Identity(name="torch", version="2.7.0", reported="2.7.0+cu126", cuda="12.6", git_version="abc")
NUMPY = Identity(name="numpy", version="2.0", reported="2.0")
ROCM = Identity(name="torch", version="2.9.0", reported="2.9.0+rocm6.4", hip="6.4.43484-123eb5128", rocm="6.4.2")
XPU = Identity(name="torch", version="2.9.0", reported="2.9.0+xpu", xpu="20250101")
LOCKED = Identity(name="torch", version="2.7.0+cu126")


def plan(
    template: str, *identities: Identity, environ: dict[str, str] | None = None, force: bool = False
) -> list[str | None]:
    """Return (value, why) of a variable A."""
    variable = Variable(name="A", template=template, force=force, origin="here")
    (planned,) = plan_variables([variable], identities, {"torch": Path("/overlay")}, environ or {})
    assert PlannedVariable(name="A", value=planned.value, origin="here", why=planned.why) == planned
    return [planned.value, planned.why]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("1", "1"),
        ("", ""),
        ("{torch.version}|{torch.cuda}|{torch.hip}|{torch.git-version}", "2.7.0+cu126|12.6||abc"),
        ("{numpy.version}|{numpy.cuda}", "2.0|"),
        ("{torch.site}/nvidia/cu13/include", "/overlay/nvidia/cu13/include"),
        ("{{torch.cuda}} {{{torch.cuda}}}", "{torch.cuda} {12.6}"),
    ],
)
def test_value(template: str, value: str) -> None:
    """A template is filled in by what the runtimes call themselves; what a runtime lacks is empty."""
    assert [value, "set"] == plan(template, TORCH, NUMPY)


@pytest.mark.parametrize(
    ("force", "expected"),
    [(False, [None, "left as the environment has it"]), (True, ["1", "set, over the environment's"])],
)
@pytest.mark.parametrize("own", ["0", ""])
def test_the_environment_wins(own: str, force: bool, expected: list[str | None]) -> None:  # noqa: FBT001 - a table
    """The person's environment wins, an empty value, too, unless the entry is forced."""
    assert expected == plan("1", TORCH, environ={"A": own}, force=force)


@pytest.mark.parametrize("identities", [(), (LOCKED,), (NUMPY,)])
def test_runtime_that_is_not_there(identities: tuple[Identity, ...]) -> None:
    """What is not known before the runtime is there is not made up."""
    why = "not set: torch.cuda, torch.hip not known before the runtime is there"
    assert [None, why] == plan("{torch.cuda}{torch.hip}", *identities)
    assert ["1", "set"] == plan("1", *identities)


@pytest.mark.parametrize(("torch", "value"), [(ROCM, "6.4.43484-123eb5128|6.4.2|"), (XPU, "||20250101"), (TORCH, "||")])
def test_value_of_other_accelerators(torch: Identity, value: str) -> None:
    """What a torch for ROCm, or for XPU, says of itself is there to be filled in, too."""
    assert [value, "set"] == plan("{torch.hip}|{torch.rocm}|{torch.xpu}", torch)


def test_build_label() -> None:
    """A build folder's name tells the runtimes, and differs wherever they do; it needs no quoting."""
    assert build_label([TORCH]).startswith("torch-2.7.0.cu126-")
    assert build_label([TORCH, NUMPY]).startswith("torch-2.7.0.cu126-numpy-2.0-")
    assert build_label([LOCKED]).startswith("torch-2.7.0.cu126-")
    odd = Identity(name="torch", version="1!2.0", reported="2 $(x)/..\\%", git_version="abc")
    other = Identity(name="torch", version="2.7.0", reported="2.7.0+cu126", cuda="12.6", git_version="other")
    rocm = ROCM._replace(rocm="6.4.3")
    later = XPU._replace(xpu="20250302")
    labels = [build_label([identity]) for identity in (TORCH, LOCKED, odd, other, ROCM, rocm, XPU, later)]
    assert len(labels) == len(set(labels))
    assert set("".join(labels)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
    assert build_label([TORCH]) == build_label([TORCH])


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
