"""The distutils configuration of a build with setuptools, and the objects of its editables."""

from __future__ import annotations

import configparser
import json
import sys
from pathlib import Path

import pytest
from callers import TARGET, Scene
from hooks import call_of, make_source
from standins import write

from runtime_backend.editable.objects import Objects
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook.distutils_config import config_text, find_commands

BACKEND = """
import json, os, pathlib, sys
from backends.making import make_wheel
def build_editable(folder, *_):
    text = pathlib.Path(os.environ["DIST_EXTRA_CONFIG"]).read_text()
    pathlib.Path(os.environ["SEEN"]).write_text(json.dumps([text, sys.executable]))
    return make_wheel(folder, compiled=False)
def build_wheel(*_): pass
def build_sdist(*_): pass
"""


@pytest.mark.parametrize(
    ("objects", "is_editable", "sections"),
    [
        (None, False, ["build"]),
        (None, True, ["build", "build_ext"]),
        ("build/x/o", True, ["build", "build_ext", "BuildExtension", "cls_with_options", "Mine"]),
        ("build/x/o", False, ["build"]),
    ],
)
def test_text(objects: str | None, is_editable: bool, sections: list[str]) -> None:  # noqa: FBT001 - a table
    """The configuration has the build folder; for an editable, ``force`` and the folder for objects, by each name."""
    parser = configparser.RawConfigParser()
    parser.read_string(config_text("torch-2.7.0-ab", objects, ["Mine"], is_editable=is_editable))
    assert sections == parser.sections()
    assert parser["build"]["build_base"] == "build/torch-2.7.0-ab"
    expected = {"force": "1"} if objects is None else {"force": "1", "build_temp": objects}
    assert [expected] * (len(sections) - 1) == [dict(parser[name]) for name in sections[1:]]


def test_commands(tmp_path: Path) -> None:
    """The classes in setup.py that compile are found by their base; without a setup.py there are none."""
    assert [] == find_commands(tmp_path)
    lines = "class One(BuildExtension):\n  pass\n  class Two(cpp.BuildExtension, object): 1\nclass Three(build_py):\n"
    write(tmp_path / "setup.py", f"{lines}class Four(\n  build_ext\n):\n  class Five(build_extra): 1\n")
    assert ["One", "Two", "Four"] == find_commands(tmp_path)


def build(scene: Scene, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Build an editable, and return the configuration and the interpreter that the real backend saw."""
    monkeypatch.setenv("SEEN", str(scene.root / "seen.json"))
    write(scene.source / "in_tree/own_backend.py", BACKEND)
    write(scene.source / "setup.py", "class Mine(BuildExtension): pass\n")
    make_source(scene.source, "own_backend", 'backend-path = ["in_tree"]\n')
    (scene.root / "dist").mkdir()
    call_of("build_editable", scene, caller).build(str(scene.root / "dist"), None)
    found: list[str] = json.loads((scene.root / "seen.json").read_text("utf-8"))
    return found


def test_objects_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editable of setuptools has one folder for objects for each runtime."""
    scene = Scene(tmp_path)
    text, python = build(scene, scene.pip(scene.shell(scene.elsewhere)), monkeypatch)
    assert f"[Mine]\nforce = 1\nbuild_temp = build/torch-{TARGET}-" in text
    assert python == sys.executable


def test_environment_of_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of uv has a path that stays during the build."""
    scene = Scene(tmp_path)
    caller = scene.uv(scene.shell(scene.elsewhere, scene.target), "pip", "install", "--no-deps", ".")
    caller.executable.unlink(missing_ok=True)
    caller.executable.symlink_to(sys.executable)
    _, python = build(scene, caller, monkeypatch)
    assert Path(python).parents[2] == tmp_path / "our-cache/environments"
    assert not Path(python).parents[1].is_symlink()


def test_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing can be locked, everything is compiled in a temporary folder."""
    scene = Scene(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Objects, "held", refuse)
    text, _ = build(scene, scene.pip(scene.shell(scene.elsewhere)), monkeypatch)
    assert "build_temp" not in text
