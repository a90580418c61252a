"""Project managers at work: lock, selection and environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from callers import SHELL, Scene
from standins import make_torch, make_venv, write
from test_search import resolve

from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.commands import read_command
from runtime_backend.frontend.managers import find_managed
from runtime_backend.frontend.places import Place
from runtime_backend.frontend.poetry_environment import environment_name
from runtime_backend.frontend.processes import Process


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose consumer has the lock of every manager."""
    scene = Scene(tmp_path)
    for name in ("poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock"):
        write(scene.consumer / name, "")
    return scene


def under(
    scene: Scene, program: str, *words: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Caller:
    """Return the caller under a project manager, started in the consumer's folder."""
    shell = scene.shell(cwd or scene.consumer, **cast("dict[str, Any]", environ or {}))
    manager = Process(argv=("/t/bin/python", f"/t/bin/{program}", *words), cwd=Path(shell["PWD"]), environ=shell)
    if program == "poetry":
        return poetry(scene, shell, [manager])
    if program == "pdm":
        overlay = scene.root / "tmp/pdm-build-env-x-overlay/site"
        return scene.caller(scene.target, {**shell, "PYTHONPATH": str(overlay)}, [overlay], [manager])
    caller = scene.pip({**shell, "PIP_PYTHON_PATH": "/x"})
    return caller._replace(list_ancestors=lambda: (*caller.list_ancestors()[:1], manager, SHELL))


def poetry(scene: Scene, shell: Mapping[str, str], ancestors: Sequence[Process]) -> Caller:
    """Return the caller in poetry's throw-away environment."""
    prefix = scene.root / "tmpa1b2c3d4/.venv"
    site = make_venv(prefix)
    write(prefix / "pyvenv.cfg", f"home = {scene.root}/python/bin\nvirtualenv = 21.1\nversion_info = 3.11.7\n")
    return scene.caller(prefix, shell, [site], ancestors)


def place_of(caller: Caller) -> Place:
    """Return the place of the manager at work."""
    place = find_managed(caller)
    assert place is not None
    assert place.is_manager
    assert place.is_target
    return place


def blind(caller: Caller) -> Caller:
    """Return the caller on a system without access to other processes."""
    return caller._replace(list_ancestors=list)


@pytest.mark.parametrize(
    ("program", "lock"), [("poetry", "poetry.lock"), ("pdm", "pdm.lock"), ("pipenv", "Pipfile.lock")]
)
@pytest.mark.parametrize("folder", ["", "sub/folder"])
def test_lock(scene: Scene, program: str, lock: str, folder: str) -> None:
    """The manager's own lock is found from the project's folder or below, even with other locks next to it."""
    place = place_of(under(scene, program, "install", cwd=scene.consumer / folder))
    assert (place.locks, place.why.split(",")[0]) == ((scene.consumer / lock,), f"{program} install")
    assert not place.is_guess


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("poetry", ["lock"]),
        ("poetry", ["build"]),
        ("poetry", ["add", "--lock", "x"]),
        ("pdm", ["lock"]),
        ("pdm", ["build"]),
        ("pipenv", ["lock"]),
        ("pipenv", ["run", "pip", "install"]),
    ],
)
def test_not_installing(scene: Scene, program: str, words: list[str]) -> None:
    """For a command that installs nothing, no manager is at work."""
    assert find_managed(under(scene, program, *words)) is None


@pytest.mark.parametrize("program", ["poetry", "pdm", "pipenv"])
def test_without_procfs(scene: Scene, program: str) -> None:
    """If no process can be seen, the manager is found by its marks, and its command is a guess."""
    place = place_of(blind(under(scene, program, "install")))
    assert place.is_guess
    assert place.why.startswith(f"{program} (unknown command)")


def test_plain_pip(scene: Scene) -> None:
    """For pip, also in a shell of pipenv, no manager is at work."""
    assert find_managed(blind(scene.pip(scene.shell(scene.consumer)))) is None
    shell = scene.shell(scene.consumer, PIP_PYTHON_PATH="/x", PIPENV_ACTIVE="1")
    assert find_managed(blind(scene.pip(shell))) is None
    assert find_managed(scene.pip(scene.shell(scene.consumer, PIP_PYTHON_PATH="/x"))) is None
    assert find_managed(scene.build(scene.shell(scene.consumer))) is None


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["-C", "{c}"], {}),
        (["--directory={c}"], {}),
        (["-P", "{c}"], {}),
        (["--project", "../consumer"], {}),
    ],
)
def test_poetry_elsewhere(scene: Scene, words: list[str], environ: dict[str, str]) -> None:
    """``-C`` changes poetry's folder, and ``-P`` does not."""
    words = [word.format(c=scene.consumer) for word in words]
    cwd = scene.consumer if words[0].startswith(("-C", "--dir")) else scene.elsewhere
    place = place_of(under(scene, "poetry", "install", *words, cwd=cwd, environ=environ))
    assert [lock.resolve() for lock in place.locks] == [scene.consumer / "poetry.lock"]


