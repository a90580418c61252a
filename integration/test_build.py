"""build: a throw-away environment by venv, virtualenv or uv; the target is the activated one, or where build lies."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .checks import check_hooks, check_nothing_left, check_source, check_untouched, check_wheel, looked_at
from .combinations import some
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Target, Workplace

REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}

every_isolation = pytest.mark.parametrize("isolation", ["venv", "virtualenv", "uv"])


def _tool(place: Workplace, isolation: str, torch: str | None, name: str) -> Target:
    """Make an environment with build; with a pip beside it, build isolates by venv, else by virtualenv."""
    pip = NEWEST_PIP if isolation == "venv" else None
    return place.target(torch, "build", *(["virtualenv"] if pip is None else []), name=name, pip=pip)


def _words(place: Workplace, tool: Target, isolation: str) -> tuple[list[object], dict[str, Any]]:
    """Return build's command and what it needs in the environment."""
    words: list[object] = [tool.python, "-m", "build", "--wheel", "-o", place.folder / "out"]
    if isolation != "uv":
        return words, {}
    return [*words, "--installer=uv"], {"PATH": place.path(place.stock.uv(NEWEST_UV).parent)}


@every_isolation
def test_builds_for_the_activated_environment(place: Workplace, isolation: str) -> None:
    """build lies in an environment of its own, without torch."""
    target, package = place.target("2.7.0+cu126"), place.package("probe_setuptools")
    words, environ = _words(place, _tool(place, isolation, None, "tool"), isolation)
    if "PATH" in environ:
        environ["PATH"] = f"{target.prefix / 'bin'}{os.pathsep}{environ['PATH']}"
    result = place.run(*words, package, activated=target, **environ)
    assert f"isolated environment: {'venv+uv' if isolation == 'uv' else f'{isolation}+pip'}" in result.output
    (wheel,) = (place.folder / "out").iterdir()
    check_hooks(place, REUSED, "2.7.0+cu126")
    check_wheel(wheel, "2.7.0+cu126")
    check_untouched(target)
    check_source(place, package)
    check_nothing_left(place)


@some("isolation", ["venv", "virtualenv", "uv"], "virtualenv")
def test_builds_for_the_environment_that_build_is_installed_in(place: Workplace, isolation: str) -> None:
    """``python -m build`` in the target, nothing activated, and a ``.venv`` with another torch in the folder."""
    target, package = _tool(place, isolation, "2.6.0", "target"), place.package("probe_setuptools")
    place.target("2.8.0", name=".venv")
    words, environ = _words(place, target, isolation)
    place.run(*words, package, **environ)
    (wheel,) = (place.folder / "out").iterdir()
    check_hooks(place, REUSED, "2.6.0")
    assert looked_at(place, "build_wheel") == ["the interpreter that made the build environment"]
    check_wheel(wheel, "2.6.0")


def test_builds_an_sdist_and_a_wheel_from_it(place: Workplace) -> None:
    """The wheel is built from the unpacked sdist, which no path upward leads from to the target."""
    target, package = place.target("2.8.0"), place.package("probe_setuptools")
    place.build("-o", place.folder / "out", package, activated=target)
    (wheel,) = (place.folder / "out").glob("*.whl")
    assert len(list((place.folder / "out").glob("*.tar.gz"))) == 1
    check_hooks(place, {**REUSED, "build_sdist": "reuse"}, "2.8.0")
    check_wheel(wheel, "2.8.0")
    check_untouched(target)
    check_source(place, package)


@pytest.mark.parametrize("skips", [False, True])
def test_builds_without_isolation(place: Workplace, *, skips: bool) -> None:
    """``--no-isolation`` takes what build's own environment has; ``-x`` does not even ask for requirements."""
    target = place.target("2.7.0+cpu", "build", "runtime-backend", "setuptools")
    package = place.package("probe_setuptools")
    options = ["--no-isolation", *(["-x"] if skips else [])]
    place.run(target.python, "-m", "build", "-w", *options, "-o", place.folder / "out", package)
    (wheel,) = (place.folder / "out").iterdir()
    check_hooks(place, {"build_wheel": "present", "*": "present"}, "2.7.0+cpu")
    check_wheel(wheel, "2.7.0+cpu", provision="present", isolated=False)


def test_builds_for_the_venv_of_the_package(place: Workplace) -> None:
    """Nothing is activated: the ``.venv`` in the folder that build was called in."""
    package = place.package("probe_setuptools")
    target = place.target("2.8.0", name=f"{package.name}/.venv")
    place.build("--wheel", "-o", place.folder / "out", cwd=package)
    (wheel,) = (place.folder / "out").iterdir()
    check_wheel(wheel, "2.8.0")
    check_untouched(target)
