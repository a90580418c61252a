"""The options in pip's configuration files."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from callers import Scene
from standins import write
from test_installations import _no_pip_configuration_of_this_machine, environ, found, scene

from runtime_backend.frontend.installations import find_installation

__all__ = ["_no_pip_configuration_of_this_machine", "scene"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[global]\nupgrade = true\n", {"obstacle": "{}: upgrade"}),
        ("[install]\nupgrade = true\n", {"obstacle": "{}: upgrade"}),
        ("[wheel]\nupgrade = true\n", {}),
        ("[global]\nupgrade = no\nforce-reinstall =\n", {}),
        ("[global]\nno_deps = 1\n", {"has_no_dependencies": True}),
        ("[install]\n--no-deps = 1\n", {"has_no_dependencies": True}),
        ("[global]\nconstraint = a.txt\n  b.txt\n[install]\nrequirement = c.txt\n", {
            "constraints": ("a.txt", "b.txt"), "files": ("c.txt",)
        }),
        ("[global]\nindex-url = https://example.org/%(x)s\n", {}),
        ("[global\nupgrade = true\n", {}),
        ("upgrade = true\n", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_sections(text: str, expected: dict[str, Any], scene: Scene) -> None:
    """The sections ``global`` and of the command set options; a file that pip cannot read sets none."""
    path = write(scene.root / "pip.conf", text)
    known: dict[str, Any] = {"obstacle": None, "has_no_dependencies": False, "constraints": (), "files": ()}
    if "obstacle" in expected:
        expected = {"obstacle": expected["obstacle"].format(path)}
    installation = found(scene, "install x", PIP_CONFIG_FILE=str(path))
    assert {**known, **expected} == {name: getattr(installation, name) for name in known}


def test_not_text(scene: Scene) -> None:
    """A file that is no text sets nothing: pip itself reports that."""
    (scene.root / "pip.conf").write_bytes(b"[global]\nupgrade = \xff\n")
    assert None is found(scene, "install x", PIP_CONFIG_FILE=str(scene.root / "pip.conf")).obstacle


@pytest.mark.parametrize(
    ("path", "variables"),
    [
        ("home/.pip/pip.conf", {}),
        ("home/.config/pip/pip.conf", {}),
        ("own/pip/pip.conf", {"XDG_CONFIG_HOME": "{root}/own"}),
        ("home/xdg/pip/pip.conf", {}),
        ("b/pip/pip.conf", {"XDG_CONFIG_DIRS": "{root}/a:{root}/b"}),
        ("target/pip.conf", {}),
        ("any/where.ini", {"PIP_CONFIG_FILE": "{root}/any/where.ini"}),
    ],
)
def test_places(path: str, variables: dict[str, str], scene: Scene) -> None:
    """Every place that pip looks for a configuration file in is known, the environment's own included."""
    written = write(scene.root / path, "[install]\nignore-installed = yes\n")
    given = {name: value.format(root=scene.root) for name, value in variables.items()}
    assert f"{written}: ignore-installed" == found(scene, "install x", **given).obstacle


