"""Asking uv about projects, scripts, layers and tools, with ``uv sync`` and ``uv pip compile``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from callers import Scene
from dry_runs import Note, StandIn, installation_of, make_asker, make_frontend, resolving, saying, words_of
from standins import make_distribution, make_venv, write

from runtime_backend.frontend.asking.answer import Answer, Change
from runtime_backend.frontend.caller import Caller

pytestmark = pytest.mark.asks

SYNCED, RESOLVED = {"torch": Change(version="9.3.0")}, {"torch": Change(version="9.4.0")}
CACHE = ["--cache-dir", "WORK/cache"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine with a cache of uv's."""
    scene = Scene(tmp_path / "scene")
    (scene.root / "cache/uv/wheels-v6").mkdir(parents=True)
    return scene


@pytest.fixture
def uv(tmp_path: Path) -> StandIn:
    """Return a uv with one torch in ``uv sync``, and another one in ``uv pip compile``."""
    return make_frontend(tmp_path / "stand-ins", "uv", saying(" + torch==9.3.0") + resolving("torch==9.4.0"))


def call(scene: Scene, uv: StandIn, line: str, cwd: Path | None = None, **more: str) -> Caller:
    """Return the caller under uv, in the consumer's folder."""
    shell = {"HOME": str(scene.root), "PWD": str(cwd or scene.consumer), "PATH": "", **more}
    caller = scene.uv(shell, *line.split())
    seen = caller.list_ancestors()
    return caller._replace(environ={**caller.environ, "UV": str(uv.path)}, list_ancestors=lambda: seen)


def ask(scene: Scene, caller: Caller) -> Answer:
    """Return the answer."""
    return make_asker(scene.root / "asked", caller).ask(installation_of(caller))


def synced(scene: Scene, uv: StandIn, line: str, cwd: Path | None = None, **more: str) -> Note:
    """Ask by ``uv sync`` alone, and return the note of the dry run."""
    assert Answer(command="uv sync --dry-run", changes=SYNCED) == ask(scene, call(scene, uv, line, cwd, **more))
    return uv.note


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sync", []),
        ("sync -q --extra a --no-dev -v --python 3.11", ["--extra=a", "--no-dev", "--python=3.11"]),
        ("sync --inexact --no-install-package torch", ["--inexact", "--no-install-package=torch"]),
        ("sync --active --frozen", ["--frozen"]),
        ("sync --output-format=json --only-install-package ext", ["--only-install-package=ext"]),
        ("run --extra a -m x --extra b", ["--extra=a", "--inexact"]),
        ("run --env-file e --exact --no-sync --index-url u x", ["--index-url=u"]),
        ("run --locked -P torch --group g x", ["--locked", "-P", "torch", "--group=g", "--inexact"]),
        ("add torch --raw --bounds exact --group g", ["--group=g", "--inexact"]),
        ("add torch --extra a", ["--inexact"]),
        ("add torch --optional o", ["--extra=o", "--inexact"]),
        ("remove torch --package p", ["--package=p", "--inexact"]),
    ],
)
def test_words(line: str, expected: list[str], scene: Scene, uv: StandIn) -> None:
    """For a project, the dry run is ``uv sync``, with the options that select a part of the lock.

    Under ``uv add``, ``--extra`` is the new requirement's; ``--optional`` is the project's, and gets installed, as
    ``--group`` does (tried: uv 0.13.9; ``uv sync`` refuses an extra that the project does not have).
    """
    note = synced(scene, uv, line)
    assert words_of(note, ["sync", "--dry-run", *CACHE, *expected]) == note.words
    assert (str(scene.consumer), f"{note.work}/environment") == (note.cwd, note.environ["UV_PROJECT_ENVIRONMENT"])


def test_directory(scene: Scene, uv: StandIn) -> None:
    """The dry run starts in uv's final working directory, without ``--directory``."""
    note = synced(scene, uv, "--directory consumer sync")
    assert words_of(note, ["sync", "--dry-run", *CACHE]) == note.words


