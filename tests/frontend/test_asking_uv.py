"""Asking ``uv pip``: the same arguments, in shadows of the target and of the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from callers import Scene, make_conda
from dry_runs import Note, StandIn, installation_of, make_asker, make_frontend, saying, words_of
from standins import make_torch, write

from runtime_backend.frontend.asking.answer import Answer, Change
from runtime_backend.frontend.caller import Caller

pytestmark = pytest.mark.asks

MOVED = {"torch": Change(version="9.4.0")}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine with a cache of uv's."""
    scene = Scene(tmp_path / "scene")
    for name in ("wheels-v6", "sdists-v9", "interpreter-v4"):
        (scene.root / "cache/uv" / name).mkdir(parents=True)
    return scene


@pytest.fixture
def uv(tmp_path: Path) -> StandIn:
    """Return a uv that is about to replace torch."""
    return make_frontend(tmp_path / "stand-ins", "uv", saying("Resolved", " - torch==2.7.0", " + torch==9.4.0"))


def environ(scene: Scene, uv: StandIn, **more: str) -> dict[str, str]:
    """Return the variables of a hook, with the path of uv."""
    return {"HOME": str(scene.root), "PWD": str(scene.elsewhere), "PATH": str(uv.path.parent), **more}


def called(scene: Scene, uv: StandIn, line: str, **more: str) -> Caller:
    """Return the caller under uv."""
    caller = scene.uv(environ(scene, uv, **more), *line.split())
    seen = caller.list_ancestors()
    return caller._replace(environ={**caller.environ, "UV": str(uv.path)}, list_ancestors=lambda: seen)


def ask(scene: Scene, uv: StandIn, line: str, **more: str) -> Note:
    """Ask, and return the note of the dry run."""
    caller = called(scene, uv, line, **more)
    answer = make_asker(scene.root / "asked", caller).ask(installation_of(caller))
    assert Answer(command="uv pip install --dry-run", changes=MOVED) == answer
    return uv.note


SHADOW = ["--python", "WORK/environment/bin/python"]
CACHE = ["--cache-dir", "WORK/cache"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install -U torch ./ext", ["-U", "--", "torch", "./ext"]),
        ("-q pip install -qq --verbose --color never --no-progress --cache-dir c x", ["--", "x"]),
        ("pip install -vr r.txt -e ./ext --constraint=c.txt", ["-r", "r.txt", "-e", "./ext", "--constraint=c.txt", "--"]),
        ("pip install -Ptorch --config-setting=-x=y x", ["-P", "torch", "--config-setting=-x=y", "--", "x"]),
        ("pip install --upgrade-package torch -f d -- x -y", ["--upgrade-package=torch", "-f", "d", "--", "x", "-y"]),
        ("pip install --output-format json -U x", ["-U", "--", "x"]),
        ("--project p pip install --overrides o.txt x", ["--project=p", "--overrides=o.txt", "--", "x"]),
    ],
)  # fmt: skip
def test_words(line: str, expected: list[str], scene: Scene, uv: StandIn) -> None:
    """The dry run has uv's arguments, except those for the output and the target, which is the shadow."""
    note = ask(scene, uv, line, VIRTUAL_ENV=str(scene.target))
    assert words_of(note, ["pip", "install", "--dry-run", *SHADOW, *CACHE, *expected]) == note.words
    assert (str(scene.elsewhere), "") == (note.cwd, note.text)


def test_environment(scene: Scene, uv: StandIn) -> None:
    """The dry run has uv's variables, except those for the output and the target."""
    loud = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "RUST_LOG": "debug", "UV_LOG_CONTEXT": "1", "UV_CACHE_DIR": "/c"}
    hidden = {"VIRTUAL_ENV": str(scene.target), "CONDA_PREFIX": "/c", "UV_SYSTEM_PYTHON": "0"}
    note = ask(scene, uv, "pip install x", UV_INDEX_URL="u", TMPDIR="/tmp", **loud, **hidden)  # noqa: S108 - a name
    assert {
        **environ(scene, uv),
        "UV_INDEX_URL": "u",
        "NO_COLOR": "1",
        "UV_NO_PROGRESS": "1",
        "TMPDIR": note.work,
        "_RUNTIME_BACKEND_ASKING": "1",
    } == note.environ
    assert scene.root / "asked" == Path(note.work).parent


