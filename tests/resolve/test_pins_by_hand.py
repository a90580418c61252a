"""Pins and named targets compared with the decision, assumptions, and what the package accepts."""

from __future__ import annotations

import pytest
from asking import Frontend
from callers import LOCKED, OTHER, TARGET, Scene
from standins import make_torch, make_venv
from test_decider import NEWER, URL, bare, decide, scene, shell, summary, write_package
from test_decider_projects import manager, uv

from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.caller import Caller

__all__ = ["scene"]

PIN = "RUNTIME_BACKEND_PIN"
PROVED = "proved: 1 requirement is satisfied, nothing is upgraded"


def differs(scene: Scene, words: str, pinned: str, other: str, evidence: str) -> str:
    """Return the stop for a ``pip install`` that leaves another runtime than the pinned one."""
    return (
        f"{PIN} names torch {pinned}, but the target will have {other} ({evidence})\n"
        f"Give the frontend the same runtime: {words.format(scene.source)}; or remove {PIN}."
    )


@pytest.mark.parametrize("pin", [f"torch=={TARGET}", "torch==2.7", f"torch==={TARGET}"])
def test_pin_that_agrees(pin: str, scene: Scene) -> None:
    """A pin that equals the decision does not change it."""
    found = decide(scene, scene.pip(shell(scene)), pin=pin)
    assert (TARGET, PROVED) == summary(found)
    assert found.refusal is None
    assert found.resolution is not None
    assert ("installed", True) == (found.resolution.how, found.resolution.distribution is not None)


@pytest.mark.parametrize(
    ("pin", "words", "way_out"),
    [
        ("torch==9.4.0", [], "pip install torch==9.4.0 {}"),
        ("torch==9.4.0", ["--no-index", "torch"], "pip install torch==9.4.0 --no-index {}"),
        (f"torch @ {URL}", [], f"pip install 'torch @ {URL}' {{}}"),
    ],
)
def test_pin_that_differs(pin: str, words: list[str], way_out: str, scene: Scene) -> None:
    """A pin that the command does not install is a stop, with a command that installs it."""
    found = decide(scene, scene.pip(shell(scene), *words), pin=pin)
    evidence = PROVED if not words else "proved: 2 requirements are satisfied, nothing is upgraded"
    expected = differs(scene, way_out, "9.4.0", f"torch {TARGET}", evidence.partition(": ")[2])
    assert (expected, "DecisionError", None) == (str(found.refusal), type(found.refusal).__name__, found.resolution)


def test_pin_of_a_variant_that_differs(scene: Scene) -> None:
    """The variant counts: a wheel for the pinned variant does not fit the installed one."""
    make_torch(make_venv(scene.root / "cpu"), "2.7.0+cpu")
    found = decide(scene, scene.pip(shell(scene), prefix=scene.root / "cpu"), pin="torch==2.7.0+cu126")
    evidence = PROVED.partition(": ")[2]
    expected = differs(scene, "pip install torch==2.7.0+cu126 {}", "2.7.0+cu126", "torch 2.7.0+cpu", evidence)
    assert expected == str(found.refusal)


def test_pin_that_the_frontend_agrees_with(scene: Scene, frontend: Frontend) -> None:
    """A pin that the frontend is about to install is required in the frontend's own form."""
    frontend.changes["torch"] = NEWER
    caller = scene.pip(shell(scene), "torch==9.4.0", prefix=bare(scene))
    found = decide(scene, caller, pin="torch==9.4.0")
    assert ("9.4.0", "asked: a dry run: torch none -> 9.4.0") == summary(found)
    assert found.resolution is not None
    assert ("asked", URL) == (found.resolution.how, found.resolution.url)


def test_pin_in_a_fresh_environment(scene: Scene, frontend: Frontend) -> None:
    """A pin that the command does not name is a stop, because the frontend installs the newest runtime."""
    frontend.changes["torch"] = NEWER
    found = decide(scene, scene.pip(shell(scene), "torch", prefix=bare(scene)), pin="torch==9.1.0")
    evidence = "a dry run: torch none -> 9.4.0"
    assert differs(scene, "pip install torch==9.1.0 {}", "9.1.0", "torch 9.4.0", evidence) == str(found.refusal)


def test_pin_where_nothing_installs_the_runtime(scene: Scene) -> None:
    """A pin is the decision if the command installs no runtime."""
    write_package(scene)
    found = decide(scene, scene.pip(shell(scene), prefix=bare(scene)), pin="torch==9.1.0")
    assert ("9.1.0", f"pinned: {PIN}; nothing else installs torch") == summary(found)


