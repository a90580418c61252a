"""The places where the target and the lock are searched for, by frontend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from callers import LOCKED, OTHER, SHELL, STALE, TARGET, Scene, lock_text, make_caller, make_conda
from packaging.requirements import Requirement
from standins import make_torch, make_venv, write
from test_search import make_resolver

from runtime_backend.config import RuntimeRule
from runtime_backend.errors import TargetError
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.detectors import find_places
from runtime_backend.frontend.folders import LOCK_NAMES
from runtime_backend.frontend.places import Named
from runtime_backend.frontend.processes import Process
from runtime_backend.frontend.stated import named_place
from runtime_backend.resolve.outcome import Outcome

RULE = RuntimeRule(name="torch", requirement=Requirement("torch"), match="exact", origin="default")

Row = Callable[[Scene], Caller]

# What a build must find. Each row: a caller; what it finds where the system tells of other processes, and where it does
# not: the version and whether it is said to be a guess; None for nothing.
Found = tuple[str, bool] | None


def sure(version: str) -> Found:
    """Return an expected version without a note."""
    return version, False


def guess(version: str) -> Found:
    """Return an expected version with a note about a guess."""
    return version, True


ROWS: dict[str, tuple[Row, Found, Found]] = {
    "pip": (lambda s: s.pip(s.shell(s.elsewhere)), sure(TARGET), sure(TARGET)),
    "pip, activated": (lambda s: s.pip(s.shell(s.elsewhere, s.target)), sure(TARGET), sure(TARGET)),
    "pip, another activated": (lambda s: s.pip(s.shell(s.elsewhere, s.other)), sure(TARGET), sure(TARGET)),
    "pip beside a lock": (lambda s: s.pip(s.shell(s.consumer)), sure(TARGET), sure(TARGET)),
    "pip --python": (
        lambda s: s.pip(
            s.shell(s.elsewhere, s.other),
            argv=(
                f"{s.target}/bin/python",
                f"{s.other}/lib/pip/__pip-runner__.py",
                "--python",
                str(s.target),
                "install",
            ),
        ),
        sure(TARGET),
        sure(TARGET),
    ),
    "pip venv-isolation": (lambda s: s.pip_venv_isolation(s.shell(s.elsewhere, s.other)), sure(TARGET), sure(TARGET)),
    "pip venv-isolation, Python 3.10": (
        lambda s: s.pip_venv_isolation(s.shell(s.elsewhere, s.other), command=False),
        sure(TARGET),
        guess(OTHER),
    ),
    "pip --target": (
        lambda s: s.pip(s.shell(s.elsewhere), "--target", str(_site_with(s.root / "lib", "2.5.0"))),
        sure("2.5.0"),
        sure(TARGET),
    ),
    "pip -Ut": (
        lambda s: s.pip(s.shell(s.elsewhere), "-Ut", str(_site_with(s.root / "lib", "2.5.0"))),
        sure("2.5.0"),
        sure(TARGET),
    ),
    "pip --prefix": (
        lambda s: s.pip(s.shell(s.elsewhere), f"--prefix={_prefix_with(s, '2.5.0')}"),
        sure("2.5.0"),
        sure(TARGET),
    ),
    "PIP_TARGET": (
        lambda s: s.pip(s.shell(s.elsewhere, PIP_TARGET=str(_site_with(s.root / "lib", "2.5.0")))),
        sure("2.5.0"),
        sure("2.5.0"),
    ),
    "pip of a conda environment": (
        lambda s: s.pip(s.shell(s.elsewhere, s.other, CONDA_PREFIX="x"), prefix=_conda_with(s, "2.4.0")),
        sure("2.4.0"),
        sure("2.4.0"),
    ),
    "tox, package = sdist": (
        lambda s: s.pip(s.shell(s.elsewhere, s.target, TOX_ENV_NAME="py311")),
        sure(TARGET),
        sure(TARGET),
    ),
    "uv pip, activated": (
        lambda s: s.uv(s.shell(s.elsewhere, s.target), "pip", "install", "."),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv pip, activated, in a project": (
        lambda s: s.uv(s.shell(s.consumer, s.target), "pip", "install", "."),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv pip, activated on top of a conda base": (
        lambda s: s.uv(s.shell(s.elsewhere, s.target, CONDA_PREFIX=str(_conda_with(s, "2.4.0"))), "pip", "install"),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv pip in a conda environment": (
        lambda s: s.uv(s.shell(s.elsewhere, CONDA_PREFIX=str(_conda_with(s, "2.4.0"))), "pip", "install"),
        sure("2.4.0"),
        guess("2.4.0"),
    ),
    "uv pip, nothing there": (lambda s: s.uv(s.shell(s.elsewhere), "pip", "install", "."), None, None),
    "uv pip -p": (
        lambda s: s.uv(s.shell(s.elsewhere, s.other), "pip", "install", "-p", str(s.target), "."),
        sure(TARGET),
        guess(OTHER),
    ),
    "uv pip -qp": (
        lambda s: s.uv(s.shell(s.elsewhere, s.other), "pip", "install", "-qp", str(s.target / "bin/python"), "."),
        sure(TARGET),
        guess(OTHER),
    ),
    "uv pip --python=": (
        lambda s: s.uv(s.shell(s.root, s.other), "pip", "install", "--python=target", "."),
        sure(TARGET),
        guess(OTHER),
    ),
    "uv pip -p, unreadable": (
        lambda s: s.uv(s.shell(s.elsewhere, s.other), "pip", "install", "-p", f"{s.elsewhere}/", "."),
        None,
        guess(OTHER),
    ),
    "uv pip -p VERSION": (
        lambda s: s.uv(s.shell(_with_venv(s, "3.11"), _venv_of(s, "3.9")), "pip", "install", "-p", "3.11", "."),
        sure(STALE),
        guess(STALE),
    ),
    "UV_PYTHON": (
        lambda s: s.uv(s.shell(s.elsewhere, s.other, UV_PYTHON=str(s.target)), "pip", "install", "."),
        sure(TARGET),
        guess(OTHER),
    ),
    "uv pip -p over UV_PYTHON": (
        lambda s: s.uv(s.shell(s.elsewhere, UV_PYTHON=str(s.other)), "pip", "install", "-p", str(s.target), "."),
        sure(TARGET),
        None,
    ),
    "uv pip, .venv upward": (
        lambda s: s.uv(s.shell(s.consumer / "sub/folder"), "pip", "install", "."),
        sure(STALE),
        guess(LOCKED),
    ),
    "uv pip --system": (
        lambda s: s.uv(s.shell(_base_with(s, "2.3.0"), s.other), "pip", "install", "--system", "."),
        sure("2.3.0"),
        guess(OTHER),
    ),
    "UV_SYSTEM_PYTHON": (
        lambda s: s.uv(s.shell(_base_with(s, "2.3.0"), UV_SYSTEM_PYTHON="1"), "pip", "install", "."),
        sure("2.3.0"),
        None,
    ),
    "uv pip --target": (
        lambda s: s.uv(
            s.shell(s.elsewhere, s.target), "pip", "install", "--target", str(_site_with(s.root / "lib", "2.5.0"))
        ),
        sure("2.5.0"),
        guess(TARGET),
    ),
    "uv pip --prefix": (
        lambda s: s.uv(s.shell(s.elsewhere, s.target), "pip", "install", "--prefix", str(_prefix_with(s, "2.5.0"))),
        sure("2.5.0"),
        guess(TARGET),
    ),
    "pdm with use_uv": (
        lambda s: s.uv(s.shell(s.elsewhere, s.other), "pip", "install", "-p", f"{s.target}/bin/python"),
        sure(TARGET),
        guess(OTHER),
    ),
    "nox with uv": (
        lambda s: s.uv(s.shell(s.elsewhere, s.target, NOX_CURRENT_SESSION="x"), "pip", "install", "."),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv sync": (lambda s: s.uv(s.shell(s.consumer), "sync"), sure(LOCKED), guess(LOCKED)),
    "uv sync, a subfolder": (
        lambda s: s.uv(s.shell(s.consumer / "sub/folder"), "sync"),
        sure(LOCKED),
        guess(LOCKED),
    ),
    "uv sync, another activated": (
        lambda s: s.uv(s.shell(s.consumer, s.other), "sync"),
        sure(LOCKED),
        guess(OTHER),
    ),
    "uv sync --project": (
        lambda s: s.uv(s.shell(s.elsewhere), "sync", "--project", str(s.consumer)),
        sure(LOCKED),
        None,
    ),
    "uv --directory sync": (
        lambda s: s.uv(s.shell(s.elsewhere), "--directory", "../consumer", "sync", cwd=s.consumer),
        sure(LOCKED),
        None,
    ),
    "UV_PROJECT": (
        lambda s: s.uv(s.shell(s.elsewhere, UV_PROJECT=str(s.consumer)), "sync"),
        sure(LOCKED),
        None,
    ),
    "uv sync, the lock lacks it": (
        lambda s: s.uv(s.shell(_unlocked(s)), "sync"),
        sure(STALE),
        guess(STALE),
    ),
    "UV_PROJECT_ENVIRONMENT, the lock lacks it": (
        lambda s: s.uv(s.shell(_unlocked(s), UV_PROJECT_ENVIRONMENT="../target"), "sync"),
        sure(TARGET),
        guess(STALE),
    ),
    "uv sync --active, the lock lacks it": (
        lambda s: s.uv(s.shell(_unlocked(s), s.target), "sync", "--active"),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv run": (lambda s: s.uv(s.shell(s.consumer), "run", "python", "x.py"), sure(LOCKED), guess(LOCKED)),
    "uv run -m pytest -s": (
        lambda s: s.uv(s.shell(s.consumer, s.other), "run", "-m", "pytest", "-s"),
        sure(LOCKED),
        guess(OTHER),
    ),
    "uv run --no-project": (
        lambda s: s.uv(s.shell(s.consumer, s.target), "run", "--no-project", "x"),
        sure(TARGET),
        guess(TARGET),
    ),
    "uv run of a script with its own metadata": (
        lambda s: s.uv(s.shell(_with_script(s), s.other), "run", "script.py"),
        None,
        guess(OTHER),
    ),
    "uv sync --script": (lambda s: s.uv(s.shell(s.consumer), "sync", "--script", "x.py"), None, guess(LOCKED)),
    "uv build in the package": (
        lambda s: s.uv(s.shell(_locked_source(s)), "build"),
        sure("2.6.0"),
        guess("2.6.0"),
    ),
    "uv build, activated on top of a conda base": (
        lambda s: s.uv(s.shell(s.elsewhere, s.target, CONDA_PREFIX=str(_conda_with(s, "2.4.0"))), "build"),
        sure(TARGET),
        guess(TARGET),
    ),
    "uvx": (lambda s: s.uv(s.shell(s.consumer, s.other), "tool", "run", "x"), None, guess(OTHER)),
    "build, by the target's": (
        lambda s: s.build(s.shell(s.elsewhere), by=s.target),
        sure(TARGET),
        sure(TARGET),
    ),
    "build, a tool of its own": (
        lambda s: s.build(s.shell(s.elsewhere, s.target)),
        sure(TARGET),
        sure(TARGET),
    ),
    "build with virtualenv": (
        lambda s: s.build(s.shell(s.elsewhere), by=s.target, maker="virtualenv"),
        sure(TARGET),
        sure(TARGET),
    ),
    "build beside a lock": (lambda s: s.build(s.shell(s.consumer)), sure(LOCKED), guess(LOCKED)),
    "build of a locked source": (
        lambda s: (_locked_source(s), s.build(s.shell(s.elsewhere)))[1],
        sure("2.6.0"),
        sure("2.6.0"),
    ),
    "hatch build, activated": (
        lambda s: s.hatch_build(s.shell(s.elsewhere, s.target)),
        sure(TARGET),
        guess(TARGET),
    ),
    "hatch build, kept": (
        lambda s: s.hatch_build(s.shell(s.elsewhere, s.target), built_for=OTHER),
        sure(TARGET),
        guess(TARGET),
    ),
    "hatch build, nothing activated": (lambda s: s.hatch_build(s.shell(s.elsewhere), built_for=OTHER), None, None),
    "hatch build, activated on top of a conda base": (
        lambda s: s.hatch_build(s.shell(s.elsewhere, s.target, CONDA_PREFIX=str(_conda_with(s, "2.4.0")))),
        sure(TARGET),
        guess(TARGET),
    ),
    "hatch run": (
        lambda s: s.pip(s.shell(s.elsewhere, s.target, HATCH_ENV_ACTIVE="default")),
        sure(TARGET),
        sure(TARGET),
    ),
    "poetry, in no project": (
        lambda s: s.poetry(s.shell(s.elsewhere, s.other)),
        None,
        None,
    ),
    "tox .pkg, nothing activated": (lambda s: s.tox_packaging(s.shell(s.elsewhere), built_for=OTHER), None, None),
    "tox .pkg": (
        lambda s: s.tox_packaging(s.shell(s.elsewhere, s.target), built_for=OTHER),
        sure(TARGET),
        guess(TARGET),
    ),
    "pip --no-build-isolation": (
        lambda s: s.not_isolated(s.shell(s.consumer, s.other), ("pip3.11", "install", ".")),
        sure(TARGET),
        sure(TARGET),
    ),
    "uv --no-build-isolation": (
        lambda s: s.not_isolated(s.shell(s.elsewhere, s.target), ("uv", "pip", "install", ".")),
        sure(TARGET),
        sure(TARGET),
    ),
    "build --no-isolation": (
        lambda s: s.not_isolated(s.shell(s.elsewhere, s.other), (f"{s.target}/bin/python", "-m", "build", "-n")),
        sure(TARGET),
        sure(TARGET),
    ),
    "no isolation, torch absent, another activated": (
        lambda s: s.not_isolated(s.shell(s.elsewhere, s.other), ("pip", "install"), _bare(s)),
        None,
        None,
    ),
}


def _site_with(site: Path, version: str) -> Path:
    make_torch(site, version)
    return site


def _prefix_with(scene: Scene, version: str) -> Path:
    make_torch(scene.site(scene.root / "prefix"), version)
    return scene.root / "prefix"


def _conda_with(scene: Scene, version: str) -> Path:
    make_torch(make_conda(scene.root / "conda"), version)
    return scene.root / "conda"


def _base_with(scene: Scene, version: str) -> Path:
    """Install torch into the base Python of uv's build environment; return a working directory."""
    make_torch(make_conda(scene.root / "python"), version)
    return scene.elsewhere