@pytest.mark.parametrize(
    ("line", "cwd", "environment"),
    [
        ("sync", "consumer", "consumer/.venv"),
        ("run x", "consumer/sub/folder", "consumer/.venv"),
        ("sync --project {root}/consumer/sub", "elsewhere", "consumer/.venv"),
        ("sync", "workspace/member", "workspace/.venv"),
        ("sync", "lockless", "lockless/.venv"),
        ("sync --project nothing", "elsewhere", None),
        ("sync --active", "consumer", "other"),
        ("run --isolated x", "consumer", None),
    ],
)
def test_environment(line: str, cwd: str, environment: str | None, scene: Scene, uv: StandIn) -> None:
    """The environment is the shadow of the project's, in its root; an empty one if there is none, or with --isolated."""
    for folder in ("workspace/member", "lockless"):
        write(scene.root / folder / "pyproject.toml", "")
        make_venv(scene.root / folder / ".venv")
    write(scene.root / "workspace/uv.lock", "")
    make_venv(scene.root / "workspace/.venv")
    note = synced(scene, uv, line.format(root=scene.root), scene.root / cwd, VIRTUAL_ENV=str(scene.other))
    assert (environment and str(scene.root / environment / "lib")) == note.tree.get("environment/lib")
    assert (environment is not None) == ("environment" in note.tree)


def test_named_environment(scene: Scene, uv: StandIn) -> None:
    """An environment that a variable names is shadowed like any other."""
    note = synced(scene, uv, "sync", UV_PROJECT_ENVIRONMENT=str(scene.target))
    assert str(scene.target / "lib") == note.tree["environment/lib"]


def test_isolated_by_a_variable(scene: Scene, uv: StandIn) -> None:
    """A variable isolates, too."""
    assert "environment" not in synced(scene, uv, "run x", UV_ISOLATED="1").tree


SCRIPT = "# /// script\n# dependencies = ['torch']\n# ///\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run -q script.py --flag", ["--inexact"]),
        ("run --exact --no-project -p 3.11 script.py", ["-p", "3.11"]),
        ("run --locked --index-url u --active script.py", ["--inexact", "--locked", "--index-url=u"]),
        ("sync --script script.py --extra a", []),
        ("sync --script script.py --inexact --reinstall", ["--inexact", "--reinstall"]),
    ],
)
def test_script(line: str, expected: list[str], scene: Scene, uv: StandIn) -> None:
    """For a script, the dry run is ``uv sync --script``, which keeps installed distributions unless ``--exact`` is given."""
    write(scene.elsewhere / "script.py", SCRIPT)
    note = synced(scene, uv, line, scene.elsewhere)
    words = ["sync", "--dry-run", "--script", "script.py"]
    cache, inexact = ["--cache-dir", "WORK/cache-of-script"], expected[:1] if expected[:1] == ["--inexact"] else []
    assert words_of(note, [*words, *inexact, *cache, *expected[len(inexact) :]]) == note.words
    assert "UV_PROJECT_ENVIRONMENT" not in note.environ


@pytest.mark.parametrize(
    ("script", "name"), [("train.py", "train"), ("sub/train.py", "train"), ("My_Script.x.py", "my-script-x")]
)
def test_environment_of_a_script(script: str, name: str, scene: Scene, uv: StandIn) -> None:
    """A script's environment is in the cache, with uv's spelling of the script's name (tried: uv 0.13.9)."""
    write(scene.elsewhere / script, SCRIPT)
    environment = scene.root / f"cache/uv/environments-v2/{name}-e74b72e59615f479"
    make_venv(environment)
    note = synced(scene, uv, f"run {script}", scene.elsewhere)
    shadow = f"cache-of-script/environments-v2/{environment.name}/lib"
    assert str(environment / "lib") == note.tree.get(shadow)


COMPILE = ["pip", "compile", "--no-header", "--no-annotate", "--python", "PYTHON"]
RESULT = ["-o", "WORK/resolution.txt", "-"]


def resolved(scene: Scene, uv: StandIn, line: str, cwd: Path | None = None, **more: str) -> Note:
    """Ask by ``uv pip compile`` alone, and return the note of the dry run."""
    caller = call(scene, uv, line, cwd, **more)
    program = installation_of(caller).program
    assert Answer(command=f"uv pip compile, for {program}", changes=RESOLVED) == ask(scene, caller)
    python = [word.replace("PYTHON", str(caller.executable)) for word in COMPILE]
    assert words_of(uv.note, [*python, *CACHE]) == uv.note.words[:8]
    return uv.note