def test_pin_before_the_decision(scene: Scene, frontend: Frontend) -> None:
    """A hook that needs no decision goes on with the pin."""
    found = decide(scene, scene.pip(shell(scene), "-U", "torch"), may_ask=False, pin="torch==9.1.0")
    assert ("9.1.0", None, []) == (*summary(found), frontend.asked)


def test_named_target_that_the_frontend_reinstalls(scene: Scene, frontend: Frontend) -> None:
    """If the command reinstalls the same version, the installed build does not count: the new one may differ."""
    frontend.changes["torch"] = Change(version=TARGET)
    caller = scene.pip(shell(scene), "--force-reinstall")
    found = decide(scene, caller, target=str(scene.target))
    assert (TARGET, f"asked: a dry run: torch {TARGET} -> {TARGET}") == summary(found)
    assert found.resolution is not None
    assert ("asked", None) == (found.resolution.how, found.resolution.identity.reported)


def test_named_target_that_differs(scene: Scene) -> None:
    """A named environment with another runtime than the target's is a stop, with the setting to remove."""
    found = decide(scene, scene.pip(shell(scene)), target=str(scene.other))
    evidence = PROVED.partition(": ")[2]
    assert f"names torch {OTHER}, but the target will have torch {TARGET} ({evidence})\n" in str(found.refusal)
    assert f"Give the frontend the same runtime: pip install torch=={OTHER} {scene.source}; or remove" in str(
        found.refusal
    )
    assert "or remove RUNTIME_BACKEND_TARGET." in str(found.refusal)


def test_named_lock_that_differs(scene: Scene) -> None:
    """A named lock with another runtime than the target's is a stop, with the setting to remove, not the lock."""
    caller = scene.pip(shell(scene))
    lock = str(scene.consumer / "uv.lock")
    found = decide(scene, caller._replace(environ={**caller.environ, "RUNTIME_BACKEND_LOCK": lock}))
    assert f"Give the frontend the same runtime: pip install torch=={LOCKED} {scene.source}; or remove" in str(
        found.refusal
    )
    assert "or remove RUNTIME_BACKEND_LOCK." in str(found.refusal)


HAS_NONE = (
    "RUNTIME_BACKEND_TARGET has no torch, but the target of the command will have torch"
    f" {TARGET}{{}}\nRemove RUNTIME_BACKEND_TARGET, so that the frontend's own target counts."
)


def test_named_target_without_a_runtime(scene: Scene, frontend: Frontend) -> None:
    """A named environment without a runtime is a stop if the command leaves a runtime in another environment."""
    found = decide(scene, scene.pip(shell(scene)), target=str(bare(scene)))
    assert HAS_NONE.format(" (1 requirement is satisfied, nothing is upgraded)") == str(found.refusal)
    found = decide(scene, scene.pip(shell(scene), "-U", "torch"), target=str(bare(scene)), may_ask=False)
    assert (HAS_NONE.format(""), []) == (str(found.refusal), frontend.asked)


@pytest.mark.parametrize("words", [["torch"], ["-U", "torch"]])
@pytest.mark.parametrize("name", ["bare", "target"])
def test_named_target_of_the_command(name: str, words: list[str], scene: Scene, frontend: Frontend) -> None:
    """If the named environment is the one that the command installs into, the decision is the command's result."""
    bare(scene)
    before = "none" if name == "bare" else TARGET
    frontend.changes["torch"] = NEWER if before == "none" or "-U" in words else Change(version=TARGET)
    after = frontend.changes["torch"].version
    prefix = scene.root / name
    found = decide(scene, scene.pip(shell(scene), "--force-reinstall", *words, prefix=prefix), target=str(prefix))
    assert (after, f"asked: a dry run: torch {before} -> {after}") == summary(found)


def test_named_target_and_command_without_a_runtime(scene: Scene) -> None:
    """A named environment without a runtime agrees with a command that leaves none."""
    write_package(scene)
    found = decide(scene, scene.pip(shell(scene), prefix=bare(scene)), target=str(bare(scene)))
    assert (None, "proved: it requires nothing else, nothing is upgraded", True) == (*summary(found), found.is_unknown)


