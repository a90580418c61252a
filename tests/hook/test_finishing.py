"""A finished wheel is compared with the metadata that the frontend got, and stamped."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callers import TARGET, Scene
from hooks import call_of, make_source
from stamps import read_stamp
from standins import make_distribution, write

from runtime_backend.archives.wheel import read_from_dist_info
from runtime_backend.errors import MetadataError

WHEEL = "ext-1-py3-none-any.whl"
METADATA = "Name: ext\nVersion: 1\n"
BACKEND = """
import pathlib, types, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {files!r}
    with zipfile.ZipFile(pathlib.Path(folder) / {wheel!r}, "w") as archive:
        for path, text in {{**files, "ext-1.dist-info/RECORD": "".join(f"{{path}},,\\n" for path in files)}}.items():
            archive.writestr(path, text)
    return {wheel!r}

inner = types.SimpleNamespace(hooks=types.SimpleNamespace(build_wheel=build_wheel))
"""
HINT = (
    "If the runtime was not known then, run the same command again. If the metadata depend on the runtime, set"
    " tool.runtime-backend.metadata = 'real' in the package."
)


@pytest.fixture
def _forgetful() -> Iterator[None]:
    """Remove the real backend from sys.modules: other tests use the same name."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "finished"]:
        del sys.modules[name]


pytestmark = pytest.mark.usefixtures("_forgetful")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene; its source is the working directory."""
    scene = Scene(tmp_path)
    (tmp_path / "dist").mkdir()
    monkeypatch.chdir(scene.source)
    return scene


def backend(
    scene: Scene,
    table: str = "",
    *,
    metadata: str | None = METADATA,
    version: str = "",
    name: str = "finished.deep.making:inner.hooks",
) -> None:
    """Write a real backend, in a package.

    :param metadata: what its wheel says; None: nothing.
    :param version: a line of the package.
    :param name: how the backend is named.
    """
    files = {"ext/_C.so": "compiled"} | ({} if metadata is None else {"ext-1.dist-info/METADATA": metadata})
    write(scene.source / "finished/__init__.py", f"{version}from finished.deep.making import build_wheel, inner\n")
    write(scene.source / "finished/deep/__init__.py", '__version__ = "of a part"\n')
    write(scene.source / "finished/deep/making.py", BACKEND.format(files=files, wheel=WHEEL))
    make_source(scene.source, name, f'backend-path = ["."]\n{table}')


def build(scene: Scene, prepared: Path | None = None) -> dict[str, Any]:
    """Build a wheel, and return its stamp."""
    call = call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)))
    call.build(str(scene.root / "dist"), None, None if prepared is None else str(prepared))
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    return stamp


def refusal(scene: Scene, prepared: Path | None = None) -> str:
    """Return why a wheel is refused; check that it is removed."""
    with pytest.raises(MetadataError) as caught:
        build(scene, prepared)
    assert [] == list((scene.root / "dist").iterdir())
    return str(caught.value)


def prepared(scene: Scene, metadata: str, *runtimes: str) -> Path:
    """Write metadata that the stand-in gave the frontend for some runtimes; return the folder."""
    folder = scene.root / "prepared/ext-1.dist-info"
    write(folder / "METADATA", metadata)
    write(folder / "runtime-backend.json", json.dumps({"format": 1, "metadata": "stub", "runtimes": runtimes}))
    return folder


@pytest.mark.parametrize(
    ("line", "version"), [('__version__ = "9.1"\n', "9.1"), ("__version__ = (9, 1)\n", None), ("", None)]
)
@pytest.mark.parametrize(
    "name", ["finished", "finished:inner.hooks", "finished.deep.making", "finished.deep.making:inner.hooks"]
)
def test_version_of_the_real_backend(name: str, line: str, version: str | None, scene: Scene) -> None:
    """A stamp has the version of the real backend's package, if the package has one."""
    backend(scene, version=line, name=name)
    assert {"name": name, "version": version} == build(scene)["real-backend"]


def test_revision_of_the_source(scene: Scene) -> None:
    """A stamp has the commit of the source."""
    backend(scene)
    write(scene.source / ".git/HEAD", "0123abcd\n")
    assert "0123abcd" == build(scene)["source-revision"]


def test_wheel_without_metadata(scene: Scene) -> None:
    """A wheel without METADATA is stamped, and gets no METADATA."""
    backend(scene, metadata=None)
    build(scene)
    wheel = scene.root / "dist" / WHEEL
    assert None is read_from_dist_info(wheel, "METADATA")
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(archive.namelist())
    assert ["ext-1.dist-info/RECORD", "ext-1.dist-info/runtime-backend.json", "ext/_C.so"] == names


@pytest.mark.parametrize(
    ("runtimes", "earlier"),
    [((), "no runtime"), (("torch 2.8.0",), "torch 2.8.0"), (("torch 2.8.0", "numpy 2.1"), "torch 2.8.0, numpy 2.1")],
)
def test_runtimes_of_earlier_metadata(runtimes: tuple[str, ...], earlier: str, scene: Scene) -> None:
    """A wheel with other metadata than the frontend got is refused; the message lists the differences and the runtimes."""
    backend(scene)
    assert (
        f"{WHEEL} differs from the metadata that the frontend got before:\n"
        "  Version: 2: not in the wheel\n"
        "  Version: 1: only in the wheel\n"
        f"The metadata came from 'stub', for {earlier}; the wheel is built against torch {TARGET}.\n{HINT}"
    ) == refusal(scene, prepared(scene, "Name: ext\nVersion: 2\n", *runtimes))


@pytest.mark.parametrize(
    ("table", "now"),
    [
        ('provision = "none"\n', "no runtime"),
        ('match-runtime = ["torch", "numpy"]\n', f"torch {TARGET}, numpy 2.1"),
    ],
)
def test_runtimes_that_are_there_now(table: str, now: str, scene: Scene) -> None:
    """A wheel with other metadata than the frontend got is refused; the message names the runtimes built against."""
    make_distribution(scene.site(scene.target), "numpy", "2.1", {"numpy/__init__.py": ""})
    backend(scene, table)
    found = refusal(scene, prepared(scene, "Name: ext\nVersion: 2\n"))
    line = f"The metadata came from 'stub', for no runtime; the wheel is built against {now}."
    assert line == found.splitlines()[-2]


def test_wheel_that_refuses_one_of_two_runtimes(scene: Scene) -> None:
    """A wheel that does not accept one of its runtimes is refused; the message names all of them."""
    make_distribution(scene.site(scene.target), "numpy", "2.1", {"numpy/__init__.py": ""})
    backend(scene, 'match-runtime = ["torch", "numpy"]\n', metadata=f"{METADATA}Requires-Dist: numpy<2\n")
    where = f"(installed: {scene.target})"
    assert (
        f"{WHEEL} requires 'numpy<2', but was built against torch {TARGET} {where}, numpy 2.1 {where}:"
        " installing the wheel would replace that runtime\n"
        "Install a runtime that the package accepts, or name it in the same command, then run it again."
    ) == refusal(scene)
