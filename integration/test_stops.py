"""The clear stops: what was looked for, what was found and where, what to run next; nothing is left behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .checks import check_nothing_left, check_source, check_untouched
from .combinations import crossed, some
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Target, Workplace

FRONTENDS = ("pip", "uv", "build")
"""Each stop is usually seen under one: the message is the same, and how each frontend shows one is seen in the others."""

Stop = Callable[..., str]


@pytest.fixture
def stop(place: Workplace) -> Stop:
    """Return a function that builds for a target, checks that nothing is left, and returns the output as one line."""

    def build(frontend: str, package: Path, target: Target | None, **how: Any) -> str:  # noqa: ANN401 - as for run
        out = place.folder / "out"
        out.mkdir(exist_ok=True)
        before = None if target is None else target.before
        if frontend == "pip":
            assert target is not None
            command: list[object] = [target.python, "-m", "pip", "wheel", "-v", "-w", out, package]
            result = place.run(*command, fails=True, **how)
        elif frontend == "uv":
            result = place.uv(NEWEST_UV, "build", "--wheel", "-o", out, package, activated=target, fails=True, **how)
        else:
            result = place.build("-w", "-o", out, package, activated=target, fails=True, **how)
        check_nothing_left(place, out)
        check_source(place, package, "**/__pycache__/*")
        if target is not None and before:
            check_untouched(target)
        assert "Traceback (most recent call last):" not in result.output.partition("runtime-backend: error[")[2]
        return " ".join(result.output.split())

    return build


def _edit(package: Path, old: str, new: str, place: Workplace) -> None:
    settings = package / "pyproject.toml"
    text = settings.read_text("utf-8")
    assert old in text
    settings.write_text(text.replace(old, new, 1), "utf-8")
    place.settle(package)


def _target(place: Workplace, frontend: str, torch: str | None) -> Target:
    return place.target(torch, pip=NEWEST_PIP if frontend == "pip" else None)


def _wheel_lines(*torches: tuple[str, str]) -> str:
    head = 'lock-version = "1.0"\ncreated-by = "hand"\nextras = ["cpu", "cu126"]\n'
    return head + "".join(
        f'\n[[packages]]\nname = "torch"\nversion = "{version}"\n{marker}'
        f'wheels = [{{ url = "https://example.invalid/torch-{version.replace("+", "%2B")}-py3-none-any.whl",'
        f' hashes = {{ sha256 = "{"0" * 64}" }} }}]\n'
        for version, marker in torches
    )


@some("frontend", ["uv", "build"], "uv")
def test_two_torches_and_no_way_to_tell(place: Workplace, stop: Stop, frontend: str) -> None:
    """Both are named, and how to choose."""
    package = place.package("probe_setuptools")
    (place.folder / "pylock.toml").write_text(_wheel_lines(("2.7.0+cpu", ""), ("2.7.0+cu126", "")), "utf-8")
    output = stop(frontend, package, None)
    assert f"{place.folder / 'pylock.toml'} pins 2 different torch, expected one (" in output
    assert "torch 2.7.0+cpu" in output
    assert "torch 2.7.0+cu126" in output
    assert (
        "Name the extra or group on the frontend's command line, or set RUNTIME_BACKEND_PIN='torch==VERSION'." in output
    )


@some("frontend", FRONTENDS, "pip")
def test_torch_in_build_system_requires(place: Workplace, stop: Stop, frontend: str) -> None:
    """It is said why, and where the specifier belongs; with a torch to be had, since the frontend installs first."""
    target, package = _target(place, frontend, "2.7.0+cpu"), place.package("probe_setuptools")
    _edit(package, '"setuptools>=77"]', '"setuptools>=77", "torch>=2.4"]', place)
    place.links.append(place.stock.standins)
    output = stop(frontend, package, target)
    assert "pyproject.toml: build-system.requires[2]: found the string 'torch>=2.4', expected no torch: the" in output
    assert "its specifier belongs to tool.runtime-backend.match-runtime: runtime-backend init --write" in output


@some("frontend", FRONTENDS, "uv")
def test_nothing_known(place: Workplace, stop: Stop, frontend: str) -> None:
    """Every place looked at is named, and the ways out."""
    target, package = _target(place, frontend, None), place.package("probe_setuptools")
    output = stop(frontend, package, target)
    assert "no torch is known to build against. Looked at:" in output
    assert f"{target.prefix}: no torch" in output
    assert "RUNTIME_BACKEND_PIN='torch==VERSION', RUNTIME_BACKEND_TARGET=/path/to/env." in output


@some("frontend", FRONTENDS, "build")
def test_specifier_not_met(place: Workplace, stop: Stop, frontend: str) -> None:
    """What is installed and what the package supports are both named."""
    target, package = _target(place, frontend, "2.6.0"), place.package("probe_setuptools")
    _edit(package, '"torch>=2.4"', '"torch>=2.7"', place)
    output = stop(frontend, package, target)
    assert f"the package does not support torch 2.6.0 (installed: {target.prefix})" in output
    assert ": expected 'torch>=2.7' (pyproject.toml: tool.runtime-backend.match-runtime)" in output
    assert "Install or lock a torch that the package supports" in output


@some("frontend", FRONTENDS, "pip")
def test_five_mistakes_in_one_table(place: Workplace, stop: Stop, frontend: str) -> None:
    """All five at once, each with its key."""
    target, package = _target(place, frontend, "2.7.0"), place.package("probe_setuptools")
    mistakes = (
        'match-runtime = [{ requirement = "torch>=2.4", match = "exakt" }]\nbackend-path = "backend"\nprovison = "auto"\nprovision = "borrow"\n'
        '[tool.runtime-backend.env]\nTORCH = "{torch.versoin}"'
    )
    _edit(package, 'match-runtime = ["torch>=2.4"]', mistakes, place)
    output = stop(frontend, package, target)
    assert "5 mistakes in the settings:" in output
    table = "pyproject.toml: tool.runtime-backend"
    assert (
        f"{table}.match-runtime[0].match: found the string 'exakt' (did you mean 'exact'?), expected one of" in output
    )
    assert f"{table}.backend-path: found the string 'backend', expected an array" in output
    assert f"{table}.provison: found an unknown key (did you mean 'provision'?)" in output
    assert f"{table}.provision: found the string 'borrow', expected one of auto, reuse, require, none" in output
    assert f"{table}.env.TORCH: found {{torch.versoin}} (did you mean 'torch.version'?)" in output


@crossed(frontend=["uv", "build"], name=["uv.lock", "pylock.toml"])
def test_corrupt_lock(place: Workplace, stop: Stop, frontend: str, name: str) -> None:
    """The file is named, with the line, and how to get a whole one."""
    package = place.package("probe_setuptools")
    lock = place.folder / "project" / name
    lock.parent.mkdir()
    (lock.parent / "pyproject.toml").write_text('[project]\nname = "project"\nversion = "0"\n', "utf-8")
    lock.write_text('version = 1\n\n[[package]]\nname = "torch"\nversion = 2.x\n', "utf-8")
    output = stop(frontend, package, None, cwd=lock.parent)
    assert f"{lock}: not TOML: " in output
    assert "line 5" in output
    assert "Lock again with the tool that wrote it, or restore the file." in output


@some("frontend", FRONTENDS, "uv")
def test_torch_without_version(place: Workplace, stop: Stop, frontend: str) -> None:
    """What is missing is named; the metadata's version alone does not tell the variant."""
    target, package = _target(place, frontend, "2.7.0"), place.package("probe_setuptools")
    missing = target.site / "torch" / "version.py"
    missing.unlink()
    output = stop(frontend, package, Target(prefix=target.prefix, version=target.version))
    assert f"torch 2.7.0 is installed ({target.site / 'torch-2.7.0.dist-info'}), but {missing} is missing" in output
    assert "Reinstall torch in that environment, or name another one with RUNTIME_BACKEND_TARGET." in output