def test_named_target_of_a_build(scene: Scene) -> None:
    """For a build that installs nothing, a named environment without a runtime means no runtime."""
    found = decide(scene, scene.build(shell(scene), by=scene.target), target=str(bare(scene)))
    assert (None, "pinned: RUNTIME_BACKEND_TARGET", True) == (*summary(found), found.is_unknown)


@pytest.mark.parametrize("line", ["sync", "run python"])
def test_pin_against_a_lock(line: str, scene: Scene) -> None:
    """A pin that the project's lock does not agree with is a stop."""
    found = decide(scene, uv(scene, line), pin=f"torch=={TARGET}")
    assert (
        f"{PIN} names torch {TARGET}, but the target will have torch {LOCKED} ({scene.consumer}/uv.lock (no extra,"
        f" default groups))\nGive the frontend the same runtime: uv add torch=={TARGET}; or remove {PIN}."
        if line == "sync"
        else f"{PIN} names torch {TARGET}, but the target will have torch {LOCKED} ({scene.consumer}/uv.lock (no extra,"
        f" default groups))\nGive the frontend the same runtime: uv run --with torch=={TARGET}, with the other arguments"
        f" unchanged; or remove {PIN}."
    ) == str(found.refusal)


def test_pin_against_a_manager_that_is_not_asked(scene: Scene) -> None:
    """If the frontend has no command for the pin, the hint is to change the project."""
    found = decide(scene, manager(scene, "pdm install"), pin=f"torch=={TARGET}")
    assert f"Give the frontend the same runtime: pin torch=={TARGET} in the project; or remove {PIN}." in str(
        found.refusal
    )


@pytest.mark.parametrize("kind", ["build", "pip wheel", "hatch"])
def test_pin_without_a_target(kind: str, scene: Scene, frontend: Frontend) -> None:
    """A build that installs nothing uses the pin, without asking the frontend."""
    made = shell(scene)
    caller = {
        "build": lambda: scene.build(made),
        "pip wheel": lambda: scene.pip(made, argv=["pip", "wheel", str(scene.source)]),
        "hatch": lambda: scene.hatch_build(made),
    }[kind]()
    assert ("9.1.0", f"pinned: {PIN}", []) == (*summary(decide(scene, caller, pin="torch==9.1.0")), frontend.asked)


def test_pin_under_a_frontend_that_is_not_seen(scene: Scene) -> None:
    """A pin is an assumption if the frontend's command is not visible."""
    scene.procfs = False
    caller = scene.pip(shell(scene))._replace(list_ancestors=list)
    assert ("9.1.0", f"assumed: {PIN}") == summary(decide(scene, caller, pin="torch==9.1.0"))


def test_build_without_a_target(scene: Scene) -> None:
    """A build that installs nothing uses the runtime that was found, which is no assumption."""
    found = decide(scene, scene.build(shell(scene), by=scene.target))
    assert (TARGET, "found: build installs nothing with this wheel", ()) == (*summary(found), found.notes)


def test_command_line(scene: Scene) -> None:
    """For the command line, the decision is the installed runtime, because no command moves it."""
    caller = scene.pip(shell(scene))._replace(is_hook=False, list_ancestors=list)
    assert (TARGET, "found: no frontend is running: a command may still move it") == summary(decide(scene, caller))


def unseen(scene: Scene) -> Caller:
    """Return the caller under pip on a system without access to other processes."""
    return scene.pip(shell(scene))._replace(list_ancestors=list)


def inexact(scene: Scene) -> Caller:
    """Return the caller under pip on a system that shows the arguments of other processes as one line."""
    caller = scene.pip(shell(scene))
    return caller._replace(list_ancestors=lambda: [p._replace(is_exact=False) for p in caller.ancestors])


def renamed(scene: Scene) -> Caller:
    """Return the caller under a program that has pip as a library."""
    caller = scene.pip(shell(scene))
    return caller._replace(
        list_ancestors=lambda: [caller.ancestors[0]._replace(argv=("installer",)), *caller.ancestors[1:]]
    )


@pytest.mark.parametrize("make", [unseen, inexact, renamed])
def test_frontend_that_is_not_seen(make: object, scene: Scene, frontend: Frontend) -> None:
    """If the frontend's command cannot be read, the installed runtime counts, with a loud note."""
    assert callable(make)
    found = decide(scene, make(scene))
    assert (TARGET, "assumed: the command of pip cannot be seen", []) == (*summary(found), frontend.asked)
    assert (
        "NOT VERIFIED: the command of pip cannot be seen, so it is not known what the command installs; assuming torch"
        f" {TARGET} (installed: {scene.target}). If it installs another torch, this wheel does not fit: run pip, uv or"
        " another frontend as a separate program, so that its process can be seen"
    ) == found.notes[-1]
    assert found.decision is not None
    assert not found.decision.is_verified


