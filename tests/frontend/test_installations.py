"""Parsing pip's command: its requirements, and the options that may move satisfied distributions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from callers import PYTHON, Scene, make_caller
from standins import write

from runtime_backend.frontend.installations import find_front_folder, find_installation, find_named_locks
from runtime_backend.frontend.installations.installation import Installation
from runtime_backend.frontend.processes import Process


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine whose person's configuration files are all in the test's folder."""
    return Scene(tmp_path)


def environ(scene: Scene, **more: str) -> dict[str, str]:
    """Return variables with which pip reads only files in the test's folder, except ``/etc/pip.conf``."""
    home = str(scene.root / "home")
    return {"HOME": home, "PWD": str(scene.elsewhere), "PATH": "", "XDG_CONFIG_DIRS": f"{home}/xdg", **more}


def read(scene: Scene, line: str, **more: str) -> Installation | None:
    """Return the installation of one command line of pip."""
    return find_installation(scene.pip(environ(scene, **more), argv=(f"{scene.target}/bin/pip", *line.split())))


def found(scene: Scene, line: str, **more: str) -> Installation:
    """Return the installation, which must not be None."""
    installation = read(scene, line, **more)
    assert installation is not None
    return installation


@pytest.fixture(autouse=True)
def _no_pip_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``/etc/pip.conf`` be absent: no variable moves it."""
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: not str(path).startswith("/etc/") and isfile(path))


@pytest.mark.parametrize("line", ["list", "uninstall torch", "--version", "", "-q", "--log install list"])
def test_no_installation(line: str, scene: Scene) -> None:
    """A command of pip that installs and collects nothing is None."""
    assert None is read(scene, line)


def test_another_frontend(scene: Scene) -> None:
    """A frontend with a lock, or one that cannot be seen, has no such command."""
    shell = environ(scene)
    assert None is find_installation(scene.build(shell))
    assert None is find_installation(Scene(scene.root / "hidden", procfs=False).pip(shell))


def test_renamed_pip(scene: Scene) -> None:
    """A renamed pip is recognised; its script is found by the working directory."""
    write(scene.elsewhere / "installer", "#!/usr/bin/python\nfrom pip._internal.cli.main import main\n")
    caller = scene.pip(environ(scene), argv=(f"{scene.target}/bin/python", "installer", "install", "torch"))
    installation = find_installation(caller)
    assert installation is not None
    assert ("pip install", 2, ("torch",)) == (installation.program, installation.start, installation.words)


def test_words(scene: Scene) -> None:
    """Arguments, editables, requirements and constraints are distinguished in any spelling."""
    line = (
        "-v install -qUr a.txt -rb.txt --requirement=c.txt torch ./ext -ce.txt --constraint f.txt -e ./g --editable=h"
    )
    installation = found(scene, f"{line} -C k=v --no-dep")
    assert ("torch", "./ext") == installation.words
    assert ("a.txt", "b.txt", "c.txt") == installation.files
    assert ("e.txt", "f.txt") == installation.constraints
    assert ("./g", "h") == installation.editables
    assert ("pip install", 1, scene.elsewhere) == (installation.program, installation.start, installation.cwd)
    assert (True, False) == (installation.is_installing, installation.has_no_dependencies)
    assert (environ(scene), None) == (installation.environ, installation.folder)


@pytest.mark.parametrize(
    ("line", "obstacle"),
    [
        ("install x", None),
        ("install -qvv -i u -f d --index-url u --extra-index-url u --find-links d --no-index --pre x", None),
        ("--isolated -q --log l --cache-dir c --proxy p install --no-build-isolation --no-input x", None),
        ("install -r r -c c -e e --no-deps --src s --report r --only-binary :all: --no-binary n x", None),
        ("install --no-deps x", None),
        ("install --no-dependencies x", None),
        ("--python /y install x", None),
        ("install -U x", "-U"),
        ("install -qU x", "-U"),
        ("install -Ur r x", "-U"),
        ("install --upgrade x", "--upgrade"),
        ("install x --force-reinstall", "--force-reinstall"),
        ("install -I x", "-I"),
        ("install --ignore-installed x", "--ignore-installed"),
        ("install --upgrade-strategy eager x", "--upgrade-strategy"),
        ("install --group dev", "--group"),
        ("install --requirements-from-script s.py", "--requirements-from-script"),
        ("install --user x", "--user"),
        ("install --root /r x", "--root"),
        ("install -t d x", "-t"),
        ("install -qtd x", "-t"),
        ("install --prefix=p x", "--prefix"),
        ("install --something-new x", "--something-new"),
        ("install -q --pre -I -U x", "-I"),
    ],
)
def test_obstacle(line: str, obstacle: str | None, scene: Scene) -> None:
    """The first option that is not known to be harmless is an obstacle to the proof."""
    assert obstacle == found(scene, line).obstacle


@pytest.mark.parametrize("name", ["--source", "--source-dir", "--source-directory", "--log-file", "--local-log"])
def test_aliases_with_a_value(name: str, scene: Scene) -> None:
    """An old name of an option has a value like the new one, which is no requirement."""
    assert ("torch",) == found(scene, f"install {name} value torch").words


@pytest.mark.parametrize("name", ["--pypi-url", "--default-timeout"])
def test_harmless_aliases_with_a_value(name: str, scene: Scene) -> None:
    """An old name of a harmless option is harmless, too, and has a value."""
    installation = found(scene, f"install {name} value torch")
    assert (("torch",), None) == (installation.words, installation.obstacle)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PIP_INDEX_URL": "u", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}, {}),
        ({"PIP_UPGRADE": "1"}, {"obstacle": "PIP_UPGRADE"}),
        ({"PIP_FORCE_REINSTALL": "yes"}, {"obstacle": "PIP_FORCE_REINSTALL"}),
        ({"PIP_UPGRADE": "0", "PIP_USER": "No", "PIP_IGNORE_INSTALLED": " off "}, {}),
        ({"PIP_UPGRADE": ""}, {}),
        ({"PIP_NO_DEPS": "true"}, {"has_no_dependencies": True}),
        ({"PIP_NO_DEPS": "false"}, {}),
        ({"PIP_CONSTRAINT": "a.txt b.txt"}, {"constraints": ("a.txt", "b.txt")}),
        ({"PIP_CONSTRAINT": "a.txt\nb.txt\n"}, {"constraints": ("a.txt", "b.txt")}),
        ({"PIP_REQUIREMENT": "a.txt"}, {"files": ("a.txt",)}),
        ({"PIP_EDITABLE": "./a"}, {"editables": ("./a",)}),
        ({"PIP_BUILD_TRACKER": "x", "PIP_PYTHON_PATH": "x", "PIP_SHIMS_BASE_MODULE": "x"}, {}),
        ({"PIPENV_X": "1", "UV_X": "1"}, {}),
    ],
)
def test_variables(variables: dict[str, str], expected: dict[str, Any], scene: Scene) -> None:
    """A variable of pip sets an option, unless its value is false; a list is split."""
    known: dict[str, Any] = {
        "obstacle": None, "has_no_dependencies": False, "constraints": (), "files": (), "editables": ()
    }  # fmt: skip
    installation = found(scene, "install x", **variables)
    assert {**known, **expected} == {name: getattr(installation, name) for name in known}


@pytest.mark.parametrize("name", ["PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_TARGET", "PIP_PREFIX"])
def test_empty_variable(name: str, scene: Scene) -> None:
    """An empty variable sets nothing: ``PIP_CONSTRAINT= pip install …`` removes the constraints of an image."""
    installation = found(scene, "install x", **{name: ""})
    assert ((), (), None) == (installation.constraints, installation.files, installation.obstacle)
    assert ("environment", None) == (installation.counted, installation.folder)


def test_options_follow_variables(scene: Scene) -> None:
    """The command line wins over variables."""
    installation = found(scene, "install -c b.txt -t here x", PIP_CONSTRAINT="a.txt", PIP_TARGET="there")
    assert ("a.txt", "b.txt") == installation.constraints
    assert ("PIP_TARGET", scene.elsewhere / "here") == (installation.obstacle, installation.folder)


def test_without_the_variables_of_pip(scene: Scene) -> None:
    """If the variables of pip's process cannot be read, the hook's own count."""
    caller = scene.pip(environ(scene, PIP_UPGRADE="1"), argv=("pip", "install", "x"))
    unseen = caller._replace(list_ancestors=lambda: [Process(argv=("pip", "install", "x"))])
    installation = find_installation(unseen)
    assert installation is not None
    assert ("PIP_UPGRADE", scene.source) == (installation.obstacle, installation.cwd)


@pytest.mark.parametrize(
    ("line", "counted", "folder"),
    [
        ("install x", "environment", None),
        ("install --target lib x", "nothing", "lib"),
        ("install -t lib -t other x", "nothing", "other"),
        ("install --prefix p x", "environment", f"p/lib/python{PYTHON}/site-packages"),
        ("install --prefix p --target lib x", "nothing", "lib"),
        ("wheel x", "nothing", None),
        ("download x", "nothing", None),
        ("lock x", "nothing", None),
    ],
)
def test_counted(line: str, counted: str, folder: str | None, scene: Scene) -> None:
    """For ``--target`` and collections of wheels, nothing counts as installed."""
    installation = found(scene, line)
    assert (counted, folder and scene.elsewhere / folder) == (installation.counted, installation.folder)
    assert line.startswith("install") == installation.is_installing
    assert installation.folder == find_front_folder(scene.pip(environ(scene), argv=("pip", *line.split())))


def test_target_with_a_space(scene: Scene) -> None:
    """A folder in a variable may contain spaces."""
    assert scene.root / "my lib" == found(scene, "install x", PIP_TARGET=str(scene.root / "my lib")).folder


def test_front_folder_of_an_unseen_pip(scene: Scene) -> None:
    """If pip's process cannot be seen, its variables may still name the folder; other frontends have none."""
    hidden = Scene(scene.root / "hidden", procfs=False)
    shell = environ(hidden)
    assert hidden.elsewhere / "lib" == find_front_folder(hidden.pip({**shell, "PIP_TARGET": "lib"}))
    assert None is find_front_folder(hidden.pip(shell))
    assert None is find_front_folder(hidden.build({**shell, "PIP_TARGET": "lib"}))
    tree = make_caller(hidden.target, cwd=hidden.source, environ={"PIP_BUILD_TRACKER": "x", "PIP_TARGET": "lib"})
    assert hidden.source / "lib" == find_front_folder(tree)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("install -r pylock.toml", ["pylock.toml"]),
        ("install -r pylock.toml -r pylock.dev.toml", ["pylock.toml", "pylock.dev.toml"]),
        ("install -r pylock.toml x", []),
        ("install -r pylock.toml -e ./x", []),
        ("install -r pylock.toml -c c.txt", []),
        ("install -r pylock.toml -r requirements.txt", []),
        ("install -r pylock.absent.toml", []),
        ("install -r pylock.txt", []),
    ],
)
def test_named_locks(line: str, expected: list[str], scene: Scene) -> None:
    """The locks (PEP 751) of a command that installs only locks are found."""
    for name in ("pylock.toml", "pylock.dev.toml", "pylock.txt", "requirements.txt"):
        write(scene.elsewhere / name, "")
    assert tuple(scene.elsewhere / name for name in expected) == find_named_locks(found(scene, line))


