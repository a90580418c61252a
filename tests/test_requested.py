"""What the frontend's own command line asks for: it is about to replace what is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from callers import LOCKED, TARGET, Scene
from standins import make_venv, write
from test_search import resolve, told

from runtime_backend.frontend import find_requested

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
    assert expected == [str(found.requirement) for found in find_requested(caller, "torch")]


def test_path_of_a_wheel(scene: Scene) -> None:
    """A wheel by its path, relative to where the frontend was started."""
    caller = scene.pip(scene.shell(scene.elsewhere), f"wheels/{WHEEL}")
    path = (scene.elsewhere / "wheels" / WHEEL).as_uri()
    assert [f"torch @ {path}"] == [str(found.requirement) for found in find_requested(caller, "torch")]


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


@pytest.mark.parametrize("option", ["-r", "--requirement", "-c", "--constraint"])
@pytest.mark.parametrize("frontend", ["pip", "uv"])
def test_files(scene: Scene, frontend: str, option: str) -> None:
    """What a requirements or constraints file of the command pins counts as what the command itself names."""
    write(scene.elsewhere / "reqs/all.txt", "numpy==1\n-c pins.txt\n")
    write(scene.elsewhere / "reqs/pins.txt", "torch==2.9.0\n")
    shell = scene.shell(scene.elsewhere, scene.target)
    words = [option, "reqs/all.txt"]
    caller = scene.pip(shell, *words) if frontend == "pip" else scene.uv(shell, "pip", "install", *words)
    (found,) = find_requested(caller, "torch")
    path = scene.elsewhere / "reqs/pins.txt"
    assert (str(found.requirement), found.origin) == ("torch==2.9.0", f"{path}:1")
    outcome = resolve(scene, caller)
    assert ("2.9.0", "pinned", False, None) == told(outcome)
    assert outcome.resolution is not None
    assert outcome.resolution.origin == f"{path}:1"


def test_range_in_a_file(scene: Scene) -> None:
    """A range that the installed one does not meet is told with file and line."""
    path = write(scene.elsewhere / "pins.txt", "# pins\ntorch>2.7\n")
    refused = resolve(scene, scene.pip(scene.shell(scene.elsewhere), "-c", "pins.txt"))
    assert f"is about to be replaced: {path}:2 asks for 'torch>2.7'" in str(refused.refusal)


@pytest.mark.parametrize(
    ("frontend", "variable"), [("pip", "PIP_CONSTRAINT"), ("uv", "UV_CONSTRAINT"), ("uv", "UV_OVERRIDE")]
)
def test_variables(scene: Scene, frontend: str, variable: str) -> None:
    """The frontends' variables name files, too."""
    path = write(scene.root / "pins.txt", "torch==2.9.0\n")
    shell = scene.shell(scene.elsewhere, scene.target, **{variable: str(path)})
    caller = scene.pip(shell) if frontend == "pip" else scene.uv(shell, "pip", "install", ".")
    assert ["torch==2.9.0"] == [str(found.requirement) for found in find_requested(caller, "torch")]


def test_files_of_uv_pip_sync(scene: Scene) -> None:
    """Its arguments are files."""
    write(scene.elsewhere / "all.txt", "torch==2.9.0\n")
    caller = scene.uv(scene.shell(scene.elsewhere, scene.target), "pip", "sync", "all.txt")
    assert ["torch==2.9.0"] == [str(found.requirement) for found in find_requested(caller, "torch")]


@pytest.mark.parametrize("name", ["absent.txt", "https://example.org/all.txt", "pyproject.toml"])
def test_files_of_others(scene: Scene, name: str) -> None:
    """What is not there is the frontend's to complain about; what is no requirements file is not read as one."""
    write(scene.elsewhere / "pyproject.toml", "torch==2.9.0\n")
    assert () == find_requested(scene.pip(scene.shell(scene.elsewhere), "-r", name), "torch")


PYLOCK = """lock-version = "1.0"
created-by = "x"
[[packages]]
name = "torch"
version = "2.9.0"
[[packages.wheels]]
url = "https://example.org/torch-2.9.0-py3-none-any.whl"
[packages.wheels.hashes]
sha256 = "ab"
"""


@pytest.mark.parametrize("frontend", ["pip", "uv", "uv sync"])
def test_lock_of_the_command(scene: Scene, frontend: str) -> None:
    """``-r pylock.toml`` is about to install what the lock pins, over what is there."""
    write(scene.elsewhere / "pylock.toml", PYLOCK)
    shell = scene.shell(scene.elsewhere, scene.target)
    callers = {
        "pip": scene.pip(shell, "-r", "pylock.toml"),
        "uv": scene.uv(shell, "pip", "install", "-r", "pylock.toml"),
        "uv sync": scene.uv(shell, "pip", "sync", "pylock.toml"),
    }
    url = "https://example.org/torch-2.9.0-py3-none-any.whl"
    assert ("2.9.0", "locked", False, url) == told(resolve(scene, callers[frontend]))
