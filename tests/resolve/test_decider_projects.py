"""The decision for a project manager's command: read from its lock, or reached without it."""

from __future__ import annotations

import pytest
from asking import Frontend
from callers import LOCKED, STALE, Scene, lock_text, make_caller
from standins import make_venv, write
from test_decider import NEWER, URL, decide, scene, shell, summary, write_package

from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.processes import Process

__all__ = ["scene"]

NO_TORCH = (
    'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n\n'
    '[[package]]\nname = "consumer"\nversion = "0"\nsource = { virtual = "." }\n'
)


def uv(scene: Scene, line: str, **more: str) -> Caller:
    """Return the caller under uv at work on the consumer's project."""
    return scene.uv({**shell(scene, **more), "PWD": str(scene.consumer)}, *line.split(" "))


def manager(scene: Scene, line: str) -> Caller:
    """Return the caller under poetry or pdm at work on the consumer's project."""
    words = line.split(" ")
    made = {**shell(scene), "PWD": str(scene.consumer)}
    process = Process(argv=("python", f"/tools/bin/{words[0]}", *words[1:]), cwd=scene.consumer, environ=made)
    if words[0] == "pdm":
        return scene.caller(scene.consumer / ".venv", made, [], [process])
    (scene.consumer / "uv.lock").unlink(missing_ok=True)
    return scene.poetry(made)._replace(list_ancestors=lambda: [process])


@pytest.fixture
def lock(scene: Scene) -> str:
    """Return the path of the consumer's lock."""
    return f"{scene.consumer}/uv.lock (no extra, default groups)"


@pytest.mark.parametrize("line", ["sync", "sync --inexact", "run python", "add numpy"])
def test_read(line: str, scene: Scene, lock: str, frontend: Frontend) -> None:
    """The locked runtime counts, whatever the environment has now."""
    assert (LOCKED, f"read: {lock}", []) == (*summary(decide(scene, uv(scene, line))), frontend.asked)


