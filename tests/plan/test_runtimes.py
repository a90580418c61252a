"""How the runtimes of a hook are provided, and where the real backend sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from callers import LOCKED, TARGET, Scene
from hooks import cached, make_source
from standins import make_distribution, make_torch

from runtime_backend.config import load_settings
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan.planning import make_plan
from runtime_backend.plan.runtimes import Provided, show_runtimes

BUILD = "build_wheel"


def provided(scene: Scene, caller: Caller, table: str = "") -> Provided:
    """Return how the runtimes of a build are provided."""
    make_source(scene.source, "backends.recording", table)
    caller = cached(scene, caller)
    plan = make_plan(BUILD, load_settings(scene.source, environ=caller.environ), caller, print)
    return show_runtimes(plan.runtimes, plan.cache, caller)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with procfs."""
    return Scene(tmp_path)


def with_torch(caller: Caller, version: str = TARGET) -> Caller:
    """Return a caller whose build environment has a torch."""
    make_torch(Path(caller.sys_path[0]), version)
    return caller


def test_reuse(scene: Scene) -> None:
    """A runtime of the target, and the libraries that it needs, are visible through the overlay."""
    found = provided(scene, scene.pip(scene.shell(scene.elsewhere)))
    assert found.overlay is not None
    overlay = found.overlay.path
    assert (None, {"torch": overlay}, overlay / "nvidia") == (found.view, found.sites, found.nvidia)


@pytest.mark.parametrize("program", ["pip", "uv"])
def test_present(program: str, scene: Scene) -> None:
    """A runtime of a temporary build environment is visible through a view at a stable path."""
    shell, views = scene.shell(scene.elsewhere), set()
    for _ in range(2):
        if program == "pip":
            caller = with_torch(scene.pip(shell))
        else:
            caller = with_torch(scene.uv(shell, "pip", "install", "-p", str(scene.target), "."))
        found = provided(scene, caller)
        assert found.view is not None
        view, site = found.view.path, Path(caller.sys_path[0])
        assert (None, {"torch": view}, site / "nvidia") == (found.overlay, found.sites, found.nvidia)
        assert ({"torch": site / "torch", "torchgen": site / "torchgen"}, True) == (found.view.links.targets, found.view.is_temporary)  # fmt: skip
        views.add(view)
    assert 1 == len(views)


@pytest.mark.parametrize("isolation", ["none", "kept"])
def test_present_in_what_stays(isolation: str, scene: Scene) -> None:
    """A permanent environment is used at its own path."""
    shell = scene.shell(scene.elsewhere, RUNTIME_BACKEND_PIN=f"torch=={TARGET}")
    caller = scene.not_isolated(shell, ["pip"]) if isolation == "none" else scene.hatch_build(shell, built_for=TARGET)
    found = provided(scene, caller)
    site = Path(caller.sys_path[0])
    assert (isolation, None, None) == (caller.isolation, found.view, found.overlay)
    assert ({"torch": site}, site / "nvidia") == (found.sites, found.nvidia)


def test_both(scene: Scene) -> None:
    """One runtime may be in the build environment, and another in the target."""
    make_distribution(scene.site(scene.target), "numpy", "2.0")
    caller = with_torch(scene.pip(scene.shell(scene.elsewhere)))
    found = provided(scene, caller, 'match-runtime = ["numpy", "torch"]\n')
    assert found.view is not None
    assert found.overlay is not None
    assert {"numpy": found.overlay.path, "torch": found.view.path} == found.sites
    assert ["numpy", "numpy-2.0.dist-info"] == list(found.overlay.links.targets)
    assert Path(caller.sys_path[0]) / "nvidia" == found.nvidia
    other = provided(scene, caller, 'match-runtime = ["numpy"]\n')
    assert ({"numpy": other.overlay and other.overlay.path}, None) == (other.sites, other.nvidia)


def test_not_there(scene: Scene) -> None:
    """A runtime that is not installed yet has an identity, but no folder."""
    found = provided(scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (None, None, {}, None) == (found.overlay, found.view, found.sites, found.nvidia)
    assert [(True, LOCKED)] == [(r.is_lacking, r.identity and r.identity.version) for r in found.runtimes]


def test_nothing_is_written(scene: Scene) -> None:
    """Planning writes no overlay and no view, only the frontend's answer."""
    provided(scene, with_torch(scene.pip(scene.shell(scene.elsewhere))))
    assert ["asked"] == [path.name for path in (scene.root / "our-cache").iterdir()]