def test_place_on_macos(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS, the person's file may be in the library folder."""
    monkeypatch.setattr(sys, "platform", "darwin")
    path = "home/Library/Application Support/pip/pip.conf"
    written = write(scene.root / path, "[install]\nignore-installed = yes\n")
    assert f"{written}: ignore-installed" == found(scene, "install x").obstacle
    assert None is found(scene, "install --isolated x").obstacle


def test_shared_place_on_macos(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS, the machine's library folder is read, too."""
    asked: list[str] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(str(path)))
    found(scene, "install --isolated x")
    assert "/Library/Application Support/pip/pip.conf" in asked


def test_no_home(scene: Scene) -> None:
    """Without a home folder there is no personal configuration."""
    assert None is found(scene, "install x", HOME="").obstacle


def test_no_files(scene: Scene) -> None:
    """``PIP_CONFIG_FILE=/dev/null`` turns all files off."""
    write(scene.target / "pip.conf", "[install]\nupgrade = yes\nno-deps = yes\n")
    assert None is found(scene, "install x", PIP_CONFIG_FILE=os.devnull).obstacle


def test_isolated(scene: Scene) -> None:
    """``--isolated`` turns off variables and the person's file, but no option of the command line."""
    write(scene.root / "home/.config/pip/pip.conf", "[install]\nupgrade = yes\nno-deps = yes\n")
    isolated = found(scene, "install --isolated x", PIP_FORCE_REINSTALL="1", PIP_CONSTRAINT="c.txt")
    assert (None, False, ()) == (isolated.obstacle, isolated.has_no_dependencies, isolated.constraints)
    assert "-U" == found(scene, "--isolated install -U x").obstacle


@pytest.mark.parametrize("path", ["target/pip.conf", "home/xdg/pip/pip.conf", "named.conf"])
def test_isolated_with_shared_files(path: str, scene: Scene) -> None:
    """``--isolated`` leaves the files that are not the person's own. Source: pip, ``iter_config_files``; tried."""
    written = write(scene.root / path, "[install]\nupgrade = yes\n")
    given = {"PIP_CONFIG_FILE": str(written)} if path == "named.conf" else {}
    assert f"{written}: upgrade" == found(scene, "install --isolated x", **given).obstacle


def test_target(scene: Scene) -> None:
    """A folder in a file counts; the section of the command wins over ``global``."""
    write(scene.target / "pip.conf", "[install]\ntarget = lib\n[global]\ntarget = other\n")
    installation = found(scene, "install x")
    assert ("nothing", scene.elsewhere / "lib") == (installation.counted, installation.folder)


def test_variable_switches_off(scene: Scene) -> None:
    """Variables win over files: a flag that a variable turns off is off."""
    write(scene.target / "pip.conf", "[global]\nno-deps = yes\n")
    assert not found(scene, "install x", PIP_NO_DEPS="no").has_no_dependencies


def test_named_file_replaces_the_persons(scene: Scene) -> None:
    """A file that ``PIP_CONFIG_FILE`` names is read in place of the person's own. Source: pip, ``configuration.py``."""
    write(scene.root / "home/.config/pip/pip.conf", "[install]\ntarget = lib\n")
    installation = found(scene, "install x", PIP_CONFIG_FILE=str(write(scene.root / "named.conf", "")))
    assert (None, None) == (installation.obstacle, installation.folder)


def test_environment_of_pip(scene: Scene) -> None:
    """The environment whose file is read is pip's, not the one that it has made for the build."""
    path = write(scene.target / "pip.conf", "[install]\nupgrade = yes\n")
    installation = find_installation(scene.pip_venv_isolation(environ(scene, TMPDIR=str(scene.tmp))))
    assert installation is not None
    assert f"{path}: upgrade" == installation.obstacle


@pytest.mark.parametrize("name", ["python", "pip"])
def test_environment_of_a_bare_name(name: str, scene: Scene) -> None:
    """A program without a path, ``python -m pip``, is found on PATH."""
    path = write(scene.target / "pip.conf", "[install]\nupgrade = yes\n")
    words = ("python", "-m", "pip") if name == "python" else ("pip",)
    caller = scene.pip(environ(scene), argv=(*words, "install", "x"))
    installation = find_installation(caller)
    assert installation is not None
    assert f"{path}: upgrade" == installation.obstacle


def test_bare_name_on_the_path(scene: Scene) -> None:
    """In a build environment, PATH leads to pip's environment."""
    path = write(scene.root / "tools/pip.conf", "[install]\nupgrade = yes\n")
    write(scene.root / "tools/bin/python", "#!/bin/sh\n").chmod(0o755)
    variables = environ(scene, TMPDIR=str(scene.tmp), PATH=f"/absent:{scene.root}/tools/bin")
    caller = scene.pip_venv_isolation(variables)
    (pip, *others) = caller.ancestors
    started = pip._replace(argv=("python", *pip.argv[1:]))
    installation = find_installation(caller._replace(list_ancestors=lambda: [started, *others]))
    assert installation is not None
    assert f"{path}: upgrade" == installation.obstacle


def test_relative_file(scene: Scene) -> None:
    """A named file is relative to pip's working directory, not to the hook's."""
    path = write(scene.elsewhere / "ci/pip.conf", "[install]\nupgrade = yes\n")
    assert f"{path}: upgrade" == found(scene, "install x", PIP_CONFIG_FILE="ci/pip.conf").obstacle


def test_home_of_the_system(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without HOME, the home folder is that in the system's user database."""
    monkeypatch.setenv("HOME", str(scene.root / "known"))
    path = write(scene.root / "known/.pip/pip.conf", "[install]\nupgrade = yes\n")
    variables = {name: value for name, value in environ(scene).items() if name not in ("HOME", "XDG_CONFIG_HOME")}
    installation = find_installation(scene.pip(variables, argv=(f"{scene.target}/bin/pip", "install", "x")))
    assert installation is not None
    assert f"{path}: upgrade" == installation.obstacle