def test_poetry_in_another_folder_unseen(scene: Scene) -> None:
    """If poetry's working directory is unknown, ``-C`` is relative to the shell's."""
    caller = under(scene, "poetry", "install", "-C", "../consumer", cwd=scene.elsewhere)
    process = caller.list_ancestors()[0]._replace(cwd=None)
    place = place_of(caller._replace(list_ancestors=lambda: (process,)))
    assert place.locks[0].resolve() == scene.consumer / "poetry.lock"


def test_poetry_selection(scene: Scene) -> None:
    """The command line selects extras and groups; with ``--only``, only these groups."""
    words = ["--with", "Docs,test", "--without=lint", "-E", "cpu fast", "--extras", "x", "--all-groups"]
    chosen = place_of(under(scene, "poetry", "install", *words)).selection
    assert chosen.groups == {"docs", "test"}
    assert chosen.without_groups == {"lint"}
    assert chosen.extras == {"cpu", "fast", "x"}
    assert (chosen.all_groups, chosen.only_groups, chosen.project) == (True, False, scene.consumer)
    only = place_of(under(scene, "poetry", "sync", "--only", "main,gpu", "--without", "x", "--all-extras")).selection
    assert (only.groups, only.only_groups, only.without_groups) == ({"main", "gpu"}, True, frozenset())
    assert only.all_extras


_NEEDS = """
[project]
name = "x"
dependencies = ["Torch>=2; python_version > '3'", "other; extra == 'x'"]
"""


@pytest.mark.parametrize("words", [["add", "x"], ["update"], ["remove", "x"]])
def test_late_lock(scene: Scene, words: list[str]) -> None:
    """If poetry resolves anew, the installed runtime counts only if the package's requirements name it."""
    caller = under(scene, "poetry", *words)
    place = place_of(caller)
    assert (place.locks, place.ends) == ((), True)
    assert place.late is not None
    assert place.late.installed_first == frozenset()
    refusal = str(resolve(scene, caller).refusal)
    assert f"`poetry {words[0]}" in refusal
    assert f"poetry {words[0]} writes poetry.lock only after everything is installed" in refusal
    write(scene.source / "pyproject.toml", _NEEDS)
    caller = under(scene, "poetry", *words)
    late = place_of(caller).late
    assert late is not None
    assert late.installed_first == {"torch"}
    outcome = resolve(scene, caller)
    assert outcome.resolution is not None
    assert (outcome.resolution.how, outcome.resolution.identity.version) == ("installed", "1.5.0")


@pytest.mark.parametrize("text", ["[project]\ndependencies = ['torch >']", "[project]\ndependencies = [1]", "["])
def test_late_lock_of_a_broken_package(scene: Scene, text: str) -> None:
    """Invalid requirements of a package are ignored."""
    write(scene.source / "pyproject.toml", text)
    late = place_of(under(scene, "poetry", "update")).late
    assert late is not None
    assert late.installed_first == frozenset()


def test_poetry_without_a_lock(scene: Scene) -> None:
    """The first ``poetry install`` has no lock until its end."""
    (scene.consumer / "poetry.lock").unlink()
    late = place_of(under(scene, "poetry", "install")).late
    assert late is not None
    assert late.way_out == "`poetry lock`, then `poetry install`"


NAME = "consumer-{}-py3.11"


