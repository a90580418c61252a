"""Which hooks ask the frontend, what they answer in a dry run, and how unverified builds are marked."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from asking import Frontend
from callers import TARGET, Scene
from hooks import call_of, make_source
from stamps import read_stamp
from standins import make_distribution, make_torch, make_venv
from test_decider import NEWER, shell
from test_plan import plan

from runtime_backend.cli.stale.staleness import Finding, find_stamped
from runtime_backend.errors import DecisionError
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.environments import EnvironmentReader

HOOKS = (
    "get_requires_for_build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "prepare_metadata_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "build_sdist",
    "build_wheel",
    "build_editable",
)
STATIC = '\n[project]\nname = "nonsense"\nversion = "1.0"\ndependencies = ["torch"]\n'


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose source is built by the recording backend."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", STATIC)
    (tmp_path / "dist").mkdir()
    return scene


def asking(hooks: tuple[str, ...], scene: Scene, caller: Caller, frontend: Frontend) -> list[str]:
    """Return the names of the hooks that ask the frontend."""
    asked = []
    for number, hook in enumerate(hooks, start=1):
        before = len(frontend.asked)
        anew = [caller.ancestors[0]._replace(pid=number), *caller.ancestors[1:]]
        plan(hook, scene, caller._replace(list_ancestors=partial(list, anew)))
        asked += [hook] * (len(frontend.asked) - before)
    return asked


WHEEL_HOOKS = ["get_requires_for_build_wheel", "get_requires_for_build_editable", "build_wheel", "build_editable"]


@pytest.mark.parametrize(
    ("table", "words", "expected"),
    [
        ("", ["-U", "torch"], WHEEL_HOOKS),
        ('metadata = "real"\n', ["-U", "torch"], [hook for hook in HOOKS if "sdist" not in hook]),
        ('metadata = "stub"\n', ["-U", "torch"], WHEEL_HOOKS),
        ('provision = "none"\n', ["-U", "torch"], []),
        ("", ["--dry-run", "-U", "torch"], ["build_wheel", "build_editable"]),
        ('unresolved = "newest"\n', ["--dry-run", "-U", "torch"], WHEEL_HOOKS),
    ],
)
def test_hooks_that_ask(table: str, words: list[str], expected: list[str], scene: Scene, frontend: Frontend) -> None:
    """Hooks that build, or whose answer is for a build, ask the frontend; hooks that only describe do not."""
    make_source(scene.source, "backends.recording", f"{table}{STATIC}")
    assert expected == asking(HOOKS, scene, scene.pip(shell(scene), *words), frontend)


def test_one_question_a_command(scene: Scene, frontend: Frontend) -> None:
    """All hooks of one command share one answer, including those that would not ask."""
    frontend.changes["torch"] = NEWER
    caller = scene.pip(shell(scene), "-U", "torch")
    found = [plan(hook, scene, caller).runtimes[0] for hook in HOOKS]
    assert ["9.4.0"] * 5 == [r.identity.version for r in found[:5] if r.identity is not None]
    assert 1 == len(frontend.asked)


def asked(caller: Caller) -> Caller:
    """Return the caller in a dry run that we started."""
    return caller._replace(environ={**caller.environ, "_RUNTIME_BACKEND_ASKING": "1"})


@pytest.mark.parametrize("table", ["", 'metadata = "real"\n', 'unresolved = "newest"\n'])
def test_frontend_that_is_asked(table: str, scene: Scene, frontend: Frontend) -> None:
    """In our own dry run a hook does not ask again, and requires no runtime: otherwise the dry runs would nest."""
    make_source(scene.source, "backends.recording", f"{table}{STATIC}")
    make_venv(scene.root / "bare")
    caller = asked(scene.pip(shell(scene), "-U", "torch", prefix=scene.root / "bare"))
    assert [] == asking(HOOKS, scene, caller, frontend)
    for hook in HOOKS[:3]:
        assert () == plan(hook, scene, caller).requirements


def test_requirements_for_a_frontend_that_is_asked(scene: Scene) -> None:
    """In a dry run, the answer is the real backend's requirements, without the runtime that is not installed yet."""
    caller = asked(scene.uv({**shell(scene), "PWD": str(scene.consumer)}, "sync"))
    found = call_of("get_requires_for_build_wheel", scene, caller).requirements(None)
    assert ["nonsense-of-a-wheel>=3", "not a requirement!"] == found