def test_shadows(scene: Scene, uv: StandIn) -> None:
    """The shadows exist only during the dry run, and the target is not changed."""
    write(scene.target / ".lock", "")
    note = ask(scene, uv, "pip install x", VIRTUAL_ENV=str(scene.target))
    assert {
        "cache": None,
        "cache/wheels-v6": str(scene.root / "cache/uv/wheels-v6"),
        "environment": None,
        "environment/bin": None,
        "environment/bin/python": str(scene.target / "bin/python"),
        "environment/lib": str(scene.target / "lib"),
        "environment/pyvenv.cfg": None,
    } == note.tree
    assert not Path(note.work).exists()
    assert (scene.site(scene.target) / "torch/version.py").exists()
    assert (scene.root / "cache/uv/wheels-v6").is_dir()


@pytest.mark.parametrize(
    ("line", "more", "expected"),
    [
        ("pip install -p {target} x", {}, SHADOW),
        ("pip install --python={target}/bin/python x", {}, SHADOW),
        ("pip install x", {"UV_PYTHON": "{target}/bin/python"}, SHADOW),
        ("pip install x", {"VIRTUAL_ENV": "{target}", "CONDA_PREFIX": "{conda}"}, SHADOW),
        ("pip install x", {"CONDA_PREFIX": "{conda}"}, []),
        ("pip install --system x", {"VIRTUAL_ENV": "{target}"}, ["--system"]),
        ("pip install --python 3.11 --system x", {}, ["--python", "3.11"]),
        ("pip install -p {conda}/bin/python x", {}, ["--python", "{conda}/bin/python"]),
        ("pip install x", {"UV_SYSTEM_PYTHON": "1"}, []),
    ],
)
def test_place(line: str, more: dict[str, str], expected: list[str], scene: Scene, uv: StandIn) -> None:
    """A virtual environment is replaced by its shadow; other interpreters are not."""
    paths = {"target": str(scene.target), "conda": str(scene.root / "conda")}
    make_conda(scene.root / "conda")
    given = {name: value.format(**paths) for name, value in more.items()}
    note = ask(scene, uv, line.format(**paths), **given)
    place = [word.format(**paths) for word in expected]
    assert words_of(note, ["pip", "install", "--dry-run", *place, *CACHE, "--", "x"]) == note.words
    assert ("environment" in note.tree) == (expected == SHADOW)
    kept = {} if "--python" in place else given
    assert kept == {name: note.environ[name] for name in ("UV_PYTHON", *given) if name in note.environ}


@pytest.mark.parametrize(
    ("line", "option"),
    [("-t lib", "--target"), ("--target=lib", "--target"), ("-qt lib", "--target"), ("--prefix lib", "--prefix")],
)
def test_folder(line: str, option: str, scene: Scene, uv: StandIn) -> None:
    """A target folder is replaced by its shadow."""
    make_torch(scene.elsewhere / "lib", "2.7.0")
    write(scene.elsewhere / "lib/.lock", "")
    note = ask(scene, uv, f"pip install {line} x", VIRTUAL_ENV=str(scene.target))
    place = [*SHADOW, option, "WORK/folder"]
    assert words_of(note, ["pip", "install", "--dry-run", *place, *CACHE, "--", "x"]) == note.words
    assert str(scene.elsewhere / "lib/torch") == note.tree["folder/torch"]
    assert "folder/.lock" not in note.tree


@pytest.mark.parametrize(
    ("key", "named"), [("target", "lib"), ("prefix", "lib/python3.11/site-packages")], ids=["target", "prefix"]
)
def test_folder_by_a_setting(key: str, named: str, scene: Scene, uv: StandIn) -> None:
    """A target folder in a setting is replaced by its shadow, too."""
    write(scene.elsewhere / "pyproject.toml", f'[tool.uv.pip]\n{key} = "{"lib" if key == "target" else "."}"\n')
    make_torch(scene.elsewhere / named, "2.7.0")
    note = ask(scene, uv, "pip install x", VIRTUAL_ENV=str(scene.target))
    place = [*SHADOW, "--target", "WORK/folder"]
    assert words_of(note, ["pip", "install", "--dry-run", *place, *CACHE, "--", "x"]) == note.words
    assert str(scene.elsewhere / named / "torch") == note.tree["folder/torch"]