@pytest.mark.parametrize(
    ("line", "words", "text"),
    [
        ("tool install ./ext --with torch", RESULT, "./ext\ntorch\n"),
        ("tool install -e ./ext --with-editable a,b", RESULT, "-e ./ext\n-e a\n-e b\n"),
        ("tool install x --with-requirements r.txt,s.txt", [*RESULT, "r.txt", "s.txt"], "x\n"),
        ("tool install -q -U -c c.txt --overrides o x", ["-U", "-c", "c.txt", "--overrides=o", *RESULT], "x\n"),
        ("tool install --force --torch-backend cpu x", ["--torch-backend=cpu", *RESULT], "x\n"),
        ("tool run --from ext[a]==1 cmd", RESULT, "ext[a]==1\n"),
        ("tool run ruff@0.14 --with x", RESULT, "ruff==0.14\n"),
        ("tool run ruff@latest", RESULT, "ruff\n"),
        ("tool run ext[a]@1.0", RESULT, "ext[a]==1.0\n"),
        ("tool run ext@git+https://example.org/ext", RESULT, "ext@git+https://example.org/ext\n"),
        ("tool run git+ssh://git@example.org/ext", RESULT, "git+ssh://git@example.org/ext\n"),
        ("x ruff@1.0+cpu", RESULT, "ruff==1.0+cpu\n"),
    ],
)
def test_tool(line: str, words: list[str], text: str, scene: Scene, uv: StandIn) -> None:
    """For a tool, its requirements are resolved without preferences."""
    note = resolved(scene, uv, line)
    assert (words_of(note, words), text, "") == (note.words[8:], note.text, note.before)
    assert str(scene.consumer) == note.cwd


def test_layer(scene: Scene, uv: StandIn) -> None:
    """A layer in front of a project prefers locked versions; the project's lock is read without a dry run."""
    note = resolved(scene, uv, "run --with ./ext --extra a -w b x --with c", scene.consumer / "sub")
    assert (words_of(note, RESULT), "./ext\nb\n") == (note.words[8:], note.text)
    assert "consumer==0\ntorch==2.8.0\n" == note.before


@pytest.mark.parametrize("line", ["run --no-project --with b x", "run --with b x"])
def test_layer_in_front_of_an_environment(line: str, scene: Scene, uv: StandIn) -> None:
    """A layer in front of an environment prefers the installed versions."""
    make_distribution(scene.site(scene.target), "numpy", "2.0")
    shutil.rmtree(scene.consumer / ".venv")
    (scene.consumer / "uv.lock").unlink()
    note = resolved(scene, uv, line, VIRTUAL_ENV=str(scene.target))
    assert ["numpy==2.0", "torch==2.7.0"] == sorted(note.before.splitlines())


def test_layer_in_front_of_nothing(scene: Scene, uv: StandIn) -> None:
    """A layer in front of the system's Python prefers nothing."""
    note = resolved(scene, uv, "run --no-project --with b x", scene.elsewhere, UV_SYSTEM_PYTHON="1")
    assert ("b\n", "") == (note.text, note.before)


def test_layer_in_front_of_an_isolated_environment(scene: Scene, uv: StandIn) -> None:
    """With ``--isolated``, uv makes both environments: the layer's distributions come before the others."""
    caller = call(scene, uv, "run --isolated --with b x")
    expected = Answer(command="uv sync --dry-run, uv pip compile, for uv run", changes=RESOLVED)
    assert expected == ask(scene, caller)
    sync, resolution = uv.notes
    assert words_of(sync, ["sync", "--dry-run", *CACHE, "--inexact"]) == sync.words
    assert ("b\n", "consumer==0\ntorch==2.8.0\n") == (resolution.text, resolution.before)


def test_layer_in_front_of_a_script(scene: Scene, uv: StandIn) -> None:
    """A script may have a layer as well."""
    write(scene.elsewhere / "script.py", SCRIPT)
    caller = call(scene, uv, "run --with b script.py", scene.elsewhere, UV_SYSTEM_PYTHON="1")
    assert "uv sync --dry-run, uv pip compile, for uv run" == ask(scene, caller).command
    assert [["sync", "--dry-run"], ["pip", "compile"]] == [note.words[:2] for note in uv.notes]


def test_what_only_the_base_changes(scene: Scene, tmp_path: Path) -> None:
    """Distributions that are not in the layer come from the environment below."""
    uv = make_frontend(tmp_path / "stand-ins", "uv", saying(" + torch==9.3.0") + resolving("b==1"))
    answer = ask(scene, call(scene, uv, "run --isolated --with b x"))
    assert {**SYNCED, "b": Change(version="1")} == answer.changes


def test_without_its_place(scene: Scene, tmp_path: Path) -> None:
    """Without ``UV`` (before 0.8), uv is started by the same name."""
    uv = make_frontend(tmp_path / "stand-ins", "uv", saying(" + torch==9.3.0"))
    caller = scene.uv({"HOME": "", "PWD": str(scene.consumer), "PATH": str(uv.path.parent)}, "sync")
    (process, *others) = caller.list_ancestors()
    seen = [process._replace(argv=(str(uv.path), "sync")), *others]
    environ = {name: value for name, value in caller.environ.items() if name != "UV"}
    assert SYNCED == ask(scene, caller._replace(environ=environ, list_ancestors=lambda: seen)).changes