STREAM = "has read its requirements from a stream ({}), which cannot be read again"


@pytest.mark.parametrize(
    ("line", "unaskable"),
    [
        ("install -r r.txt -c c.txt ./x", None),
        ("install -r -", f"pip install {STREAM.format('-')}"),
        ("wheel -r /dev/stdin", f"pip wheel {STREAM.format('/dev/stdin')}"),
        ("install -r /dev/fd/63 x", f"pip install {STREAM.format('/dev/fd/63')}"),
        ("install -r /proc/self/fd/63 x", f"pip install {STREAM.format('/proc/self/fd/63')}"),
        ("install -r pipe x", f"pip install {STREAM.format('pipe')}"),
        ("install -c pipe x", f"pip install {STREAM.format('pipe')}"),
        ("install -r absent x", None),
        ("install -e ./x -e git+file", None),
        (
            "install -e git+https://example.org/x.git@main#egg=x",
            "a dry run of pip would clone git+https://example.org/x.git into its source folder",
        ),
        ("install git+https://example.org/x.git", None),
    ],
)
def test_unaskable(line: str, unaskable: str | None, scene: Scene) -> None:
    """A command with a stream, or with an editable that pip would clone, cannot be asked."""
    os.mkfifo(scene.elsewhere / "pipe")
    assert unaskable == found(scene, line).unaskable


def test_unaskable_words(scene: Scene) -> None:
    """An argument that cannot be a path is no stream."""
    installation = found(scene, "install x")._replace(words=("a\0b", "x" * 5000))
    assert None is installation.unaskable
