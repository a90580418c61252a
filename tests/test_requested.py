"""What the frontend's own command line asks for: it is about to replace what is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from callers import LOCKED, TARGET, Scene
from standins import make_venv
from test_search import resolve, told

from runtime_backend.target import find_requested

WHEEL = "torch-2.9.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene."""
    return Scene(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["torch==2.9.0"], ["torch==2.9.0"]),
        (["-U", "Torch>=2.9", "numpy==1"], ["Torch>=2.9"]),
        (["torch==2.9.0; python_version < '3'"], []),
        (["torch==2.9.0; python_version > '3'"], ['torch==2.9.0; python_version > "3"']),
        (["torch"], []),
        (["-c", "torch==1.0", "./torch"], []),
        (
            [f"https://example.org/{WHEEL.replace('+', '%2B')}"],
            [f"torch @ https://example.org/{WHEEL.replace('+', '%2B')}"],
        ),
        (["torch-broken.whl"], []),
    ],
)
@pytest.mark.parametrize("frontend", ["pip", "uv"])
def test_words(scene: Scene, frontend: str, words: list[str], expected: list[str]) -> None:
    """A version or a wheel of the runtime counts; a mere name, another package, or an option's value does not."""
    shell = scene.shell(scene.elsewhere, scene.target)
    caller = scene.pip(shell, *words) if frontend == "pip" else scene.uv(shell, "pip", "install", *words)
    assert expected == [str(requirement) for requirement in find_requested(caller, "torch")]


def test_path_of_a_wheel(scene: Scene) -> None:
    """A wheel by its path, relative to where the frontend was started."""
    caller = scene.pip(scene.shell(scene.elsewhere), f"wheels/{WHEEL}")
    path = (scene.elsewhere / "wheels" / WHEEL).as_uri()
    assert [f"torch @ {path}"] == [str(requirement) for requirement in find_requested(caller, "torch")]


def test_others_name_nothing(scene: Scene) -> None:
    """Under a project manager the lock counts; where the process is not seen, nothing is known."""
    shell = scene.shell(scene.consumer)
    assert () == find_requested(scene.uv(shell, "add", "torch==2.9.0"), "torch")
    assert () == find_requested(replace(scene.pip(shell, "torch==2.9.0"), list_ancestors=list), "torch")


def test_beats_what_is_installed(scene: Scene) -> None:
    """Another version than the installed one is what the wheel is built against; the installed one itself is reused."""
    other = resolve(scene, scene.pip(scene.shell(scene.elsewhere), "torch==2.9.0"))
    same = resolve(scene, scene.pip(scene.shell(scene.elsewhere), f"torch=={TARGET}"))
    assert ("2.9.0", "pinned", False, None) == told(other)
    assert (TARGET, "pinned", True, None) == told(same)


def test_into_an_empty_environment(scene: Scene) -> None:
    """Nothing is installed yet: what the command names is what will be."""
    make_venv(scene.root / "bare")
    caller = scene.pip(scene.shell(scene.elsewhere), f"torch=={LOCKED}", prefix=scene.root / "bare")
    assert (LOCKED, "pinned", False, None) == told(resolve(scene, caller))


def test_range_that_replaces(scene: Scene) -> None:
    """A range that the installed one does not meet brings one that is not known: a stop; one that it meets changes nothing."""
    refused = resolve(scene, scene.pip(scene.shell(scene.elsewhere), "torch>2.7"))
    assert (
        f"torch {TARGET} (installed: {scene.target}) is about to be replaced: the frontend's command line asks for"
        " 'torch>2.7'\nName the version there, 'torch==VERSION', or install it first, in another command."
    ) == str(refused.refusal)
    assert (TARGET, "installed", True, None) == told(
        resolve(scene, scene.pip(scene.shell(scene.elsewhere), "torch>=2.7"))
    )
