"""Every real backend, under every frontend."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.formats.toml import loads

from .checks import check_hooks, check_installed, check_source, check_untouched, check_wheel
from .combinations import crossed, some
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Workplace


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A package, and what its real backend has."""

    package: str
    is_editable: bool = True
    writes: tuple[str, ...] = ()
    """What an editable build leaves in the source tree, beyond ``build`` and egg-info."""


PROBES = {
    probe.package.removeprefix("probe_"): probe
    for probe in (
        Probe(package="probe_setuptools", writes=("probe_setuptools/_compiled.*",)),
        Probe(package="probe_setup_py_only"),
        Probe(package="probe_scikit_build_core"),
        Probe(package="probe_meson_python"),
        Probe(package="probe_hatchling"),
        Probe(package="probe_in_tree", is_editable=False),
        Probe(package="probe_object"),
    )
}

_LIST_HOOKS = """
import importlib, json, os, sys
sys.path[:0] = [os.path.abspath(path) for path in json.loads(sys.argv[2])]
name, _, attributes = sys.argv[1].partition(":")
real = importlib.import_module(name)
for attribute in filter(None, attributes.split(".")):
    real = getattr(real, attribute)
import runtime_backend.build as shim
print(json.dumps({hook: [hasattr(real, hook), hasattr(shim, hook)] for hook in sys.argv[3:]}))
"""
_MANDATORY = ("build_wheel", "build_sdist")
_REQUIREMENTS = ("get_requires_for_build_wheel",)  # the runtime is ours to ask for, whatever the real backend asks for
_OPTIONAL = (
    "get_requires_for_build_sdist",
    "prepare_metadata_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "build_editable",
)

every_backend = pytest.mark.parametrize("name", PROBES)
by_pip = ("setuptools", "setup_py_only", "meson_python", "object")


@some("name", PROBES, *by_pip)
def test_installs_by_pip(place: Workplace, name: str) -> None:
    """pip asks for the metadata before it builds, where the real backend can tell."""
    probe = PROBES[name]
    target, package = place.target("2.7.0+cu126", pip=NEWEST_PIP), place.package(probe.package)
    place.run(target.python, "-m", "pip", "install", package)
    check_hooks(place, {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}, "2.7.0+cu126")
    check_installed(place, target, probe.package, "2.7.0+cu126")
    check_source(place, package, "**.pyc")


@some("name", PROBES, *PROBES.keys() - by_pip)
def test_installs_by_uv(place: Workplace, name: str) -> None:
    """uv reads static metadata itself."""
    probe = PROBES[name]
    target, package = place.target("2.8.0"), place.package(probe.package)
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package)
    check_hooks(place, {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}, "2.8.0")
    check_installed(place, target, probe.package, "2.8.0")
    check_source(place, package, "**.pyc")


@some("name", PROBES, "setuptools", "meson_python", "in_tree")
def test_builds_by_build(place: Workplace, name: str) -> None:
    """From the sources to an sdist, and from that to a wheel."""
    probe = PROBES[name]
    target, package = place.target("2.6.0"), place.package(probe.package)
    if name == "meson_python":  # meson makes sdists of what git has
        _commit(place, package)
    place.build("-o", place.folder / "out", package, activated=target)
    (wheel,) = (place.folder / "out").glob("*.whl")
    check_hooks(place, {"build_sdist": "reuse", "build_wheel": "reuse", "*": "reuse"}, "2.6.0")
    check_wheel(wheel, "2.6.0")
    check_untouched(target)
    check_source(place, package, "**.pyc")


@crossed(
    name=[name for name, probe in PROBES.items() if probe.is_editable],
    frontend=["pip", "uv"],
)
def test_installs_an_editable(place: Workplace, name: str, frontend: str) -> None:
    """Editable, where the real backend has it."""
    probe = PROBES[name]
    package = place.package(probe.package)
    if frontend == "pip":
        target = place.target("2.7.0", pip=NEWEST_PIP)
        place.run(target.python, "-m", "pip", "install", "-e", package)
    else:
        target = place.target("2.7.0")
        place.uv(NEWEST_UV, "pip", "install", "-e", package, activated=target)
    check_hooks(place, {"get_requires_for_build_editable": "reuse", "build_editable": "reuse", "*": "reuse"}, "2.7.0")
    check_installed(place, target, probe.package, "2.7.0")
    check_source(place, package, f"{probe.package}/built_against.py", *probe.writes, "**.pyc")


def test_installs_an_editable_of_meson_python_without_isolation(place: Workplace) -> None:
    """Without isolation, what built it stays in the target, where its loader finds it, and nothing is kept."""
    target = place.target("2.7.0", "runtime-backend", "meson-python", "ninja", pip=NEWEST_PIP)
    package = place.package("probe_meson_python")
    place.run(target.python, "-m", "pip", "install", "--no-build-isolation", "-e", package, activated=target)
    check_hooks(place, {"build_editable": "present", "*": "present"}, "2.7.0")
    check_installed(place, target, "probe_meson_python", "2.7.0", provision="present", isolated=False)
    assert not (place.cache / "environments").exists()
    assert not list(target.site.glob("*runtime_backend_guard*"))


