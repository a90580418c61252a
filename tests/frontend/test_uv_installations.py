"""Parsing uv's command: its requirements, and the options that may move satisfied distributions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from callers import PYTHON, Scene
from standins import write

from runtime_backend.frontend.installations import find_front_folder, find_installation
from runtime_backend.frontend.installations.installation import Installation


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine whose person's configuration files are all in the test's folder."""
    return Scene(tmp_path)


@pytest.fixture(autouse=True)
def _no_uv_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide ``/etc/uv/uv.toml`` and files above the test's folder, which no variable changes."""
    read_text = Path.read_text

    def read(self: Path, *given: Any, **named: Any) -> str:
        if self.name in ("uv.toml", "pyproject.toml") and not self.is_relative_to(tmp_path):
            raise FileNotFoundError(self)
        return read_text(self, *given, **named)

    monkeypatch.setattr(Path, "read_text", read)


def environ(scene: Scene, **more: str) -> dict[str, str]:
    """Return the variables of uv."""
    home = str(scene.root / "home")
    return {"HOME": home, "PWD": str(scene.elsewhere), "PATH": "", "XDG_CONFIG_DIRS": f"{home}/xdg", **more}


def read(scene: Scene, *words: str, **more: str) -> Installation | None:
    """Return the installation of one command line of uv; a single text is split."""
    line = words[0].split() if len(words) == 1 else words
    return find_installation(scene.uv(environ(scene, **more), *line))


def found(scene: Scene, *words: str, **more: str) -> Installation:
    """Return the installation, which must not be None."""
    installation = read(scene, *words, **more)
    assert installation is not None
    return installation


@pytest.mark.parametrize(
    "line",
    [
        "pip list",
        "pip compile r.in",
        "pip",
        "build",
        "lock",
        "export",
        "tree",
        "venv",
        "tool list",
        "tool",
        "self update",
    ],
)
def test_no_installation(line: str, scene: Scene) -> None:
    """A command of uv that installs nothing is None."""
    assert None is read(scene, line)


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("pip install x", "uv pip install"),
        ("pip sync r.txt", "uv pip sync"),
        ("sync", "uv sync"),
        ("run x", "uv run"),
        ("add x", "uv add"),
        ("remove x", "uv remove"),
        ("tool install x", "uv tool install"),
        ("tool upgrade x", "uv tool upgrade"),
        ("tool run x", "uv tool run"),
        ("x x", "uv x"),
    ],
)
def test_program(line: str, program: str, scene: Scene) -> None:
    """A command that installs has the name that people type."""
    installation = found(scene, line)
    assert (program, 1, scene.elsewhere) == (installation.program, installation.start, installation.cwd)
    assert installation.is_installing


def test_pip_install(scene: Scene) -> None:
    """Arguments, editables, requirements and constraints are distinguished in any spelling."""
    line = "-v pip install -qr a.txt --requirements=b.txt torch ./ext -ce.txt --constraints f.txt -e ./g --no-deps"
    installation = found(scene, line, UV_CONSTRAINT="h.txt i.txt")
    assert ("torch", "./ext") == installation.words
    assert ("a.txt", "b.txt") == installation.files
    assert ("h.txt", "i.txt", "e.txt", "f.txt") == installation.constraints
    assert (("./g",), True) == (installation.editables, installation.has_no_dependencies)
    assert (None, "own", None) == (installation.obstacle, installation.counted, installation.folder)


def test_pip_sync(scene: Scene) -> None:
    """The arguments of ``uv pip sync`` are files, and distributions that are not in them are removed."""
    installation = found(scene, "pip sync a.txt b.txt -c c.txt")
    assert ((), ("a.txt", "b.txt"), ("c.txt",)) == (
        installation.words,
        installation.files,
        installation.constraints,
    )
    assert "uv pip sync removes what is not in its files" == installation.obstacle


@pytest.mark.parametrize(
    ("line", "obstacle"),
    [
        ("pip install -q -p /x --offline --no-cache --index-url u -f d --no-build-isolation --refresh x", None),
        ("--cache-dir c --directory . --project . --color never pip install --strict x", None),
        ("pip install --system --break-system-packages --link-mode copy --compile-bytecode x", None),
        ("pip install -U x", "-U"),
        ("pip install -qU x", "-U"),
        ("pip install -P torch x", "-P"),
        ("pip install --upgrade-package=torch x", "--upgrade-package"),
        ("pip install --reinstall x", "--reinstall"),
        ("pip install --overrides o.txt x", "--overrides"),
        ("pip install --exact x", "--exact"),
        ("pip install --torch-backend cpu x", "--torch-backend"),
        ("pip install --resolution lowest x", "--resolution"),
        ("pip install --group dev", "--group"),
        ("pip install --target d x", "--target"),
        ("pip install --something-new x", "--something-new"),
    ],
)
def test_obstacle(line: str, obstacle: str | None, scene: Scene) -> None:
    """The first option that is not known to be harmless is an obstacle to the proof."""
    assert obstacle == found(scene, line).obstacle