def test_unknown_frontend(scene: Scene) -> None:
    """Under an unknown program, the decision is an assumption, too."""
    caller = scene.not_isolated(shell(scene), ["installer"])
    found = decide(scene, caller)
    assert (TARGET, "assumed: the command of the frontend cannot be seen") == summary(found)


REPLACED = (
    "the package does not accept torch {}: expected 'torch>=99' (pyproject.toml: project.dependencies); installing the"
    " package would replace the runtime\n{}"
)


def test_own_requirement_under_pip(scene: Scene) -> None:
    """A runtime that the package does not accept is a stop, with a command that installs a fitting one."""
    write_package(scene, "torch>=99")
    found = decide(scene, scene.pip(shell(scene), "torch"))
    hint = f"Install a torch that fits, or name it: pip install 'torch>=99' {scene.source}."
    assert REPLACED.format(f"{TARGET} (installed: {scene.target})", hint) == str(found.refusal)
    assert "ResolutionError" == type(found.refusal).__name__


def test_own_requirement_under_a_manager(scene: Scene) -> None:
    """If the frontend has no command for it, the hint is to change the environment."""
    write_package(scene, "torch>=99")
    (scene.consumer / "uv.lock").unlink()
    hint = "Install a torch that fits into the environment that the wheel is for, then run the same command again."
    found = decide(scene, manager(scene, "pdm install"))
    assert REPLACED.format(f"1.5.0 (installed: {scene.consumer}/.venv)", hint) == str(found.refusal)


def test_own_requirement_with_no_dependencies(scene: Scene) -> None:
    """With ``--no-deps``, a runtime that the package does not accept is not refused, because nothing replaces it."""
    write_package(scene, "torch>=99")
    found = decide(scene, scene.pip(shell(scene), "--no-deps"))
    assert (TARGET, None, False) == (summary(found)[0], found.refusal, found.is_bound)
    assert decide(scene, scene.pip(shell(scene))).is_bound


def test_own_requirement_of_a_runtime_without_a_version(scene: Scene, frontend: Frontend) -> None:
    """A requirement on a source tree of unknown version refuses nothing."""
    write_package(scene, "torch>=99")
    frontend.changes["torch"] = Change(version="")
    assert None is decide(scene, scene.pip(shell(scene), "-U", "torch")).refusal


def test_without_isolation(scene: Scene, frontend: Frontend) -> None:
    """Without isolation the frontend is asked, too: the command may move the importable torch."""
    frontend.changes["torch"] = NEWER
    argv = ["pip", "install", "--no-build-isolation", "-U", "torch", str(scene.source)]
    found = decide(scene, scene.not_isolated(shell(scene), argv))
    assert ("9.4.0", f"asked: a dry run: torch {TARGET} -> 9.4.0") == summary(found)


def test_removed_beside_an_importable_one(scene: Scene, frontend: Frontend) -> None:
    """A runtime that only the build environment has counts if the target will have none."""
    write_package(scene)
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(bare(scene))), "pip", "install", str(scene.source))
    make_torch(scene.site(caller.prefix), "2.2.0")
    found = decide(scene, caller)
    assert ("2.2.0", "proved: it requires nothing else, nothing is upgraded", []) == (*summary(found), frontend.asked)
    assert found.resolution is not None
    assert "importable" == found.resolution.how


def test_assumed_in_a_hook_that_need_not_know(scene: Scene) -> None:
    """A hook that only describes the package prints no note about an invisible command."""
    caller = scene.pip(shell(scene))._replace(list_ancestors=list)
    found = decide(scene, caller, may_ask=False)
    assert (TARGET, ()) == (summary(found)[0], found.notes)


def test_importable_and_about_to_be_removed(scene: Scene, frontend: Frontend) -> None:
    """Without isolation, an importable runtime does not count if the command removes it."""
    frontend.changes["torch"] = Change(version=None)
    caller = scene.not_isolated(shell(scene), ["uv", "pip", "sync", "requirements.txt"])
    found = decide(scene, caller)
    assert (None, f"asked: a dry run: torch {TARGET} is removed") == summary(found)
