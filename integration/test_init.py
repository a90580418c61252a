"""``runtime-backend init``: packages that know nothing of the shim, and then build in one stage."""

from __future__ import annotations

import sys
from pathlib import Path

from .checks import check_installed
from .combinations import crossed
from .stock import NEWEST_PIP, NEWEST_UV, REPOSITORY
from .workplace import Workplace

STATIC = """# Built with setuptools.
[build-system]
requires = ["setuptools>=77", "torch>=2.4"]  # the usual two
build-backend = "setuptools.build_meta"

[project]
name = "probe-setuptools"
version = "1.0"

[tool.setuptools]
packages = ["probe_setuptools"]
"""
BARE = 'setup(\n    name="probe-setuptools", version="1.0", packages=["probe_setuptools"],\n'


def make_unadopted(place: Workplace, shape: str) -> Path:
    """Return a package as its author has it before."""
    package = place.package("probe_setuptools")
    (package / "pyproject.toml").unlink()
    if shape == "setup.py":
        setup = package / "setup.py"
        setup.write_text(setup.read_text("utf-8").replace("setup(\n", BARE), "utf-8")
    else:
        (package / "pyproject.toml").write_text(STATIC, "utf-8")
    return package


@crossed(frontend=["pip", "uv"], shape=["pyproject.toml", "setup.py"])
def test_one_stage(place: Workplace, frontend: str, shape: str) -> None:
    """init --write, then the plain command."""
    package, target = make_unadopted(place, shape), place.target("2.7.0", pip=NEWEST_PIP)
    command = (sys.executable, "-m", "runtime_backend", "init", package)
    shown = place.run(*command, PYTHONPATH=REPOSITORY)
    assert '+build-backend = "runtime_backend.build"' in shown.output
    place.run(*command, "--check", fails=True, PYTHONPATH=REPOSITORY)
    place.run(*command, "--write", PYTHONPATH=REPOSITORY)
    place.run(*command, "--check", PYTHONPATH=REPOSITORY)
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", package)
    else:
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package)
    check_installed(place, target, "probe_setuptools", "2.7.0")