@pytest.mark.parametrize(
    ("variables", "obstacle"),
    [
        ({"UV_CACHE_DIR": "/c", "UV_INDEX_MINE_PASSWORD": "p", "UV_PYTHON": "3.11", "UV_NO_CACHE": "1"}, None),
        ({"UV_SYSTEM_PYTHON": "1", "UV_PREVIEW_FEATURES": "x", "UV_HTTP_TIMEOUT": "9", "UV_OFFLINE": "1"}, None),
        ({"UV": "/usr/bin/uv", "UVX": "1", "PIP_UPGRADE": "1"}, None),
        ({"UV_OVERRIDE": "o.txt"}, "UV_OVERRIDE"),
        ({"UV_RESOLUTION": "lowest"}, "UV_RESOLUTION"),
        ({"UV_PRERELEASE": "allow"}, "UV_PRERELEASE"),
        ({"UV_EXCLUDE_NEWER": "2026-01-01"}, "UV_EXCLUDE_NEWER"),
        ({"UV_TORCH_BACKEND": "cpu"}, "UV_TORCH_BACKEND"),
        ({"UV_SOMETHING_NEW": "1"}, "UV_SOMETHING_NEW"),
        ({"UV_SOMETHING_NEW": "0", "UV_OVERRIDE": ""}, None),
    ],
)
def test_variables(variables: dict[str, str], obstacle: str | None, scene: Scene) -> None:
    """A variable that is not known to be harmless is an obstacle, unless its value is false."""
    assert obstacle == found(scene, "pip install x", **variables).obstacle


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("pip install --target lib x", "lib"),
        ("pip install -t lib -t other x", "other"),
        ("pip install --prefix p x", f"p/lib/python{PYTHON}/site-packages"),
    ],
)
def test_folder(line: str, folder: str, scene: Scene) -> None:
    """With ``--target`` or ``--prefix``, only distributions in that folder count."""
    installation = found(scene, line)
    assert ("folder", scene.elsewhere / folder) == (installation.counted, installation.folder)
    assert installation.folder == find_front_folder(scene.uv(environ(scene), *line.split()))


MOVING = ["constraint-dependencies", "override-dependencies", "exclude-newer", "resolution", "prerelease", "upgrade"]


@pytest.mark.parametrize("key", MOVING)
def test_settings(key: str, scene: Scene) -> None:
    """A key of uv.toml that may move satisfied distributions is an obstacle, also in the table ``pip``."""
    path = write(scene.elsewhere / "uv.toml", f'index-url = "u"\n{key} = "x"\n')
    assert f"{path}: {key}" == found(scene, "pip install x").obstacle
    write(path, f'[pip]\nindex-url = "u"\n{key} = "x"\n')
    assert f"{path}: pip.{key}" == found(scene, "pip install x").obstacle


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[tool.uv]\nexclude-newer = 'x'\n", "exclude-newer"),
        ("[tool.uv.pip]\nupgrade = true\n", "pip.upgrade"),
        ("[tool]\nuv.upgrade = true\n", "upgrade"),
        ("[tool.uv]\ndev-dependencies = []\n[[tool.uv.index]]\nname = 'x'\n", None),
        ("[tool.uv.pip]\nno-binary = []\n", None),
        ("[tool.other]\nupgrade = true\n# tool.uv\n", None),
        ("[tool]\nuv = 1\n# tool.uv\n", None),
        ("tool = 1\n# tool.uv\n", None),
        ("[tool.uv]\npip = 1\n", None),
        ("[tool.uv\nupgrade = true\n", None),
        ("", None),
    ],
)
def test_settings_of_a_project(text: str, key: str | None, scene: Scene) -> None:
    """A key of ``[tool.uv]`` is an obstacle, too; an unreadable file has none."""
    path = write(scene.elsewhere / "pyproject.toml", text)
    assert (key and f"{path}: {key}") == found(scene, "pip install x").obstacle


@pytest.mark.parametrize("source", ["url = 'https://example.org/a-2-py3-none-any.whl'", "path = '../a'", "git = 'g'"])
def test_sources_that_name_a_place(source: str, scene: Scene) -> None:
    """A source with a URL or path may move satisfied distributions (tried: uv 0.13.9 replaces foo 1.0)."""
    write(scene.elsewhere / "pyproject.toml", f"[tool.uv.sources]\na = {{ {source} }}\n")
    assert None is not found(scene, "pip install .").obstacle


def test_sources_that_name_an_index(scene: Scene) -> None:
    """A source with an index, or with a member of the workspace, is harmless."""
    write(scene.elsewhere / "pyproject.toml", "[tool.uv.sources]\na = { index = 'x' }\n")
    assert None is found(scene, "pip install .").obstacle


