"""The consumer's table, in the scenario that began it all: one command, from nothing, under three project managers.

A project pins torch from an explicit index that has its variant, and wants an extension from git, whose settings it keeps
in its own pyproject.toml.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .checks import check_hooks
from .combinations import some
from .index import Index
from .projects import Project
from .scene import find_target
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Workplace

_TABLE = """
[tool.runtime-backend.packages.Probe_Setuptools.env]
TORCH_CUDA_ARCH_LIST = "9.0"
GROUPED_GEMM_CUTLASS = "1"
BUILT_FOR = "{torch.version}"
"""

_UV = """
{uv}
[tool.uv.sources]
torch = {{ index = "cu126" }}
probe-setuptools = {{ git = "{git}" }}
"""

_POETRY = """
[tool.poetry]
package-mode = false
{poetry}
[tool.poetry.dependencies]
torch = {{ version = "2.7.0", source = "cu126" }}
probe-setuptools = {{ git = "{git}" }}
"""

_PDM = """
[tool.pdm]
distribution = false
[[tool.pdm.source]]
name = "pypi"
url = "{main}"
exclude_packages = ["torch"]
[[tool.pdm.source]]
name = "cu126"
url = "{cu126}"
include_packages = ["torch"]
"""

MANAGERS = {"uv": (_UV, "sync"), "poetry": (_POETRY, "install"), "pdm": (_PDM, "install")}


@pytest.mark.parametrize("manager", list(MANAGERS))
def test_from_nothing(place: Workplace, index: Index, manager: str) -> None:
    """A single command: the right variant, from git, with the variables of the project."""
    text, command = MANAGERS[manager]
    project = Project(place, index, manager)
    project.depend_on_torch()
    git = project.repository().as_uri()
    remote = git.replace("///", "//localhost/")  # pdm takes a URL without a host for one of ssh
    probe = f"probe-setuptools @ git+{remote}" if manager == "pdm" else "probe-setuptools"
    project.write(
        "pyproject.toml",
        '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10,<4"\n'
        f'dependencies = ["torch==2.7.0", "{probe}"]\n'
        + text.format(
            uv=index.uv("main") + index.uv("cu126", "explicit"),
            poetry=index.poetry("main") + index.poetry("cu126", "explicit"),
            main=index.url("main"),
            cu126=index.url("cu126"),
            git=git,
        )
        + _TABLE,
    )
    nothing: dict[str, Any] = {"UV_OFFLINE": None, "UV_FIND_LINKS": None, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    if manager == "uv":
        place.uv(NEWEST_UV, command, cwd=project.folder, **nothing)
    else:
        project.run(command, **nothing)
    project.check("2.7.0+cu126", provision=None)
    assert _stamped(project.prefix) == {
        "TORCH_CUDA_ARCH_LIST": "9.0",
        "GROUPED_GEMM_CUTLASS": "1",
        "BUILT_FOR": "2.7.0+cu126",
    }


def _stamped(prefix: Path) -> object:
    """Return the variables that the stamp of what is installed tells."""
    (stamp,) = find_target(prefix).site.glob("probe_setuptools-*/runtime-backend.json")
    return json.loads(stamp.read_text("utf-8"))["variables"]


@some("frontend", ["pip", "uv"], "uv")
def test_where_the_person_stands(place: Workplace, frontend: str) -> None:
    """Under pip and uv pip, the table of the project around the folder that they were started in; the person wins."""
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package("probe_setuptools")
    (place.folder / "app" / "deep").mkdir(parents=True)
    (place.folder / "app" / "pyproject.toml").write_text(_TABLE, "utf-8")
    how: dict[str, Any] = {"cwd": place.folder / "app" / "deep", "GROUPED_GEMM_CUTLASS": "mine"}
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", package, **how)
    else:
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package, **how)
    assert _stamped(target.prefix) == {"TORCH_CUDA_ARCH_LIST": "9.0", "BUILT_FOR": "2.7.0+cpu"}


def test_stated_target(place: Workplace) -> None:
    """build does not tell what a wheel is for: the consumer's table does."""
    place.target("2.6.0", name="mine")
    other, package = place.target("2.8.0", name="other"), place.package("probe_setuptools")
    (place.folder / "pyproject.toml").write_text('[tool.runtime-backend.target]\nenvironment = "mine"\n', "utf-8")
    place.build("-w", "-o", place.folder / "out", package, activated=other)
    check_hooks(place, {"build_wheel": "reuse"}, "2.6.0")


def test_mistake(place: Workplace) -> None:
    """A mistake names the consumer's file, before anything is built."""
    target, package = place.target("2.7.0", pip=NEWEST_PIP), place.package("probe_setuptools")
    file = place.folder / "pyproject.toml"
    file.write_text('[tool.runtime-backend.packages.probe-setuptools]\nbuild-backend = "mine"\n', "utf-8")
    result = place.run(target.python, "-m", "pip", "install", package, fails=True)
    expected = f"{file}: tool.runtime-backend.packages.probe-setuptools.build-backend: found the string 'mine'"
    assert expected in result.output
