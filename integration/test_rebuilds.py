"""Editables that rebuild themselves: what changed is compiled on import, after the frontend's environment is gone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .checks import check_stamp
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Result, Target, Workplace

_ASK = """
import importlib, json, sys
package = importlib.import_module(sys.argv[1])
numbers = {name: getattr(package, name)() for name in ("from_cpp", "from_cython") if hasattr(package, name)}
print(json.dumps({"torch": package.TORCH_VERSION, "setting": package.SETTING, **numbers}))
"""
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
every_package = pytest.mark.parametrize("name", EDITS)


def ask(place: Workplace, target: Target, package: str, **how: Any) -> Result:
    """Import a package in a new process, with a PATH that has no build tools."""
    return place.run(target.python, "-B", "-c", _ASK, package, cwd=place.folder / "home", PATH=BARE, **how)


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


@every_package
@pytest.mark.parametrize("frontend", ["pip", "uv"])
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