def test_folder_of_the_command_line_goes_first(scene: Scene, uv: StandIn) -> None:
    """A target folder on the command line wins over one in a setting."""
    write(scene.elsewhere / "pyproject.toml", '[tool.uv.pip]\ntarget = "other"\n')
    make_torch(scene.elsewhere / "lib", "2.7.0")
    note = ask(scene, uv, "pip install -t lib x", VIRTUAL_ENV=str(scene.target))
    assert ["WORK/folder"] == [word.replace(note.work, "WORK") for word in note.words if word.endswith("/folder")]
    assert str(scene.elsewhere / "lib/torch") == note.tree["folder/torch"]


@pytest.mark.parametrize("option", ["-n", "--no-cache", "--no-cache-dir"])
def test_no_cache(option: str, scene: Scene, uv: StandIn) -> None:
    """Without a cache there is no shadow of one."""
    note = ask(scene, uv, f"pip install {option} x", VIRTUAL_ENV=str(scene.target))
    assert words_of(note, ["pip", "install", "--dry-run", *SHADOW, option, "--", "x"]) == note.words
    assert "cache" not in note.tree


@pytest.mark.parametrize(
    ("line", "more", "expected"),
    [
        ("--cache-dir mine pip install x", {"UV_CACHE_DIR": "/absent"}, "elsewhere/mine"),
        ("pip install x", {"UV_CACHE_DIR": "mine", "XDG_CACHE_HOME": "/absent"}, "elsewhere/mine"),
        ("pip install x", {"XDG_CACHE_HOME": "{root}/xdg"}, "xdg/uv"),
        ("pip install x", {}, ".cache/uv"),
        ("pip install x", {"HOME": ""}, None),
    ],
)
def test_cache_without_isolation(
    line: str, more: dict[str, str], expected: str | None, scene: Scene, uv: StandIn
) -> None:
    """Without isolation the cache is found by option, variable or home folder."""
    for place in ("elsewhere/mine", "xdg/uv", ".cache/uv"):
        (scene.root / place / "wheels-v6").mkdir(parents=True)
    given = {name: value.format(root=scene.root) for name, value in more.items()}
    caller = scene.not_isolated(
        environ(scene, uv, VIRTUAL_ENV=str(scene.target), **given), [str(uv.path), *line.split()]
    )
    make_asker(scene.root / "asked", caller).ask(installation_of(caller))
    assert (expected and str(scene.root / expected / "wheels-v6")) == uv.note.tree.get("cache/wheels-v6")


def test_offline(scene: Scene, uv: StandIn) -> None:
    """Offline, uv asks no index."""
    caller = called(scene, uv, "pip install x")
    make_asker(scene.root / "asked", caller, is_offline=True).ask(installation_of(caller))
    assert "1" == uv.note.environ["UV_OFFLINE"]


def test_sync(scene: Scene, uv: StandIn) -> None:
    """``uv pip sync`` is asked like an installation."""
    caller = called(scene, uv, "pip sync r.txt", VIRTUAL_ENV=str(scene.target))
    answer = make_asker(scene.root / "asked", caller).ask(installation_of(caller))
    assert Answer(command="uv pip sync --dry-run", changes=MOVED) == answer
    assert words_of(uv.note, ["pip", "sync", "--dry-run", *SHADOW, *CACHE, "--", "r.txt"]) == uv.note.words


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("--directory sub pip install x", {}),
        ("pip install --directory=sub x", {}),
        ("pip install x", {"UV_WORKING_DIR": "sub"}),
        ("pip install x", {"UV_WORKING_DIRECTORY": "sub"}),
    ],
)
def test_directory(line: str, more: dict[str, str], scene: Scene, uv: StandIn) -> None:
    """The dry run starts in uv's final working directory, without ``--directory``.

    Tried with uv 0.13.9: ``cd sub; uv --directory sub pip list`` ends with "No such file or directory".
    """
    (scene.elsewhere / "sub").mkdir()
    caller = called(scene, uv, line, VIRTUAL_ENV=str(scene.target), PWD=str(scene.elsewhere), **more)
    (process, *others) = caller.list_ancestors()
    seen = [process._replace(cwd=scene.elsewhere / "sub"), *others]
    caller = caller._replace(list_ancestors=lambda: seen)
    make_asker(scene.root / "asked", caller).ask(installation_of(caller))
    assert words_of(uv.note, ["pip", "install", "--dry-run", *SHADOW, *CACHE, "--", "x"]) == uv.note.words
    assert str(scene.elsewhere / "sub") == uv.note.cwd
    assert not more.keys() & uv.note.environ.keys()