@pytest.mark.parametrize(
    ("environ", "files", "expected"),
    [
        ({"VIRTUAL_ENV": "{other}"}, {}, "{other}"),
        ({"VIRTUAL_ENV": "{other}", "CONDA_DEFAULT_ENV": "base"}, {}, "{consumer}/.venv"),
        ({}, {}, "{consumer}/.venv"),
        ({"POETRY_VIRTUALENVS_IN_PROJECT": "false", "POETRY_CACHE_DIR": "/c"}, {}, "/c/virtualenvs/{name}"),
        ({"POETRY_VIRTUALENVS_IN_PROJECT": "0", "XDG_CACHE_HOME": "/x"}, {}, "/x/pypoetry/virtualenvs/{name}"),
        ({"HOME": "/h"}, {"poetry.toml": "virtualenvs.in-project = false"}, "/h/.cache/pypoetry/virtualenvs/{name}"),
        ({"POETRY_VIRTUALENVS_PATH": "~/v", "HOME": "/h", "POETRY_VIRTUALENVS_IN_PROJECT": "0"}, {}, "/h/v/{name}"),
        (
            {"POETRY_CONFIG_DIR": "{consumer}/config"},
            {"config/config.toml": 'virtualenvs = { in-project = false, path = "{cache-dir}/e" }\ncache-dir = "/c"'},
            "/c/e/{name}",
        ),
        (
            {
                "VIRTUAL_ENV": "{other}",
                "POETRY_VIRTUALENVS_PATH": "{consumer}/envs",
                "POETRY_VIRTUALENVS_IN_PROJECT": "0",
            },
            {"envs/envs.toml": "[{key}]\nminor = '3.11'"},
            "{consumer}/envs/{name}",
        ),
        (
            {"POETRY_VIRTUALENVS_CREATE": "false", "POETRY_VIRTUALENVS_IN_PROJECT": "false"},
            {"poetry.toml": "virtualenvs = 3"},
            "{root}/python",
        ),
    ],
)
def test_poetry_environment(scene: Scene, environ: dict[str, str], files: dict[str, str], expected: str) -> None:
    """Poetry's settings select the activated environment, ``.venv`` next to the lock, or poetry's own."""
    key = environment_name("consumer", scene.consumer)
    words = {"consumer": scene.consumer, "other": scene.other, "root": scene.root, "name": f"{key}-py3.11"}
    for name, text in files.items():
        write(scene.consumer / name, text.replace("{key}", key))
    filled = {name: value.format(**words) for name, value in environ.items()}
    assert place_of(under(scene, "poetry", "install", environ=filled)).path == Path(expected.format(**words))


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("consumer", "/nowhere/consumer", "consumer-HDz9t1Wd"),
        ("my-odd-" + "x" * 60, "/nowhere/a b", "my-odd-" + "x" * 35 + "-YSmm_eVC"),
    ],
)
def test_poetry_name_as_poetry_has_it(name: str, folder: str, expected: str) -> None:
    """The names are those of poetry 2.5.1 (``EnvManager.generate_env_name``)."""
    assert expected == environment_name(name, Path(folder))


def test_poetry_name(tmp_path: Path) -> None:
    """An environment of a project without a name has a name, too; long and special names are changed."""
    assert environment_name('A "b"!' + "x" * 60, tmp_path)[:42] == "a__b__" + "x" * 36
    scene = Scene(tmp_path)
    write(scene.consumer / "pyproject.toml", "")
    write(scene.consumer / "poetry.lock", "")
    place = place_of(under(scene, "poetry", "install", environ={"POETRY_VIRTUALENVS_IN_PROJECT": "0"}))
    assert place.path.name.startswith("non-package-mode-")


@pytest.mark.parametrize(
    ("words", "environ", "expected"),
    [
        (["install", "-L", "other.lock"], {}, "other.lock"),
        (["sync"], {"PDM_LOCKFILE": "pdm.cpu.lock"}, "pdm.cpu.lock"),
        (["update", "-p", "../consumer"], {}, "../consumer/pdm.lock"),
        (["install"], {"PDM_PROJECT": "../consumer"}, "../consumer/pdm.lock"),
    ],
)
def test_pdm_lock(scene: Scene, words: list[str], environ: dict[str, str], expected: str) -> None:
    """Pdm's lock may be named on the command line or in variables."""
    place = place_of(under(scene, "pdm", *words, environ=environ))
    assert place.locks == (scene.consumer / expected,)


def test_pdm_pylock(scene: Scene) -> None:
    """``lock.format`` decides if both locks exist; otherwise the existing one counts, or the workspace's."""
    write(scene.consumer / "pylock.toml", "")
    assert place_of(under(scene, "pdm", "sync")).locks[0].name == "pdm.lock"
    assert place_of(under(scene, "pdm", "sync", environ={"PDM_LOCK_FORMAT": "pylock"})).locks[0].name == "pylock.toml"
    write(scene.consumer / "pdm.toml", "lock.format = 'pylock'")
    assert place_of(under(scene, "pdm", "sync")).locks[0].name == "pylock.toml"
    write(scene.consumer / "member/pyproject.toml", "[project]\n")
    member = place_of(under(scene, "pdm", "install", cwd=scene.consumer / "member"))
    assert member.locks == (scene.consumer / "pdm.lock",)
    (scene.consumer / "pdm.lock").unlink()
    assert place_of(under(scene, "pdm", "install", cwd=scene.consumer / "member")).locks == ()


