"""pip: torch is in the target and on no index; the wheel is built against exactly it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .checks import check_hooks, check_installed, check_nothing_left, check_source, check_untouched, check_wheel
from .combinations import some
from .stock import NEWEST_PIP, OLDEST_PIP, PIPS
from .workplace import Workplace

BOTH = (OLDEST_PIP, NEWEST_PIP)
REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}


@some("pip", PIPS, *BOTH)  # the tests below have the others
def test_installs_with_isolation(place: Workplace, pip: str) -> None:
    """The target's own torch is shown to the build, and nothing else of the target."""
    target, package = place.target("2.7.0+cu126", pip=pip), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", package)
    check_hooks(place, REUSED, "2.7.0+cu126")
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126")
    check_source(place, package)
    check_nothing_left(place)


@some("pip", PIPS, OLDEST_PIP)
def test_installs_without_isolation(place: Workplace, pip: str) -> None:
    """``--no-build-isolation`` gives the same, from what is importable."""
    target = place.target("2.8.0", "runtime-backend", "setuptools", "wheel", pip=pip)
    package = place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", "--no-build-isolation", package)
    check_hooks(place, {"build_wheel": "present", "*": "present"}, "2.8.0")
    check_installed(place, target, "probe_setuptools", "2.8.0", provision="present", isolated=False)
    check_source(place, package)


@some("pip", PIPS, "23.2.1")
def test_installs_an_editable(place: Workplace, pip: str) -> None:
    """``-e`` builds beside the sources, against the same torch."""
    target, package = place.target("2.7.0", pip=pip), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", "-e", package)
    check_hooks(place, {"get_requires_for_build_editable": "reuse", "build_editable": "reuse", "*": "reuse"}, "2.7.0")
    check_installed(place, target, "probe_setuptools", "2.7.0")
    check_source(place, package, "probe_setuptools/built_against.py", "probe_setuptools/_compiled.*.so", "*.pyc")


@some("pip", PIPS, "24.0")
def test_builds_a_wheel(place: Workplace, pip: str) -> None:
    """``pip wheel`` builds for the environment that pip runs in."""
    target, package = place.target("2.7.0+cpu", pip=pip), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "wheel", "-w", place.folder / "out", package)
    (wheel,) = (place.folder / "out").glob("probe_setuptools-*.whl")
    check_wheel(wheel, "2.7.0+cpu")
    check_untouched(target)
    check_source(place, package)


@pytest.mark.parametrize("feature", ["venv-isolation", "inprocess-build-deps"])
def test_installs_with_a_new_isolation(place: Workplace, feature: str) -> None:
    """pip 26.3 can isolate in other ways."""
    target, package = place.target("2.7.0+cu126", pip=NEWEST_PIP), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", f"--use-feature={feature}", package)
    check_hooks(place, REUSED, "2.7.0+cu126")
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126")


@some("pip", PIPS, "25.3")
def test_installs_for_another_python(place: Workplace, pip: str) -> None:
    """``pip --python T``: T counts, neither where pip is nor what is activated."""
    target, package = place.target("2.6.0"), place.package("probe_setuptools")
    other = place.target("2.7.0+cpu", name="other", pip=pip)
    place.run(other.python, "-m", "pip", "--python", target.python, "install", package, activated=other)
    check_hooks(place, REUSED, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0")
    check_untouched(other)


@some("pip", PIPS, "24.3.1")
def test_installs_while_another_environment_is_activated(place: Workplace, pip: str) -> None:
    """The environment that pip runs in counts, not the activated one, nor a ``.venv`` in the folder."""
    target, package = place.target("2.7.0", pip=pip), place.package("probe_setuptools")
    other = place.target("2.7.0+cu126", name=".venv")
    place.run(target.python, "-m", "pip", "install", package, activated=other)
    check_installed(place, target, "probe_setuptools", "2.7.0")
    check_untouched(other)


@pytest.mark.parametrize("option", ["--target", "--prefix"])
def test_installs_into_a_folder(place: Workplace, option: str) -> None:
    """``--target`` and ``--prefix DIR``: the torch in DIR counts; the environment that runs pip has none."""
    runner, package = place.target(None, pip=NEWEST_PIP), place.package("probe_setuptools")
    folder = place.folder / "folder"
    site = folder / "lib" / f"python{runner.version}" / "site-packages" if option == "--prefix" else folder
    place.install(runner.python, "torch===2.6.0", folder=site)
    place.run(runner.python, "-m", "pip", "install", option, folder, package)
    check_hooks(place, REUSED, "2.6.0")
    check_installed(place, runner, "probe_setuptools", "2.6.0", folder=site)


def test_installs_an_sdist(place: Workplace) -> None:
    """An sdist is unpacked elsewhere, and built against the target's torch all the same."""
    target, package = place.target("2.8.0", pip=NEWEST_PIP), place.package("probe_setuptools")
    place.build("--sdist", "-o", place.folder / "out", package, activated=target)
    (sdist,) = (place.folder / "out").iterdir()
    place.forget()
    place.run(target.python, "-m", "pip", "install", sdist)
    check_hooks(place, REUSED, "2.8.0")
    check_installed(place, target, "probe_setuptools", "2.8.0")


@pytest.mark.rare  # nox -s support upgrades by one command
def test_rebuilds_after_an_upgrade(place: Workplace) -> None:
    """A second installation, after torch was upgraded, takes nothing over from the first."""
    target, package = place.target("2.6.0", pip=NEWEST_PIP), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", package)
    check_installed(place, target, "probe_setuptools", "2.6.0")
    place.install(target.python, "torch===2.7.0+cpu")
    place.run(target.python, "-m", "pip", "install", "--force-reinstall", "--no-deps", package)
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu", grows=True)


@some("version", ["3.10", "3.12", "3.13"], "3.13")
def test_installs_under_another_python(place: Workplace, version: str, find_python: Callable[[str], Path]) -> None:
    """Every Python that is supported."""
    target = place.target("2.7.0+cpu", pip=NEWEST_PIP, python=find_python(version))
    assert target.version == version
    package = place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", package)
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu")