def test_has_no_editable_where_the_real_backend_has_none(place: Workplace) -> None:
    """The frontend says so itself, in its own words, since the hook is not there."""
    target, package = place.target("2.7.0", pip=NEWEST_PIP), place.package("probe_in_tree")
    result = place.run(target.python, "-m", "pip", "install", "-e", package, fails=True)
    assert "missing the 'build_editable' hook" in result.output
    result = place.uv(NEWEST_UV, "pip", "install", "-e", package, activated=target, fails=True)
    assert "build_editable" in result.output
    assert place.hooks() == [hook for hook in place.hooks() if hook["hook"] != "build_editable" or hook["stop"] is None]


@every_backend
def test_has_the_hooks_that_the_real_backend_has(place: Workplace, name: str) -> None:
    """Frontends take the presence of a hook for an answer."""
    package = place.package(PROBES[name].package)
    settings = loads((package / "pyproject.toml").read_text("utf-8"))
    required = [r for r in settings["build-system"]["requires"] if r != "runtime-backend"]
    table = settings["tool"]["runtime-backend"]
    backend, path = table.get("build-backend", "setuptools.build_meta:__legacy__"), table.get("backend-path", [])
    target = place.target("2.7.0", "runtime-backend", *required)
    hooks = [*_MANDATORY, *_REQUIREMENTS, *_OPTIONAL, "get_requires_for_build_editable"]
    words = [target.python, "-B", "-c", _LIST_HOOKS, backend, json.dumps(path), *hooks]
    found = json.loads(place.run(*words, cwd=package).output)
    assert all(found[hook] == [True, True] for hook in _MANDATORY)
    assert all(found[hook][1] for hook in _REQUIREMENTS)
    # By a complete [project] table, whether the real backend has it or not; for editables, only meson-python lacks it.
    told = ["prepare_metadata_for_build_wheel"]
    told += ["prepare_metadata_for_build_editable"] if name == "meson_python" else []
    assert all(found[hook][0] == found[hook][1] for hook in _OPTIONAL if hook not in told)
    assert all(found[hook][1] for hook in told)
    assert found["get_requires_for_build_editable"][1] == found["build_editable"][0]


@some("frontend", ["pip", "uv"], "uv")
def test_cmake_finds_torch(place: Workplace, frontend: str) -> None:
    """``find_package(Torch)`` finds the target's, through the overlay."""
    package = place.package("probe_scikit_build_core")
    lists = package / "CMakeLists.txt"
    found = (
        'find_package(Torch REQUIRED CONFIG)\ninstall(CODE "")\nfile(WRITE found.txt "${TORCH_STANDIN} ${Torch_DIR}")\n'
    )
    lists.write_text(f"{lists.read_text('utf-8')}\n{found}", "utf-8")
    if frontend == "pip":
        target = place.target("2.7.0+cpu", pip=NEWEST_PIP)
        place.run(target.python, "-m", "pip", "install", package)
    else:
        target = place.target("2.7.0+cpu")
        place.uv(NEWEST_UV, "pip", "install", package, activated=target)
    check_installed(place, target, "probe_scikit_build_core", "2.7.0+cpu")
    standin, folder = (package / "found.txt").read_text("utf-8").split(" ")
    assert standin == "2.7.0+cpu"
    assert Path(folder).is_relative_to(place.cache)


def test_says_that_a_wheel_holds_nothing_compiled(place: Workplace) -> None:
    """A setup.py that leaves its extension out exits with 0 all the same."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package("probe_setuptools")
    script = package / "setup.py"
    script.write_text(script.read_text("utf-8").replace("ext_modules=", "# ext_modules="), "utf-8")
    result = place.run(target.python, "-m", "pip", "install", "-v", package)
    assert "contains no compiled file, although the source has files to compile (csrc/compiled.c)" in result.output


def _commit(place: Workplace, package: Path) -> None:
    place.commit(package)
    place.settle(package)


SCAN = """
unset(ENV{CMAKE_PREFIX_PATH})
set(found "")
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  if(EXISTS "${prefix}/torch/share/cmake/Torch/TorchConfig.cmake" AND NOT found)
    include("${prefix}/torch/share/cmake/Torch/TorchConfig.cmake")
    set(found "${TORCH_STANDIN}")
  endif()
endforeach()
if(NOT found STREQUAL "2.7.0+cpu")
  message(FATAL_ERROR "found '${found}' by the variable CMAKE_PREFIX_PATH: ${CMAKE_PREFIX_PATH}")
endif()
"""


@crossed(frontend=["pip", "uv"], provision=["reuse", "require"])
def test_torch_on_the_cmake_variable(place: Workplace, frontend: str, provision: str) -> None:
    """A project that looks through CMake's own variable for a site-packages with torch finds the right one first."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package("probe_scikit_build_core")
    lists = package / "CMakeLists.txt"
    lists.write_text(lists.read_text("utf-8") + SCAN, "utf-8")
    place.settle(package)
    how: dict[str, Any] = {}
    if provision == "require":
        place.links.append(place.stock.standins)
        how["RUNTIME_BACKEND_PROVISION"] = "require"
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", "--no-deps", package, **how)
    else:
        place.uv(NEWEST_UV, "pip", "install", "--no-deps", f"--python={target.python}", package, **how)
    given = "reuse" if provision == "reuse" else "present"
    check_installed(place, target, "probe_scikit_build_core", "2.7.0+cpu", provision=given)