@some("frontend", FRONTENDS, "build")
def test_read_only_cache(place: Workplace, stop: Stop, frontend: str) -> None:
    """The folder is named, and two ways out."""
    target, package = _target(place, frontend, "2.7.0"), place.package("probe_setuptools")
    cache = place.folder / "read-only"
    if os.geteuid() == 0:  # who may write to every folder may not write below a file
        cache.touch()
    else:
        cache.mkdir(mode=0o555)
    output = stop(frontend, package, target, RUNTIME_BACKEND_CACHE_DIR=cache)
    assert f"the overlay {cache / 'overlays'}" in output
    assert "cannot be made: " in output
    assert "RUNTIME_BACKEND_CACHE_DIR=/path" in output
    assert "RUNTIME_BACKEND_PROVISION=require" in output


@some("frontend", FRONTENDS, "pip")
def test_failing_build_ends_with_the_story(place: Workplace, frontend: str) -> None:
    """A setup.py that fails has its say first, then what it was built against is told."""
    target, package = _target(place, frontend, "2.7.0+cpu"), place.package("probe_setuptools")
    (package / "csrc" / "compiled.c").write_text("#error no such luck\n", "utf-8")
    place.settle(package)
    if frontend == "pip":
        result = place.run(target.python, "-m", "pip", "install", package, fails=True)
    elif frontend == "uv":
        result = place.uv(NEWEST_UV, "pip", "install", package, activated=target, fails=True)
    else:
        result = place.build("-w", package, activated=target, fails=True)
    output = " ".join(result.output.split())  # uv breaks lines
    said, _, story = output.partition("build_wheel of the real backend failed; it was called with")
    assert "no such luck" in said
    told = f"torch: torch 2.7.0+cpu, installed ({target.prefix}); reuse: installed in {target.site}"
    assert told in story
    check_untouched(target)
    check_nothing_left(place)