@pytest.mark.parametrize(
    ("path", "line", "variables"),
    [
        ("uv.toml", "pip install x", {}),
        ("consumer/uv.toml", "pip install --project {root}/consumer/sub x", {}),
        ("home/.config/uv/uv.toml", "pip install x", {}),
        ("own/uv/uv.toml", "pip install x", {"XDG_CONFIG_HOME": "{root}/own"}),
        ("home/xdg/uv/uv.toml", "pip install x", {}),
        ("b/uv/uv.toml", "pip install x", {"XDG_CONFIG_DIRS": "{root}/a:{root}/b"}),
    ],
)
def test_places(path: str, line: str, variables: dict[str, str], scene: Scene) -> None:
    """All places of uv's configuration files are read."""
    written = write(scene.root / path, "upgrade = true\n")
    given = {name: value.format(root=scene.root) for name, value in variables.items()}
    line = line.format(root=scene.root)
    assert f"{written}: upgrade" == found(scene, line, **given).obstacle
    assert None is found(scene, f"{line} --no-config", **given).obstacle
    assert None is found(scene, line, UV_NO_CONFIG="1", **given).obstacle
    assert f"{written}: upgrade" == found(scene, line, UV_NO_CONFIG="0", **given).obstacle


@pytest.mark.parametrize("text", ["upgrade = true\n", "index-url = 'u'\n"])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_named_file(text: str, by: str, scene: Scene) -> None:
    """A named configuration file is read like any other: only its keys may be obstacles."""
    path = write(scene.elsewhere / "named.toml", text)
    line = "pip install x --config-file named.toml" if by == "option" else "pip install x"
    found_obstacle = found(scene, line, **({"UV_CONFIG_FILE": str(path)} if by == "variable" else {})).obstacle
    assert (f"{path}: upgrade" if "upgrade" in text else None) == found_obstacle


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "--with", "torch>=2,<3,./ext", "--with", "a[b,c]", "x"), ("torch>=2,<3", "./ext", "a[b,c]")),
        (("run", "-w", "a , b", "x"), ("a", "b")),
        (("run", "--with", "torch==2.7.0", "-m", "x"), ("torch==2.7.0",)),
        (("run", "--with", "https://example.org/a-1.whl", "x"), ("https://example.org/a-1.whl",)),
        (("tool", "install", "--with", "torch", "./ext"), ("./ext", "torch")),
        (("tool", "run", "--with", "torch", "--from", "ext[cli]", "x", "--with", "y"), ("ext[cli]", "torch")),
        (("x", "ruff@0.14", "-q"), ("ruff@0.14",)),
        (("tool", "install", "--with-executables-from", "a,b", "c"), ("c", "a", "b")),
        (("tool", "run"), ()),
        (("sync",), ()),
    ],
)
def test_layers(words: tuple[str, ...], expected: tuple[str, ...], scene: Scene) -> None:
    """``--with`` has a list; commas in extras, or before another specifier, separate nothing."""
    installation = found(scene, *words)
    assert (expected, ()) == (installation.words, installation.editables)
    assert f"{installation.program} makes a new environment" == installation.obstacle


def test_uvx(scene: Scene) -> None:
    """``uvx`` is ``uv tool run``."""
    caller = scene.not_isolated(environ(scene), ["/x/bin/uvx", "--with", "torch", "ruff@0.14", "--with", "y"])
    installation = find_installation(caller)
    assert installation is not None
    assert ("uv tool run", ("ruff@0.14", "torch")) == (installation.program, installation.words)


def test_layer_of_files_and_editables(scene: Scene) -> None:
    """A layer may name editables, requirements files and constraints, too."""
    line = "run --with-editable ./a,./b --with-requirements r.txt,s.txt x --with-editable ./c"
    installation = found(scene, line)
    assert (("./a", "./b"), ("r.txt", "s.txt")) == (installation.editables, installation.files)
    tool = found(scene, "tool install -e ./ext -c c.txt --with-editable ./a")
    assert ((), ("./ext", "./a"), ("c.txt",)) == (tool.words, tool.editables, tool.constraints)


@pytest.mark.parametrize(
    ("line", "unaskable"),
    [
        ("run x.py", None),
        ("run -", "uv has read the script from standard input"),
        ("pip install -r -", "uv pip install has read its requirements from a stream (-), which cannot be read again"),
        ("pip sync -", "uv pip sync has read its requirements from a stream (-), which cannot be read again"),
        ("pip sync pipe", "uv pip sync has read its requirements from a stream (pipe), which cannot be read again"),
        ("pip install -e git+https://example.org/x.git", None),
        ("tool install git+https://example.org/x.git", None),
    ],
)
def test_unaskable(line: str, unaskable: str | None, scene: Scene) -> None:
    """A command with a stream cannot be asked; uv clones nothing in a dry run."""
    os.mkfifo(scene.elsewhere / "pipe")
    assert unaskable == found(scene, line).unaskable


def test_script_from_the_network(scene: Scene) -> None:
    """A script from the network cannot be asked about: ``uv sync --script`` accepts no URL (tried: uv 0.13.9)."""
    installation = found(scene, "run https://example.org/x.py")
    assert "uv has read the script from https://example.org/x.py" == installation.unaskable