def test_pdm_selection(scene: Scene) -> None:
    """Pdm's groups include extras."""

    def select(*words: str) -> tuple[frozenset[str], bool, bool, bool, frozenset[str]]:
        chosen = place_of(under(scene, "pdm", *words)).selection
        return (
            chosen.groups,
            chosen.all_groups,
            chosen.default_groups,
            chosen.only_groups,
            chosen.without_groups,
        )

    nothing: frozenset[str] = frozenset()
    assert select("install") == (nothing, False, True, False, nothing)
    assert select("install", "-G", "CPU,x", "-G", ":all") == ({"cpu", "x"}, True, True, False, nothing)
    assert select("install", "--prod") == (nothing, False, False, False, nothing)
    assert select("install", "--no-default", "-G", "x") == ({"x"}, False, True, True, nothing)
    assert select("install", "-d") == ({"default"}, False, True, False, nothing)
    assert select("install", "--without", "x") == (nothing, True, True, False, {"x"})
    assert select("add", "-G", "x", "y") == (nothing, False, True, False, nothing)


def test_pipenv_selection(scene: Scene) -> None:
    """The selected categories of the Pipfile are converted to the lock's sections."""

    def select(*words: str, **environ: str) -> tuple[frozenset[str], bool]:
        chosen = place_of(under(scene, "pipenv", "sync", *words, environ=environ)).selection
        return chosen.groups, chosen.only_groups

    assert select() == (frozenset(), False)
    assert select("--dev") == ({"develop"}, False)
    assert select(PIPENV_DEV="1") == ({"develop"}, False)
    assert select("--categories", "packages cpu,dev-packages") == ({"default", "cpu", "develop"}, False)
    assert select("--categories=cpu") == ({"cpu"}, True)
    assert select(PIPENV_CATEGORIES="cpu") == ({"cpu"}, True)


def test_pipenv_pipfile(scene: Scene) -> None:
    """The lock is next to the named Pipfile; without one, a pylock there counts."""
    write(scene.elsewhere / "My.lock", "")
    named = place_of(under(scene, "pipenv", "install", environ={"PIPENV_PIPFILE": str(scene.elsewhere / "My")}))
    assert named.locks == (scene.elsewhere / "My.lock",)
    write(scene.root / "empty/pylock.toml", "")
    other = place_of(under(scene, "pipenv", "install", cwd=scene.root / "empty"))
    assert other.locks == (scene.root / "empty/pylock.toml",)


def test_module_and_folder(scene: Scene) -> None:
    """``python -m poetry``, a zipped and an unpacked program are recognised."""
    shell = scene.shell(scene.consumer)
    for argv in (
        ("python", "-m", "poetry", "install"),
        ("python", "/x/poetry/__main__.py", "install"),
        ("poetry", "install"),
        ("/x/run-poetry", "install"),
    ):
        process = Process(argv=argv, cwd=scene.consumer, environ=shell)
        assert read_command(poetry(scene, shell, [process]), "poetry", process, valued=()).name == "install"


def test_poetry_is_not_every_folder(scene: Scene) -> None:
    """A ``.venv`` in a temporary folder is poetry's only if virtualenv made it and no other frontend calls."""
    shell = scene.shell(scene.elsewhere)
    assert poetry(scene, shell, [Process(argv=("uv", "pip"), cwd=scene.elsewhere, environ=shell)]).isolation == "none"
    caller = blind(poetry(scene, shell, []))
    assert (caller.isolation, caller.frontend) == ("throwaway", ("poetry", None))
    write(caller.prefix / "pyvenv.cfg", f"home = {scene.root}/python/bin\nversion_info = 3.11.7\n")
    assert blind(scene.caller(caller.prefix, shell, [scene.site(caller.prefix)], [])).isolation == "none"


def test_torch_of_the_lock_is_reused(scene: Scene) -> None:
    """A locked runtime that is installed is reused."""
    lock = '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "x"\n'
    package = '[[package]]\nname = "torch"\nversion = "1.5.0"\noptional = false\ngroups = ["main"]\nfiles = []\n'
    write(scene.consumer / "poetry.lock", f"{package}\n{lock}")
    make_torch(make_venv(scene.root / "unused"), "9.9")
    found = resolve(scene, under(scene, "poetry", "install")).resolution
    assert found is not None
    assert (found.how, found.identity.version, found.distribution is not None) == ("locked", "1.5.0", True)