def test_metadata_for_a_frontend_that_is_asked(scene: Scene, frontend: Frontend) -> None:
    """In a dry run, the metadata are given."""
    caller = asked(scene.pip(shell(scene), "-U", "torch"))
    made = call_of("prepare_metadata_for_build_wheel", scene, caller).run(str(scene.root / "dist"), None)
    assert "Requires-Dist: torch" in (scene.root / "dist" / made / "METADATA").read_text("utf-8").splitlines()
    assert [] == frontend.asked


@pytest.mark.parametrize("hook", ["build_wheel", "build_editable"])
def test_wheel_for_a_frontend_that_is_asked(hook: str, scene: Scene, frontend: Frontend) -> None:
    """In a dry run no wheel is built, because its runtime is the question of the dry run."""
    with pytest.raises(DecisionError) as caught:
        call_of(hook, scene, asked(scene.pip(shell(scene)))).build(str(scene.root / "dist"), None)
    assert (
        "the frontend's dry run needs the metadata of this package, and its real backend gives no metadata without a"
        " build"
    ) == str(caught.value)
    assert ([], []) == (frontend.asked, list((scene.root / "dist").iterdir()))


@pytest.mark.parametrize("is_seen", [True, False])
def test_stamp(is_seen: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """The stamp records whether it was known that the target would have the runtime."""
    caller = scene.pip(shell(scene))
    caller = caller if is_seen else caller._replace(list_ancestors=list)
    made = call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None)
    stamp = read_stamp(scene.root / "dist" / made)
    assert stamp is not None
    assert [(TARGET, is_seen)] == [(runtime["version"], runtime["verified"]) for runtime in stamp["runtimes"]]


def found_in(site: Path, *verified: bool | None) -> Finding:
    """Return the findings for a distribution that was built for torch 2.7.0, and perhaps for more runtimes."""
    runtimes = [
        {"name": "torch", "match": "exact", "version": "2.7.0", "reported": "2.7.0", "cuda": None, "hip": None}
        | {"git-version": "0123abc"}
        | ({} if one is None else {"verified": one})
        for one in verified
    ]
    stamp = json.dumps({"format": 1, "runtimes": runtimes})
    make_distribution(site, "ext", "1.0", extra={"runtime-backend.json": stamp})
    environment = EnvironmentReader(python="3.11", user_base=site).read(site.parents[2])
    assert environment is not None
    (finding,) = find_stamped(environment)
    return finding


UNVERIFIED = " (unverified: the frontend's command was not seen when it was built)"


@pytest.mark.parametrize(
    ("verified", "is_verified"),
    [((True,), True), ((None,), True), ((False,), False), ((True, False), False), ((None, True), True)],
)
@pytest.mark.parametrize(
    ("installed", "state", "more"), [("2.7.0", "fits", ""), ("2.8.0", "stale", ", installed is torch 2.8.0")]
)
def test_check(  # noqa: PLR0913 - columns
    installed: str, state: str, more: str, verified: tuple[bool | None, ...], *, is_verified: bool, tmp_path: Path
) -> None:
    """A build with at least one assumed runtime is reported as built for an assumption."""
    site = make_venv(tmp_path / "env")
    make_torch(site, installed)
    finding = found_in(site, *verified)
    runtimes = ", ".join(["torch 2.7.0"] * len(verified))
    guessed = "" if is_verified else UNVERIFIED
    assert f"ext 1.0: {state}: built for {runtimes}{guessed}{more * len(verified)}" == str(finding)
    assert is_verified == finding.describe()["verified"]