def _venv_of(scene: Scene, python: str) -> Path:
    make_torch(make_venv(scene.root / "old", python), OTHER)
    return scene.root / "old"


def _with_venv(scene: Scene, python: str) -> Path:
    make_torch(make_venv(scene.elsewhere / ".venv", python), STALE)
    return scene.elsewhere


def _unlocked(scene: Scene) -> Path:
    write(scene.consumer / "uv.lock", lock_text("1.0", name="something-else"))
    return scene.consumer


def _with_script(scene: Scene) -> Path:
    write(scene.consumer / "script.py", "# /// script\n# dependencies = ['torch']\n# ///\n")
    return scene.consumer


def _locked_source(scene: Scene) -> Path:
    write(scene.source / "uv.lock", lock_text("2.6.0"))
    return scene.source


def _bare(scene: Scene) -> Path:
    make_venv(scene.root / "bare")
    return scene.root / "bare"


def resolve(scene: Scene, caller: Caller) -> Outcome:
    """Resolve torch as a hook does."""
    return make_resolver(scene, caller).resolve(RULE)


@pytest.mark.parametrize("procfs", [True, False], ids=["procfs", "no procfs"])
@pytest.mark.parametrize("name", list(ROWS))
def test_frontends(name: str, procfs: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column of the table
    """For every frontend, the result is the target's torch, a guess with a note, or nothing."""
    scene = Scene(tmp_path, procfs=procfs)
    make, with_procfs, without = ROWS[name]
    outcome = resolve(scene, make(scene))
    found = None
    if outcome.resolution is not None:
        found = (outcome.resolution.identity.version, any("RUNTIME_BACKEND_TARGET" in note for note in outcome.notes))
    assert (with_procfs if procfs else without) == found, "\n".join(map(str, outcome.steps))


def test_order(tmp_path: Path) -> None:
    """A build without a project manager looks at environments first, then upward for locks, then at the source."""
    scene = Scene(tmp_path)
    _locked_source(scene)
    caller = scene.build(scene.shell(scene.consumer / "sub", scene.other), by=scene.target)
    assert [
        ("the interpreter that made the build environment", scene.target / "bin/python", (), True),
        ("VIRTUAL_ENV", scene.other, (), False),
        ("where the frontend was started", scene.consumer / ".venv", (scene.consumer / "uv.lock",), False),
        ("the source tree", scene.source, (scene.source / "uv.lock",), False),
    ] == [(place.why, place.path, place.locks, place.is_guess) for place in find_places(scene.source, caller)]


def test_stale_shell(tmp_path: Path) -> None:
    """The shell's working directory is a guess if the frontend's is another one."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.consumer)
    python = Process(argv=("python", "-m", "build"), cwd=scene.elsewhere, environ=shell)
    caller = scene.build(shell)._replace(list_ancestors=lambda: [python, SHELL])
    places = list(find_places(scene.source, caller))
    assert [("the shell's working directory", True)] == [(place.why, place.is_guess) for place in places if place.locks]


def test_deactivated(tmp_path: Path) -> None:
    """An environment that is no longer activated is not looked at."""
    scene = Scene(tmp_path)
    old = Process(argv=("bash",), environ=scene.shell(scene.elsewhere, scene.other))
    caller = scene.build(scene.shell(scene.elsewhere))
    caller = caller._replace(list_ancestors=lambda: [*scene.build(scene.shell(scene.elsewhere)).ancestors, old])
    assert resolve(scene, caller).resolution is None


def test_aliased_build_environment(tmp_path: Path) -> None:
    """The build environment is recognised by another name of its folder."""
    scene = Scene(tmp_path)
    caller = scene.hatch_build(scene.shell(scene.elsewhere), built_for=OTHER)
    (tmp_path / "alias").symlink_to(tmp_path / "hatch")
    alias = str(caller.prefix).replace(f"{tmp_path}/hatch", f"{tmp_path}/alias")
    environ = {**caller.environ, "VIRTUAL_ENV": alias, "PATH": f"{alias}/bin:/usr/bin"}
    assert resolve(scene, caller._replace(environ=environ, list_ancestors=list)).resolution is None


def test_uv_alone_on_its_command_line(tmp_path: Path) -> None:
    """If only uv's arguments are visible, the rest comes from this process, with a note."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.elsewhere, scene.target)

    def found(*words: str) -> Found:
        caller = scene.uv(shell, *words)
        outcome = resolve(scene, caller._replace(list_ancestors=lambda: [Process(argv=("uv", *words))]))
        resolution = outcome.resolution
        return None if resolution is None else (resolution.identity.version, bool(outcome.notes))

    assert sure(LOCKED) == found("--directory", "../consumer", "sync")
    assert sure(LOCKED) == found("sync", "--project", "../consumer")
    assert sure(OTHER) == found("pip", "install", "-p", "../other", ".")
    assert guess(TARGET) == found("pip", "install", ".")


def test_one_environment_of_uv_pip(tmp_path: Path) -> None:
    """The first existing environment in uv's own order is the target of ``uv pip``."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.consumer, scene.target)
    places = find_places(scene.source, scene.uv(shell, "pip", "install", "."))
    assert [("VIRTUAL_ENV of uv", scene.target)] == [(place.why, place.path) for place in places if place.is_target]


def test_no_folder_at_all(tmp_path: Path) -> None:
    """Without a known working directory, the source tree is looked at."""
    scene = Scene(tmp_path)
    _locked_source(scene)
    caller = scene.uv(scene.shell(scene.elsewhere), "sync")
    caller = caller._replace(environ={}, list_ancestors=lambda: [Process(argv=("uv", "sync"))])
    assert (scene.source / "uv.lock",) == next(find_places(scene.source, caller)).locks


def test_conda_first_on_path(tmp_path: Path) -> None:
    """Without access to other processes, the order of conda and a virtual environment is that on PATH."""
    scene = Scene(tmp_path, procfs=False)
    conda = _conda_with(scene, "2.4.0")
    shell = scene.shell(scene.elsewhere, CONDA_PREFIX=str(conda))
    shell["PATH"] = f"{conda}/bin:{scene.other}/bin:/usr/bin"
    outcome = resolve(scene, scene.uv(shell, "pip", "install"))
    assert outcome.resolution is not None
    assert "2.4.0" == outcome.resolution.identity.version


def test_explain(tmp_path: Path) -> None:
    """For the command line, the interpreter's own environment comes first, but is not the certain target."""
    scene = Scene(tmp_path)
    environ = scene.shell(scene.elsewhere, scene.other)
    caller = make_caller(_bare(scene), cwd=scene.source, environ=environ, is_hook=False)
    places = list(find_places(scene.source, caller))
    assert [("the running interpreter", False), ("VIRTUAL_ENV", False)] == [(p.why, p.is_target) for p in places]


@pytest.mark.parametrize("named", ["target", "target/bin/python"])
def test_explicit_target(named: str, tmp_path: Path) -> None:
    """A target that is named, as a prefix or an interpreter, is the only place."""
    scene = Scene(tmp_path)
    caller = scene.pip(scene.shell(scene.consumer), prefix=scene.other)
    target = Named(path=tmp_path / named, origin="RUNTIME_BACKEND_TARGET")
    place = named_place(caller, target, None)
    assert place is not None
    assert ("RUNTIME_BACKEND_TARGET", scene.target, True, True) == (
        place.why,
        place.environment.prefix if place.environment else None,
        place.is_target,
        place.ends,
    )


def test_explicit_lock(tmp_path: Path) -> None:
    """A named lock wins over a named target, and is read for the project next to it."""
    scene = Scene(tmp_path)
    caller = scene.pip(scene.shell(scene.elsewhere))
    lock = Named(path=scene.consumer / "uv.lock", origin="RUNTIME_BACKEND_LOCK")
    target = Named(path=scene.target, origin="RUNTIME_BACKEND_TARGET")
    alone, both = named_place(caller, None, lock), named_place(caller, target, lock)
    assert alone is not None
    assert both is not None
    assert (lock.path, (lock.path,), scene.consumer) == (alone.path, alone.locks, alone.selection.project)
    assert (True, True, None) == (alone.is_target, alone.ends, alone.environment)
    assert ("RUNTIME_BACKEND_LOCK and RUNTIME_BACKEND_TARGET", (lock.path,)) == (both.why, both.locks)


def test_explicit_target_missing(tmp_path: Path) -> None:
    """A named target that does not exist is refused."""
    scene = Scene(tmp_path)
    target = Named(path=tmp_path / "nowhere", origin="RUNTIME_BACKEND_TARGET")
    with pytest.raises(TargetError) as caught:
        named_place(scene.pip(scene.shell(scene.elsewhere)), target, None)
    expected = "the prefix of an environment, or its interpreter"
    assert f"RUNTIME_BACKEND_TARGET: found '{tmp_path}/nowhere', expected {expected}" == str(caught.value)


def test_explicit_lock_missing(tmp_path: Path) -> None:
    """A named lock that does not exist is refused."""
    scene = Scene(tmp_path)
    lock = Named(path=tmp_path, origin="RUNTIME_BACKEND_LOCK")
    with pytest.raises(TargetError) as caught:
        named_place(scene.pip(scene.shell(scene.elsewhere)), None, lock)
    assert f"RUNTIME_BACKEND_LOCK: found '{tmp_path}', expected the path of a lock file" == str(caught.value)


@pytest.mark.parametrize("name", LOCK_NAMES)
def test_every_lock_by_folder(name: str, tmp_path: Path) -> None:
    """Each kind of lock is found in the frontend's working directory, in a fixed order."""
    scene = Scene(tmp_path)
    write(scene.elsewhere / name, "")
    caller = scene.build(scene.shell(scene.elsewhere))
    place = next(place for place in find_places(scene.source, caller) if place.locks)
    assert (place.locks, place.why) == ((scene.elsewhere / name,), "where the frontend was started")
    write(scene.elsewhere / "uv.lock", "")
    assert next(p for p in find_places(scene.source, caller) if p.locks).locks == (scene.elsewhere / "uv.lock",)


def test_environment_of_pixi(tmp_path: Path) -> None:
    """Pixi's environments are in its own folder."""
    scene = Scene(tmp_path)
    make_torch(make_conda(scene.elsewhere / ".pixi/envs/default"), "2.5.1")
    outcome = resolve(scene, scene.build(scene.shell(scene.elsewhere)))
    assert outcome.resolution is not None
    assert outcome.resolution.identity.version == "2.5.1"
