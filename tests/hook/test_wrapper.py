"""The hooks of a wrapper, which build the upstream source."""

from __future__ import annotations

import hashlib
import tarfile
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest
from backends import recording
from callers import TARGET, Scene
from hooks import Said, call_of
from stamps import read_stamp
from standins import write
from test_unpacking import make_tar

from runtime_backend.build_lock.inputs import Inputs
from runtime_backend.config import load_settings
from runtime_backend.errors import BackendError, MetadataError

UPSTREAM = '[build-system]\nrequires = ["setuptools", "Torch>=2", "ninja"]\nbuild-backend = "backends.{backend}"\n'
STATIC = 'version = "1.0"\n'
DYNAMIC = 'version = "1.0"\ndynamic = ["dependencies"]\n'
EDITABLE = "get_requires_for_build_editable"
WHEEL = "nonsense-1.0-py3-none-any.whl"

pytestmark = pytest.mark.usefixtures("_recorded")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with a folder for wheels."""
    (tmp_path / "dist").mkdir()
    return Scene(tmp_path)


def wrap(scene: Scene, project: str = STATIC, backend: str = "recording", more: str = "") -> None:
    """Make the scene's source a wrapper around a source that a backend builds."""
    members: list[Any] = [
        ("x-1/pyproject.toml", {"content": UPSTREAM.format(backend=backend).encode()}),
        ("x-1/a.cu", {}),
    ]
    path = make_tar(scene.root, *members)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    write(
        scene.source / "pyproject.toml",
        f'[build-system]\nrequires = ["runtime-backend"]\n[project]\nname = "nonsense"\n{project}\n'
        f'[tool.runtime-backend.source]\nurl = "{path.as_uri()}"\nsha256 = "{sha256}"\n{more}',
    )


def test_requirements(scene: Scene) -> None:
    """A wrapper's requirements are those of the source and its backend, without a runtime that is installed."""
    wrap(scene)
    caller = scene.pip(scene.shell(scene.elsewhere))
    for hook in ("get_requires_for_build_wheel", EDITABLE):
        found = call_of(hook, scene, caller).requirements(None)
        assert ["setuptools", "ninja", "nonsense-of-a-wheel>=3", "not a requirement!"] == found
    assert ["get_requires_for_build_wheel"] * 2 == [call[0] for call in recording.calls()]


def test_requirements_of_its_own(scene: Scene) -> None:
    """A wrapper's own build requirements and those of the source are asked for; once they are locked, the locked ones."""
    wrap(scene, more='[tool.runtime-backend]\nbuild-requires = ["cmake"]\nbuild-lock = "pylock.build.toml"\n')
    caller = scene.pip(scene.shell(scene.elsewhere))
    unlocked = caller._replace(environ={**caller.environ, "RUNTIME_BACKEND_BUILD_LOCK": "off"})
    found = call_of("get_requires_for_build_wheel", scene, unlocked).requirements(None)
    assert ["setuptools", "ninja", "cmake"] == found
    inputs = Inputs.of(load_settings(scene.source, environ={}))
    record = f'[tool.runtime-backend]\ninputs = "{inputs.digest}"\n'
    write(scene.source / "pylock.build.toml", f'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n{record}')
    assert inputs.backend.startswith("file:")  # the source, by which its own requirements are fixed
    assert [] == call_of("get_requires_for_build_wheel", scene, caller).requirements(None)
    assert [] == recording.calls()


