"""The shim inside the package, under ``backend-path``: nothing of it is on any index."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .checks import check_hooks, check_installed, check_source, check_wheel
from .stock import NEWEST_PIP, NEWEST_UV, OLDEST_PIP, REPOSITORY
from .workplace import Workplace

REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}


def _vendored(place: Workplace) -> Path:
    """Return a package that carries the shim, which no folder of wheels has any more."""
    package = place.package("probe_setuptools")
    place.run(sys.executable, "-m", "runtime_backend", "vendor", package, PYTHONPATH=REPOSITORY)
    place.run(sys.executable, "-m", "runtime_backend", "vendor", package, "--check", PYTHONPATH=REPOSITORY)
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
    target = place.target("2.7.0", "packaging>=26.1", "pyproject-hooks>=1.1", "setuptools", pip=NEWEST_PIP)
    package = _vendored(place)
    place.run(target.python, "-m", "pip", "install", "--no-build-isolation", package)
    check_installed(place, target, "probe_setuptools", "2.7.0", provision="present", isolated=False)


def test_tells_metadata(place: Workplace) -> None:
    """Metadata without any torch: the process with the stand-in finds a shim that is not installed."""
    package = _vendored(place)
    settings = package / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('version = "1.0"', 'dynamic = ["version"]'), "utf-8")
    (package / "setup.cfg").write_text("[metadata]\nversion = 1.0\n", "utf-8")
    (place.folder / "requirements.in").write_text("./probe_setuptools\n", "utf-8")
    place.uv(NEWEST_UV, "pip", "compile", "--no-deps", "requirements.in")
    check_hooks(place, {"prepare_metadata_for_build_wheel": "missing", "*": "missing"})
