"""uv pip and uv build: nothing in the hook's own environment names the target; uv's process does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .checks import check_hooks, check_installed, check_nothing_left, check_source, check_untouched, check_wheel
from .combinations import crossed, some
from .stock import NEWEST_UV, OLDEST_UV, UVS
from .workplace import Workplace

REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}

some_uv = some("uv", UVS, NEWEST_UV)


@pytest.mark.parametrize("uv", UVS)
def test_installs_into_the_activated_environment(place: Workplace, uv: str) -> None:
    """The activated environment counts, not the ``.venv`` in the folder."""
    target, package = place.target("2.7.0+cu126"), place.package("probe_setuptools")
    place.target("2.6.0", name=".venv")
    place.uv(uv, "pip", "install", package, activated=target)
    check_hooks(place, REUSED, "2.7.0+cu126")
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126")
    check_source(place, package)
    check_nothing_left(place)


@crossed(uv=UVS, option=["-p", "--python="])
def test_installs_into_the_named_environment(place: Workplace, uv: str, option: str) -> None:
    """``-p T`` counts, not the activated environment, which has another torch."""
    target, package = place.target("2.6.0"), place.package("probe_setuptools")
    other = place.target("2.7.0+cpu", name="other")
    named = [f"{option}{target.prefix}"] if option.endswith("=") else [option, target.python]
    place.uv(uv, "pip", "install", *named, package, activated=other)
    check_hooks(place, REUSED, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0")
    check_untouched(other)


@some_uv
def test_installs_into_a_venv_above_the_folder(place: Workplace, uv: str) -> None:
    """Without anything activated, uv takes the ``.venv`` of the folder or of one above it."""
    target, package = place.target("2.8.0", name=".venv"), place.package("probe_setuptools")
    folder = place.folder / "one" / "two"
    folder.mkdir(parents=True)
    place.uv(uv, "pip", "install", package, cwd=folder)
    check_hooks(place, REUSED, "2.8.0")
    check_installed(place, target, "probe_setuptools", "2.8.0")


@some_uv
def test_installs_an_editable(place: Workplace, uv: str) -> None:
    """``-e`` builds beside the sources, against the same torch."""
    target, package = place.target("2.7.0"), place.package("probe_setuptools")
    place.uv(uv, "pip", "install", "-e", package, activated=target)
    check_hooks(place, {"get_requires_for_build_editable": "reuse", "build_editable": "reuse", "*": "reuse"}, "2.7.0")
    check_installed(place, target, "probe_setuptools", "2.7.0")
    check_source(place, package, "probe_setuptools/built_against.py", "probe_setuptools/_compiled.*.so", "*.pyc")


@some("uv", UVS, OLDEST_UV, NEWEST_UV)
def test_installs_without_isolation(place: Workplace, uv: str) -> None:
    """``--no-build-isolation`` gives the same; uv asks for no requirements then."""
    target = place.target("2.7.0+cpu", "runtime-backend", "setuptools")
    package = place.package("probe_setuptools")
    place.uv(uv, "pip", "install", "--no-build-isolation", package, activated=target)
    check_hooks(place, {"build_wheel": "present", "*": "present"}, "2.7.0+cpu")
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu", provision="present", isolated=False)
    check_source(place, package)


@some_uv
def test_builds_for_the_activated_environment(place: Workplace, uv: str) -> None:
    """``uv build`` has no target; the activated environment is the best that there is."""
    target, package = place.target("2.7.0+cu126"), place.package("probe_setuptools")
    place.uv(uv, "build", "-o", place.folder / "out", package, activated=target)
    (wheel,) = (place.folder / "out").glob("*.whl")
    check_wheel(wheel, "2.7.0+cu126")
    check_untouched(target)
    check_source(place, package)


def test_builds_for_the_venv_of_the_package(place: Workplace) -> None:
    """``uv build`` in a package with an environment of its own, as its author calls it."""
    package = place.package("probe_setuptools")
    target = place.target("2.8.0", name=f"{package.name}/.venv")
    place.uv(NEWEST_UV, "build", "--wheel", "-o", place.folder / "out", cwd=package)
    (wheel,) = (place.folder / "out").glob("*.whl")
    check_wheel(wheel, "2.8.0")
    check_untouched(target)


def test_installs_from_a_requirements_file(place: Workplace) -> None:
    """``uv pip sync`` and ``-r`` lead to the same target."""
    target, package = place.target("2.6.0"), place.package("probe_setuptools")
    requirements = place.folder / "requirements.txt"
    requirements.write_text(f"probe-setuptools @ {package.as_uri()}\n", "utf-8")
    place.uv(NEWEST_UV, "pip", "install", "-r", requirements, "-p", target.prefix)
    check_hooks(place, REUSED, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0")


def test_installs_into_a_folder(place: Workplace) -> None:
    """``--target DIR``: the torch in DIR counts."""
    runner, package = place.target(None), place.package("probe_setuptools")
    folder = place.folder / "folder"
    place.install(runner.python, "torch===2.7.0", folder=folder)
    place.uv(NEWEST_UV, "pip", "install", "--target", folder, "-p", runner.python, package)
    check_hooks(place, REUSED, "2.7.0")
    check_installed(place, runner, "probe_setuptools", "2.7.0", folder=folder)


def test_is_found_by_the_working_folder_of_uv(place: Workplace) -> None:
    """``--directory``: uv's own folder counts, and the shell's, in PWD, is another."""
    consumer, shell = place.folder / "consumer", place.folder / "shell"
    shell.mkdir()
    target = place.target("2.7.0+cpu", name="consumer/.venv")
    place.target("2.6.0", name="shell/.venv")
    package = place.package("probe_setuptools")
    place.uv(NEWEST_UV, "--directory", consumer, "pip", "install", package, cwd=shell)
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu")


def test_rebuilds_after_an_upgrade(place: Workplace) -> None:
    """A second installation, after torch was upgraded, takes nothing over from the first."""
    target, package = place.target("2.6.0"), place.package("probe_setuptools")
    place.uv(NEWEST_UV, "pip", "install", package, activated=target)
    check_installed(place, target, "probe_setuptools", "2.6.0")
    place.install(target.python, "torch===2.7.0+cpu")
    place.uv(NEWEST_UV, "pip", "install", "--reinstall-package=probe-setuptools", package, activated=target)
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu", grows=True)


@some("version", ["3.10", "3.12", "3.13"], "3.10", "3.12")
def test_installs_under_another_python(place: Workplace, version: str, find_python: Callable[[str], Path]) -> None:
    """Every Python that is supported."""
    target, package = place.target("2.7.0+cpu", python=find_python(version)), place.package("probe_setuptools")
    assert target.version == version
    place.uv(NEWEST_UV, "pip", "install", "-p", target.python, package)
    check_installed(place, target, "probe_setuptools", "2.7.0+cpu")