@pytest.mark.parametrize("hook", ["build_wheel", "build_editable"])
def test_build(hook: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is built in its own folder, and the stamp names its origin; an editable is a wheel."""
    wrap(scene)
    monkeypatch.chdir(scene.root)
    said = Said()
    call = call_of(hook, scene, scene.pip(scene.shell(scene.elsewhere)), said)
    assert call.has("build_editable")
    assert WHEEL == call.build("dist", None)
    assert [("build_wheel", str(scene.root / "dist"), None, None)] == recording.calls()
    assert scene.root == Path.cwd()
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    assert [TARGET] == [runtime["reported"] for runtime in stamp["runtimes"]]
    assert ("x-1.tar.gz", []) == (stamp["upstream"]["url"], stamp["upstream"]["patches"])
    edits = "note: a wrapper cannot be edited, because its source is in the cache; this is a plain wheel"
    fetched = f"fetching {(scene.root / 'x-1.tar.gz').as_uri()}"
    assert [*([edits] if hook == "build_editable" else []), fetched] == said.lines


@pytest.mark.parametrize("hook", ["prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable"])
def test_static_metadata(hook: str, scene: Scene) -> None:
    """Metadata in the wrapper are answered without the source."""
    wrap(scene)
    (scene.root / "x-1.tar.gz").unlink()
    call = call_of(hook, scene, scene.pip(scene.shell(scene.elsewhere)))
    assert (True, "nonsense-1.0.dist-info") == (call.has(hook), call.run(str(scene.root / "dist"), None))
    assert [] == recording.calls()


@pytest.mark.parametrize("hook", ["prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable"])
def test_dynamic_metadata(hook: str, scene: Scene) -> None:
    """For metadata that the wrapper lacks, the source's backend is asked."""
    wrap(scene, DYNAMIC)
    call = call_of(hook, scene, scene.pip(scene.shell(scene.elsewhere)))
    assert (True, "nonsense-1.0.dist-info") == (call.has(hook), call.run(str(scene.root / "dist"), None))
    assert ["prepare_metadata_for_build_wheel"] == [call[0] for call in recording.calls()]
    wrap(scene, DYNAMIC, "minimal")
    assert not call_of(hook, scene, scene.pip(scene.shell(scene.elsewhere))).has(hook)


@pytest.mark.parametrize("project", [STATIC, DYNAMIC, f'{DYNAMIC[:-2]}, "optional-dependencies", "requires-python"]'])
def test_sdist(project: str, scene: Scene) -> None:
    """The sdist of a wrapper contains the wrapper, not the source."""
    wrap(scene, f'{project}\nreadme = "README.md"\nlicense = {{ file = "LICENSE" }}', more='patches = ["a.patch"]\n')
    for name in ("a.patch", "README.md", "LICENSE"):
        write(scene.source / name, "")
    caller = scene.pip(scene.shell(scene.elsewhere))
    hook = "get_requires_for_build_sdist"
    assert (True, []) == (call_of(hook, scene, caller).has(hook), call_of(hook, scene, caller).requirements(None))
    call = call_of("build_sdist", scene, caller)
    assert (None, "nonsense-1.0.tar.gz") == (
        call.attribute("UnsupportedOperation"),
        call.run(str(scene.root / "dist"), None),
    )
    with tarfile.open(scene.root / "dist/nonsense-1.0.tar.gz") as archive:
        names = archive.getnames()
        member = archive.extractfile("nonsense-1.0/PKG-INFO")
        assert member is not None
        headers = message_from_string(member.read().decode())
    assert ["pyproject.toml", "a.patch", "README.md", "LICENSE", "PKG-INFO"] == [
        name.removeprefix("nonsense-1.0/") for name in names
    ]
    dynamic = {STATIC: [], DYNAMIC: ["Requires-Dist"]}
    every = ["Requires-Dist", "Requires-Dist", "Provides-Extra", "Requires-Python"]
    assert dynamic.get(project, every) == headers.get_all("Dynamic", [])
    assert ("nonsense", "1.0") == (headers["Name"], headers["Version"])
    assert [] == recording.calls()


def test_sdist_without_a_version(scene: Scene) -> None:
    """A wrapper without a static version has no sdist."""
    wrap(scene, 'dynamic = ["version"]\n')
    call = call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere)))
    with pytest.raises(MetadataError, match=r"'wrapper' gave no answer: pyproject\.toml: project\.version: found none"):
        call.run(str(scene.root / "dist"), None)


def test_backend_that_is_not_there(scene: Scene) -> None:
    """If the wrapper's build requirements lack the source's backend, the message names it."""
    wrap(scene, backend="nowhere")
    with pytest.raises(BackendError) as caught:
        call_of("get_requires_for_build_wheel", scene, scene.pip(scene.shell(scene.elsewhere))).requirements(None)
    assert "no-real-backend" == caught.value.stop
    assert "has no 'backends.nowhere'" in str(caught.value)