@pytest.mark.parametrize(
    ("line", "is_exact"),
    [("sync", True), ("run --exact python", True), ("sync --inexact", False), ("run python", False)],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_lock_that_does_not_reach(  # noqa: PLR0913 - columns and fixtures
    line: str, *, is_there: bool, is_exact: bool, scene: Scene, lock: str, frontend: Frontend
) -> None:
    """A runtime that the lock does not install stays, unless the command removes it: then the frontend is asked."""
    write(scene.consumer / "uv.lock", NO_TORCH)
    frontend.changes["torch"] = Change(version=None)
    if not is_there:
        make_venv(scene.root / "bare")
    more = {} if is_there else {"UV_PROJECT_ENVIRONMENT": str(scene.root / "bare")}
    found = decide(scene, uv(scene, line, **more))
    name = f"{lock.partition(' ')[0]} does not install it (no extra, default groups)"
    why = f"uv {line.partition(' ')[0]}, {'.venv next to the lock' if is_there else 'UV_PROJECT_ENVIRONMENT'}"
    expected = {
        (True, True): (None, f"asked: a dry run: torch {STALE} is removed"),
        (True, False): (STALE, f"read: {name}, and nothing removes it"),
        (False, True): (None, f"read: {name}, and {why} removes what is not locked"),
        (False, False): (None, f"read: {name}, and nothing removes it"),
    }[is_there, is_exact]
    assert expected == summary(found)
    assert (is_there and is_exact) == bool(frontend.asked)


def test_about_to_be_removed(scene: Scene, frontend: Frontend) -> None:
    """``uv sync`` that is about to remove the runtime is a stop, with the option that keeps it."""
    write(scene.consumer / "uv.lock", NO_TORCH)
    frontend.changes["torch"] = Change(version=None)
    assert (
        f"uv sync is about to remove torch {STALE} from {scene.consumer}/.venv: its lock does not install torch here\n"
        "Keep it: uv sync --inexact, with the other arguments unchanged; or add it to the project:"
        " uv add torch"
    ) == str(decide(scene, uv(scene, "sync")).refusal)


@pytest.mark.parametrize(
    ("line", "variable", "expected"),
    [
        ("sync --no-install-package torch", "", (STALE, f"asked: a dry run: torch {STALE} stays")),
        ("sync --no-install-package Torch", "", (STALE, f"asked: a dry run: torch {STALE} stays")),
        ("sync", "torch", (STALE, f"asked: a dry run: torch {STALE} stays")),
        (
            "sync --inexact --no-install-package torch",
            "",
            (STALE, "read: {lock} does not install it (no extra, default groups), and nothing removes it"),
        ),
        ("sync --only-install-package ext", "", (STALE, f"asked: a dry run: torch {STALE} stays")),
        ("sync --no-install-package numpy", "numpy", (LOCKED, "read: {lock} (no extra, default groups)")),
    ],
)
def test_left_out(line: str, variable: str, expected: tuple[str, str], scene: Scene) -> None:
    """If an option of the command excludes the locked torch, the installed one stays."""
    found = decide(scene, uv(scene, line, UV_NO_INSTALL_PACKAGE=variable))
    version, decision = expected
    assert (version, decision.format(lock=f"{scene.consumer}/uv.lock")) == summary(found)


@pytest.mark.parametrize("line", ["sync", "run --isolated python"])
def test_no_lock(line: str, scene: Scene, frontend: Frontend) -> None:
    """Without a lock, or in an environment of its own, uv is asked what it is about to install."""
    (scene.consumer / "uv.lock").unlink()
    frontend.changes["torch"] = NEWER
    before = "none" if "--isolated" in line else STALE
    assert ("9.4.0", f"asked: a dry run: torch {before} -> 9.4.0") == summary(decide(scene, uv(scene, line)))
    assert 1 == len(frontend.asked)


def test_no_lock_and_no_question(scene: Scene) -> None:
    """A hook that may not ask goes on with the installed runtime, without a decision."""
    (scene.consumer / "uv.lock").unlink()
    assert (STALE, None) == summary(decide(scene, uv(scene, "sync"), may_ask=False))


def lock_package(scene: Scene) -> None:
    """Lock the package that is built with the consumer's project."""
    text = lock_text(LOCKED).replace('{ name = "torch" }', '{ name = "torch" }, { name = "ext" }')
    package = f'name = "ext"\nversion = "1"\nsource = {{ directory = "{scene.source}" }}\n'
    write(scene.consumer / "uv.lock", f"{text}\n[[package]]\n{package}")


NAMED = [
    "run --with {source} python",
    "run --with ../source[cuda] python",
    "run --with file://{source} python",
    "run --with file://{encoded} python",
    "run --with Ext python",
    "run --with ext[cuda] python",
    "run --with ext==1 python",
    "run --with ext>=0.5 python",
    "run --with ext@file://{source} python",
    "run --with numpy,ext python",
    "run --with-editable {source} python",
    "run -w {source} python",
    "run --with-requirements requirements.txt python",
]


@pytest.mark.parametrize("line", NAMED)
@pytest.mark.parametrize("is_locked", [True, False])
def test_package_of_the_layer(line: str, is_locked: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001
    """A package in ``uv run --with`` is built for the torch of the layer, even if the project has the package, too."""
    if is_locked:
        lock_package(scene)
    write(scene.consumer / "requirements.txt", "../source\n")
    frontend.changes["torch"] = NEWER
    encoded = f"{scene.source.parent}/%73ource"
    found = decide(scene, uv(scene, line.format(source=scene.source, encoded=encoded)))
    assert ("9.4.0", f"asked: a dry run: torch {LOCKED} -> 9.4.0") == summary(found)
    assert found.resolution is not None
    assert URL == found.resolution.url


@pytest.mark.parametrize(
    "text", ["ext\n", "ext[cuda]>=0.5\n", "ext @ file://{source}\n", "-e {source}\n", "-r nested.txt\n"]
)
@pytest.mark.parametrize("is_package", [True, False])
def test_package_of_the_layer_in_a_file(text: str, is_package: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001
    """A package in a requirements file of the layer is built for the torch of the layer; other packages are not."""
    lock_package(scene)
    write(scene.root / "numpy/pyproject.toml", '[project]\nname = "numpy"\nversion = "1"\n')
    place, name = (scene.source, "ext") if is_package else (scene.root / "numpy", "numpy")
    line = text.replace("ext", name).format(source=place)
    write(scene.consumer / "requirements.txt", f"colorama\n{line}")
    write(scene.consumer / "nested.txt", f"{name}\n")
    frontend.changes["torch"] = NEWER
    found = decide(scene, uv(scene, "run --with-requirements requirements.txt python"))
    assert ("9.4.0" if is_package else LOCKED) == summary(found)[0]


def test_package_of_the_project(scene: Scene, lock: str, frontend: Frontend) -> None:
    """A package that only the project has is built for the project's torch, whatever the layer has."""
    lock_package(scene)
    frontend.changes["torch"] = NEWER
    found = decide(scene, uv(scene, "run --with numpy --with torch==9.4.0 python"))
    assert (LOCKED, f"read: {lock}") == summary(found)


@pytest.mark.parametrize("is_named", [True, False])
def test_package_that_the_layer_requires(is_named: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001
    """A package that the project does not have belongs to the layer, even if its name is unknown."""
    if not is_named:
        write(scene.source / "pyproject.toml", '[build-system]\nbuild-backend = "runtime_backend.build"\n')
    frontend.changes["torch"] = NEWER
    found = decide(scene, uv(scene, "run --with consumer-of-ext python"))
    assert ("9.4.0", f"asked: a dry run: torch {LOCKED} -> 9.4.0") == summary(found)


def test_layer_without_another_torch(scene: Scene, lock: str, frontend: Frontend) -> None:
    """If the layer does not change torch, the lock decides."""
    found = decide(scene, uv(scene, f"run --with {scene.source} python"))
    assert (LOCKED, f"read: {lock}", 1) == (*summary(found), len(frontend.asked))


def test_layer_without_a_lock(scene: Scene, frontend: Frontend) -> None:
    """Without a lock, one answer decides about environment and layer, starting from the installed runtime."""
    (scene.consumer / "uv.lock").unlink()
    frontend.changes["torch"] = NEWER
    found = decide(scene, uv(scene, f"run --with {scene.source} python"))
    assert ("9.4.0", f"asked: a dry run: torch {STALE} -> 9.4.0") == summary(found)
    assert 1 == len(frontend.asked)


def test_layer_before_it_was_asked(scene: Scene, lock: str, frontend: Frontend) -> None:
    """A hook that may not ask about the layer goes on with the project's lock."""
    frontend.changes["torch"] = NEWER
    found = decide(scene, uv(scene, f"run --with {scene.source} python"), may_ask=False)
    assert (LOCKED, f"read: {lock}", []) == (*summary(found), frontend.asked)


POETRY_LOCK = (
    '[[package]]\nname = "numpy"\nversion = "2.0"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
    'files = []\n\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.10"\ncontent-hash = "ab"\n'
)


@pytest.mark.parametrize(
    ("line", "version", "effect"),
    [
        ("poetry install", STALE, "and nothing removes it"),
        ("poetry sync", None, "and {why} removes what is not locked"),
        ("poetry install --sync", None, "and {why} removes what is not locked"),
    ],
)
def test_poetry_lock_that_does_not_reach(line: str, version: str | None, effect: str, scene: Scene) -> None:
    """A runtime that poetry's lock does not install stays, unless poetry removes it; poetry is not asked."""
    lock = write(scene.consumer / "poetry.lock", POETRY_LOCK)
    found = decide(scene, manager(scene, line))
    why = next(step.why for step in found.steps if step.path.endswith(".venv"))
    expected = f"read: {lock} does not install it (no extra, default groups), {effect.format(why=why)}"
    assert (version, expected) == summary(found)


def test_way_out_under_a_manager(scene: Scene) -> None:
    """If a manager's lock has no runtime, the hint is a command of that manager."""
    caller = manager(scene, "poetry sync")
    write(scene.consumer / "poetry.lock", POETRY_LOCK)
    hint = "Add it to the project: poetry add --lock torch, then poetry install; then run the same command again."
    assert hint == str(decide(scene, caller).refusal).splitlines()[-1]


def test_late_lock(scene: Scene) -> None:
    """Poetry writes its lock last, but installs the static requirements of a package first."""
    found = decide(scene, manager(scene, "poetry add ext"))
    why = found.steps[-1].why
    assert (STALE, f"proved: {why} installs requirements first") == summary(found)


def test_late_lock_of_a_package_that_requires_nothing(scene: Scene) -> None:
    """A package that does not name torch may be built before poetry moves it: that is a stop."""
    write_package(scene)
    assert (
        "it is not known which torch the target will have: poetry add writes poetry.lock only after everything is"
        " installed, and installs torch before this package only if [project] dependencies in the package's"
        " pyproject.toml name it\n"
        "Lock first, then install: `poetry add --lock` with the same packages, then `poetry install`. Or name torch in"
        " the package's dependencies."
    ) == str(decide(scene, manager(scene, "poetry add ext")).refusal)


@pytest.mark.parametrize(
    ("line", "is_locked"), [("pdm install", False), ("pdm install", True), ("pdm sync --clean", True)]
)
def test_pdm(line: str, is_locked: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """Without a lock of pdm, the decision is an assumption, and reported as one."""
    write(scene.consumer / "pyproject.toml", '[project]\nname = "consumer"\nversion = "0"\n')
    text = '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:ab"\n'
    lock = write(scene.consumer / "pdm.lock", text)
    if not is_locked:
        lock.unlink()
    found = decide(scene, manager(scene, line))
    why = line.partition(" --")[0]
    unreached = f"read: {lock} does not install it (no extra, default groups)"
    expected = {
        ("pdm install", False): (STALE, f"assumed: {why}: no lock lists what it installs"),
        ("pdm install", True): (STALE, f"{unreached}, and nothing removes it"),
        ("pdm sync --clean", True): (None, f"{unreached}, and {why} removes what is not locked"),
    }[line, is_locked]
    assert expected == summary(found)
    assert (not is_locked) == any(note.startswith(f"NOT VERIFIED: {why}: no lock lists") for note in found.notes)


@pytest.mark.parametrize("is_locked", [True, False])
def test_manager_that_is_not_seen(is_locked: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001 - a column
    """If pdm's command cannot be seen, its lock is an assumption, and reported as one."""
    if is_locked:
        wheel = f'files = [{{file = "torch-{LOCKED}-py3-none-any.whl", hash = "sha256:{"ab" * 32}"}}]\n'
        package = f'[[package]]\nname = "torch"\nversion = "{LOCKED}"\ngroups = ["default"]\n{wheel}'
        head = '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:ab"\n'
        write(scene.consumer / "pdm.lock", f"{head}\n{package}")
    prefix = scene.consumer / ".venv"
    environ = {**shell(scene), "PWD": str(scene.consumer), "PYTHONPATH": "/tmp/pdm-build-env-x/site"}  # noqa: S108
    found = decide(scene, make_caller(prefix, cwd=scene.source, environ=environ))
    if is_locked:
        expected = LOCKED, f"assumed: {scene.consumer}/pdm.lock (no extra, default groups)"
    else:
        expected = STALE, "assumed: pdm (unknown command): no lock lists what it installs"
    assert (*expected, []) == (*summary(found), frontend.asked)
    evidence = expected[1].partition(": ")[2]
    assert any(note.startswith(f"NOT VERIFIED: {evidence}, so it is not known") for note in found.notes)
