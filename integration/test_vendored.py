"""The shim inside the package, under ``backend-path``: nothing of it is on any index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .checks import check_hooks, check_installed, check_source, check_wheel
from .stock import NEWEST_PIP, NEWEST_UV, OLDEST_PIP, REPOSITORY
from .workplace import Workplace

REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}


def _vendored(place: Workplace) -> Path:
    """Return a package that carries the shim, which no folder of wheels has any more."""
    package = place.package("probe_setuptools")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "runtime_backend", package / "_vendor" / "runtime_backend", ignore=ignored)
    settings = package / "pyproject.toml"
    before, after = (
        '"runtime-backend", "setuptools>=77"]\n',
        ('"packaging>=26.1", "setuptools>=77", "tomli>=2; python_version < \'3.11\'"]\nbackend-path = ["_vendor"]\n'),
    )
    assert before in settings.read_text("utf-8")
    settings.write_text(settings.read_text("utf-8").replace(before, after), "utf-8")
    place.settle(package)
    place.links.remove(place.stock.shim)
    return package


@pytest.mark.parametrize("pip", [OLDEST_PIP, NEWEST_PIP])
def test_installs_by_pip(place: Workplace, pip: str) -> None:
    """pip tells the hooks where the backend is in a variable whose name has changed."""
    target, package = place.target("2.7.0+cu126", pip=pip), _vendored(place)
    place.run(target.python, "-m", "pip", "install", package)
    check_hooks(place, REUSED, "2.7.0+cu126")
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126")
    check_source(place, package, "**/__pycache__/*")


def test_installs_by_uv(place: Workplace) -> None:
    """uv, with another environment activated."""
    target, package = place.target("2.6.0"), _vendored(place)
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package, activated=place.target("2.8.0", name="other"))
    check_hooks(place, REUSED, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0")
    check_source(place, package, "**/__pycache__/*")


def test_builds_by_build(place: Workplace) -> None:
    """The sdist carries the shim too, since the wheel is built from it; setuptools knows nothing of that folder."""
    target, package = place.target("2.8.0"), _vendored(place)
    place.build("-o", place.folder / "out", package, activated=target)
    (wheel,) = (place.folder / "out").glob("*.whl")
    check_wheel(wheel, "2.8.0")
    check_source(place, package, "**/__pycache__/*")


def test_installs_without_isolation(place: Workplace) -> None:
    """What the shim needs must be in the target then, and the shim itself is not."""
    target = place.target("2.7.0", "packaging>=26.1", "setuptools", pip=NEWEST_PIP)
    package = _vendored(place)
    place.run(target.python, "-m", "pip", "install", "--no-build-isolation", package)
    check_installed(place, target, "probe_setuptools", "2.7.0", provision="present", isolated=False)
