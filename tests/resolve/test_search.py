"""The search for a runtime: the precedence of pins, locks and environments, and the steps in the report."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from asking import Frontend, make_asker
from callers import LOCKED, OTHER, STALE, TARGET, Scene, lock_text
from packaging.requirements import Requirement
from standins import make_torch, make_venv, write

from runtime_backend.config import RuntimeRule, load_settings
from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.caller import Caller
from runtime_backend.resolve.outcome import Outcome
from runtime_backend.resolve.resolver import Resolver
from runtime_backend.system.platforms import UNFIT

SHA = "ab" * 32
URL = "https://example.org/torch-{}-py3-none-any.whl"


def make_resolver(scene: Scene, caller: Caller, *, may_ask: bool = True) -> Resolver:
    """Return the resolver of a hook."""
    asker = make_asker(scene.root / "asked", caller)
    return Resolver(load_settings(scene.source, environ=caller.environ), caller, asker, may_ask=may_ask)


def resolve(scene: Scene, caller: Caller, requirement: str = "torch", **variables: str) -> Outcome:
    """Resolve a runtime as a hook does, with some of our variables."""
    caller = caller._replace(environ={**caller.environ, **variables})
    parsed = Requirement(requirement)
    rule = RuntimeRule(name=parsed.name, requirement=parsed, match="exact", origin="pyproject.toml: match-runtime")
    return make_resolver(scene, caller).resolve(rule)


def installing(program: str, scene: Scene) -> Caller:
    """Return the caller under a command that installs into the target."""
    shell = scene.shell(scene.elsewhere)
    return scene.pip(shell) if program == "pip" else scene.uv(shell, "pip", "install", "-p", str(scene.target), ".")


def summary(outcome: Outcome) -> tuple[str, str, bool, str | None]:
    """Return version, origin, whether it is installed, and URL of the resolution."""
    found = outcome.resolution
    assert found is not None, outcome.refusal
    return found.identity.version, found.how, found.distribution is not None, found.url


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with procfs."""
    return Scene(tmp_path)


@pytest.mark.parametrize(
    ("pin", "version", "installed"),
    [
        (f"torch=={TARGET}", TARGET, True),
        ("torch==2.7", TARGET, True),
        (f"torch==={TARGET}", TARGET, True),
        ("torch==9.0", "9.0", False),
        (f"torch @ {URL.format(TARGET)}", TARGET, True),
        (f"torch @ {URL.format('2.7.0%2Bcu126')}", "2.7.0+cu126", False),
    ],
)
def test_pin(pin: str, version: str, installed: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """For a build without a target a pin is the decision; an installed runtime is used if the pin accepts it."""
    caller = scene.build(scene.shell(scene.elsewhere), by=scene.target)
    outcome = resolve(scene, caller, RUNTIME_BACKEND_PIN=pin)
    url = pin.partition(" @ ")[2] or None
    assert (version, "pinned", installed, url) == summary(outcome)
    assert "pinned: RUNTIME_BACKEND_PIN" == str(outcome.decision)


@pytest.mark.parametrize("program", ["pip", "uv"])
@pytest.mark.parametrize(
    ("pin", "changed"),
    [
        (f"torch=={TARGET}", None),
        ("torch==2.7", None),
        (f"torch==={TARGET}", None),
        (f"torch @ {URL.format(TARGET)}", None),
        ("torch==9.0", "9.0"),
        ("torch==9.0", "9.0+cpu"),
    ],
)
def test_pin_that_agrees(program: str, pin: str, changed: str | None, scene: Scene, frontend: Frontend) -> None:
    """For a command with a target, a pin that agrees changes nothing."""
    frontend.changes = {} if changed is None else {"torch": Change(version=changed)}
    outcome = resolve(scene, installing(program, scene), RUNTIME_BACKEND_PIN=pin)
    if changed is None:
        assert (TARGET, "installed", True, None) == summary(outcome)
        assert f"asked: a dry run: torch {TARGET} stays" == str(outcome.decision)
    else:
        assert (changed, "asked", False, None) == summary(outcome)
        assert f"asked: a dry run: torch {TARGET} -> {changed}" == str(outcome.decision)
    assert outcome.refusal is None


@pytest.mark.parametrize("program", ["pip", "uv"])
@pytest.mark.parametrize(
    ("pin", "version"),
    [("torch==9.0", "9.0"), (f"torch @ {URL.format('2.7.0%2Bcu126')}", "2.7.0+cu126"), ("torch==2.6", "2.6")],
)
def test_pin_that_differs(program: str, pin: str, version: str, scene: Scene) -> None:
    """A pin that differs from the target's runtime is a stop that names both, with a command that agrees."""
    outcome = resolve(scene, installing(program, scene), RUNTIME_BACKEND_PIN=pin)
    pinned = shlex.quote(pin)
    command = (
        f"pip install {pinned} {scene.source}" if program == "pip" else f"uv pip install {pinned} -p {scene.target} ."
    )
    assert (None, "DecisionError") == (outcome.resolution, type(outcome.refusal).__name__)
    assert (
        f"RUNTIME_BACKEND_PIN names torch {version}, but the target will have torch {TARGET}"
        f" (a dry run: torch {TARGET} stays)\n"
        f"Give the frontend the same runtime: {command}; or remove RUNTIME_BACKEND_PIN."
    ) == str(outcome.refusal)


def test_pin_where_nothing_else_installs_it(scene: Scene) -> None:
    """A pin counts for a target that will have no other runtime."""
    make_venv(scene.root / "bare")
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=scene.root / "bare")
    outcome = resolve(scene, caller, RUNTIME_BACKEND_PIN="torch==9.0")
    assert ("9.0", "pinned", False, None) == summary(outcome)
    assert "pinned: RUNTIME_BACKEND_PIN; nothing else installs torch" == str(outcome.decision)


def test_pin_accepts_a_variant(scene: Scene) -> None:
    """A pin by version accepts a local version, as PEP 440 says; one by URL means that one wheel."""
    make_torch(make_venv(scene.root / "cpu"), "2.12.0+cpu")
    caller = scene.build(scene.shell(scene.elsewhere), by=scene.root / "cpu")
    by_version = resolve(scene, caller, RUNTIME_BACKEND_PIN="torch==2.12.0")
    by_url = resolve(scene, caller, RUNTIME_BACKEND_PIN=f"torch @ {URL.format('2.12.0')}")
    assert ("2.12.0+cpu", "pinned", True, None) == summary(by_version)
    assert ("2.12.0", "pinned", False, URL.format("2.12.0")) == summary(by_url)


@pytest.mark.parametrize("version", ["2.9.0.dev20260101", "2.9.0rc1"])
def test_pin_of_a_nightly(version: str, scene: Scene) -> None:
    """A pin can be a pre-release."""
    make_torch(make_venv(scene.root / "nightly"), version)
    caller = scene.build(scene.shell(scene.elsewhere), by=scene.root / "nightly")
    outcome = resolve(scene, caller, RUNTIME_BACKEND_PIN=f"torch=={version}")
    assert (version, "pinned", True, None) == summary(outcome)


def test_pin_below_a_nightly(scene: Scene) -> None:
    """A pin by version accepts its variants, but no later pre-release."""
    make_torch(make_venv(scene.root / "nightly"), "2.9.1.dev1")
    caller = scene.build(scene.shell(scene.elsewhere), by=scene.root / "nightly")
    outcome = resolve(scene, caller, RUNTIME_BACKEND_PIN="torch==2.9.0")
    assert ("2.9.0", "pinned", False, None) == summary(outcome)


def test_pin_beside_a_target(scene: Scene) -> None:
    """If both a target and a pin are set, the message names the pin."""
    outcome = resolve(
        scene,
        scene.pip(scene.shell(scene.elsewhere)),
        RUNTIME_BACKEND_PIN="torch==9.0",
        RUNTIME_BACKEND_TARGET=str(scene.other),
    )
    assert str(outcome.refusal).startswith(
        f"RUNTIME_BACKEND_PIN names torch 9.0, but the target will have torch {TARGET} "
    )


def test_target_of_the_command_itself(scene: Scene) -> None:
    """If the named target is the command's own, a step reports that."""
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere)), RUNTIME_BACKEND_TARGET=str(scene.target))
    assert (TARGET, "installed", True, None) == summary(outcome)
    assert ("RUNTIME_BACKEND_TARGET", str(scene.target), "the command's own target") == tuple(outcome.steps[0])


def test_imported_already(scene: Scene) -> None:
    """The outcome has the version that this process imported."""
    caller = scene.pip(scene.shell(scene.elsewhere))._replace(find_imported={"torch": "2.6.0"}.get)
    assert "2.6.0" == resolve(scene, caller).imported
    assert None is resolve(scene, caller, "numpy").imported


def test_pin_of_another_name(scene: Scene) -> None:
    """A pin counts for the runtime that it names."""
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere)), RUNTIME_BACKEND_PIN="numpy==1")
    assert (TARGET, "installed", True, None) == summary(outcome)


def test_pin_beyond_an_absent_place(scene: Scene) -> None:
    """A pinned runtime is searched for in every environment up to the target; missing ones are skipped."""
    caller = scene.build(scene.shell(scene.elsewhere, scene.target), by=scene.root / "nowhere")
    assert (TARGET, "pinned", True, None) == summary(resolve(scene, caller, RUNTIME_BACKEND_PIN=f"torch=={TARGET}"))


def test_pin_of_another_one_than_the_first(scene: Scene) -> None:
    """The first environment with the runtime counts; later ones are not looked at."""
    make_torch(make_venv(scene.root / "first"), "1.1.0")
    caller = scene.build(scene.shell(scene.elsewhere, scene.other), by=scene.root / "first")
    assert (OTHER, "pinned", False, None) == summary(resolve(scene, caller, RUNTIME_BACKEND_PIN=f"torch=={OTHER}"))


def test_pin_without_any_place(scene: Scene) -> None:
    """A pin needs no environment."""
    caller = scene.build(scene.shell(scene.elsewhere))
    assert (TARGET, "pinned", False, None) == summary(resolve(scene, caller, RUNTIME_BACKEND_PIN=f"torch=={TARGET}"))


def test_pin_of_a_broken_wheel(scene: Scene) -> None:
    """A pin with a URL of another file than a wheel is refused."""
    pin = "torch @ https://example.org/torch.whl"
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere)), RUNTIME_BACKEND_PIN=pin)
    assert str(outcome.refusal).startswith(f"RUNTIME_BACKEND_PIN: found {pin!r}, expected the URL of a wheel: ")


def test_lock_of_a_manager(scene: Scene) -> None:
    """Under a project manager the lock counts, without a note about the environment, which is about to change."""
    outcome = resolve(scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (LOCKED, "locked", False, URL.format(LOCKED)) == summary(outcome)
    assert () == outcome.notes


def test_lock_without_a_wheel_for_this_platform(scene: Scene) -> None:
    """If no locked wheel fits this platform, the resolution has the reason and the lock."""
    write(scene.consumer / "uv.lock", lock_text(LOCKED).replace("py3-none-any", "cp311-cp311-win_arm64"))
    found = resolve(scene, scene.uv(scene.shell(scene.consumer), "sync")).resolution
    assert found is not None
    assert (UNFIT, f"{scene.consumer}/uv.lock", None) == (found.missing, found.origin, found.url)


def test_lock_that_is_installed(scene: Scene) -> None:
    """A locked runtime that is installed can be reused."""
    write(scene.consumer / "uv.lock", lock_text(STALE))
    outcome = resolve(scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (STALE, "locked", True, URL.format(STALE)) == summary(outcome)
    assert outcome.resolution is not None
    environment = outcome.resolution.environment
    assert environment is not None
    assert (SHA, scene.consumer / ".venv") == (outcome.resolution.sha256, environment.prefix)


def test_lock_and_installed_disagree(scene: Scene) -> None:
    """Without a project manager, a note reports a lock and an environment that disagree."""
    outcome = resolve(scene, scene.build(scene.shell(scene.consumer)))
    assert (LOCKED, "locked", False, URL.format(LOCKED)) == summary(outcome)
    assert (
        f"torch {STALE} is installed in {scene.consumer}/.venv, but {scene.consumer}/uv.lock pins {LOCKED}:"
        " building against the locked one",
    ) == outcome.notes


def test_lock_believed_for_want_of_an_installed_one(scene: Scene) -> None:
    """Without an installed torch, the lock in the folder is used, with a note; a named lock needs no note."""
    make_venv(scene.root / "bare")
    bare = scene.root / "bare"
    lock = write(scene.root / "only-lock" / "uv.lock", lock_text(LOCKED))
    caller = scene.build(scene.shell(lock.parent), by=bare)
    outcome = resolve(scene, caller)
    assert "found: build installs nothing with this wheel" == str(outcome.decision)
    assert (LOCKED, "locked", False, URL.format(LOCKED)) == summary(outcome)
    assert (
        f"no torch is installed in the target; building against torch {LOCKED} in {lock} (where the frontend was"
        " started); for another one, install it first or set RUNTIME_BACKEND_PIN",
    ) == outcome.notes
    named = resolve(scene, caller, RUNTIME_BACKEND_LOCK=str(lock))
    assert ((LOCKED, "locked", False, URL.format(LOCKED)), ()) == (summary(named), named.notes)


@pytest.mark.parametrize("program", ["pip", "uv"])
def test_lock_by_folder_beside_a_command_with_a_target(program: str, scene: Scene) -> None:
    """For a command with a target, a lock in its folder does not count, because it installs nothing from the lock."""
    make_venv(scene.root / "bare")
    shell = scene.shell(scene.consumer)
    words = ("pip", "install", "-p", str(scene.root / "bare"), ".")
    caller = scene.pip(shell, prefix=scene.root / "bare") if program == "pip" else scene.uv(shell, *words)
    outcome = resolve(scene, caller)
    assert (None, "asked: a dry run: no torch") == (outcome.resolution, str(outcome.decision))


def test_lock_of_another_project(scene: Scene) -> None:
    """A lock further up that does not contain the project is not used."""
    make_venv(scene.root / "bare")
    write(scene.root / "only-lock" / "uv.lock", lock_text(LOCKED))
    inner = write(scene.root / "only-lock" / "inner" / "pyproject.toml", "").parent
    caller = scene.build(scene.shell(inner), by=scene.root / "bare")
    outcome = resolve(scene, caller)
    step = f"where the frontend was started (no extra, default groups): {scene.root}/only-lock/uv.lock: no torch"
    assert (None, True) == (outcome.resolution, step in str(outcome.refusal))


def test_known_target_is_the_only_environment(scene: Scene) -> None:
    """If the target has no runtime, other environments do not count; a lock does if no command can be seen."""
    make_venv(scene.root / "bare")
    bare = scene.root / "bare"
    assert resolve(scene, scene.pip(scene.shell(scene.elsewhere, scene.other), prefix=bare)).resolution is None
    unseen = Scene(scene.root / "unseen", procfs=False)
    caller = unseen.pip(unseen.shell(unseen.elsewhere, unseen.other), prefix=bare)
    assert resolve(unseen, caller).resolution is None
    found = resolve(unseen, unseen.pip(unseen.shell(unseen.consumer, unseen.other), prefix=bare))
    assert (LOCKED, "locked", False, URL.format(LOCKED)) == summary(found)
    assert "assumed: the command of pip cannot be seen" == str(found.decision)


def test_other_python(scene: Scene) -> None:
    """An environment of another Python is skipped, and the message lists it."""
    make_torch(make_venv(scene.root / "old", "3.9"), "2.7.0")
    caller = scene.build(scene.shell(scene.elsewhere, scene.root / "old"))
    outcome = resolve(scene, caller)
    assert outcome.resolution is None
    assert f"{scene.root}/old: an environment of Python 3.9, but this build runs Python 3.11" in str(outcome.refusal)


def two_torches(*extras: str) -> str:
    """Return a pylock with two torches for one selection."""
    package = (
        '[[packages]]\nname = "torch"\nversion = "{0}"\n[[packages.wheels]]\nname = "torch-{0}-py3-none-any.whl"\n'
    )
    package += 'url = "https://example.org/{0}.whl"\nhashes = {{ sha256 = "{1}" }}\n'
    return 'lock-version = "1.0"\ncreated-by = "me"\n' + "".join(package.format(v, SHA) for v in extras)


def test_several_locks(scene: Scene) -> None:
    """Two named locks in one folder with different torches are a stop that names both."""
    folder = scene.elsewhere
    for name, version in (("cpu", "2.7.0+cpu"), ("gpu", "2.7.0+cu126")):
        write(folder / f"pylock.{name}.toml", two_torches(version))
    outcome = resolve(scene, scene.build(scene.shell(folder)))
    assert (
        f"{folder}/pylock.cpu.toml pins 2 different torch, expected one"
        " (no extra, default groups):\n  torch 2.7.0+cpu\n  torch 2.7.0+cu126\n"
        "Name the extra or group on the frontend's command line, or set RUNTIME_BACKEND_PIN='torch==VERSION'."
    ) == str(outcome.refusal)


@pytest.mark.parametrize("where", ["build environment", "beside the locks"])
def test_selected_by_the_installed_runtime(where: str, scene: Scene) -> None:
    """Of two torches in a folder's locks, the one that is installed counts."""
    for name, version in (("cpu", "2.7.0+cpu"), ("gpu", "2.7.0+cu126")):
        write(scene.elsewhere / f"pylock.{name}.toml", two_torches(version))
    caller = scene.build(scene.shell(scene.elsewhere))
    site = scene.site(caller.prefix) if where == "build environment" else make_venv(scene.elsewhere / ".venv")
    make_torch(site, "2.7.0+cu126", cuda="12.6")
    assert "2.7.0+cu126" == summary(resolve(scene, caller))[0]


def test_selected_by_the_exact_version(scene: Scene) -> None:
    """The installed runtime selects the candidate of exactly its version, not a compatible one."""
    for name, version in (("old", "2.6.0"), ("new", "2.7.0")):
        write(scene.elsewhere / f"pylock.{name}.toml", two_torches(version))
    make_torch(make_venv(scene.elsewhere / ".venv"), "2.6.0")
    assert "2.6.0" == summary(resolve(scene, scene.build(scene.shell(scene.elsewhere))))[0]


def test_not_selected_by_the_last_build(scene: Scene) -> None:
    """A torch that the last build left in a kept environment does not count."""
    for name, version in (("cpu", "2.7.0+cpu"), ("gpu", "2.7.0+cu126")):
        write(scene.source / f"pylock.{name}.toml", two_torches(version))
    caller = scene.hatch_build(scene.shell(scene.elsewhere))
    make_torch(scene.site(caller.prefix), "2.7.0+cu126", cuda="12.6")
    outcome = resolve(scene, caller)
    assert (None, True) == (outcome.resolution, "pins 2 different torch" in str(outcome.refusal))


def test_not_selected_by_what_a_manager_is_about_to_change(scene: Scene) -> None:
    """An environment that a project manager is about to change does not select one of two locked runtimes."""
    two = lock_text(LOCKED).replace(
        '[{ name = "torch" }]',
        f'[{{ name = "torch", version = "{LOCKED}" }}, {{ name = "torch", version = "{STALE}" }}]',
    )
    write(scene.consumer / "uv.lock", two + lock_text(STALE).partition("dependencies = ")[2].partition("\n")[2])
    outcome = resolve(scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (
        f"{scene.consumer}/uv.lock pins 2 different torch, expected one"
        f" (no extra, default groups):\n  torch {LOCKED} (https://example.org/simple)\n"
        f"  torch {STALE} (https://example.org/simple)\n"
        "Name the extra or group on the frontend's command line, or set RUNTIME_BACKEND_PIN='torch==VERSION'."
    ) == str(outcome.refusal)
    both = f"torch {LOCKED} (https://example.org/simple) or torch {STALE} (https://example.org/simple)"
    assert both == outcome.steps[0].found


def test_importable_without_isolation(scene: Scene) -> None:
    """Without isolation, the importable runtime counts, whatever locks and environments exist."""
    outcome = resolve(scene, scene.not_isolated(scene.shell(scene.consumer, scene.other), ["pip"]))
    assert (TARGET, "importable", True, None) == summary(outcome)
    assert outcome.resolution is not None
    assert str(scene.target) == outcome.resolution.origin
    assert [("importable, no isolation", str(scene.target), "torch 2.7.0")] == [
        (step.why, step.path, step.found) for step in outcome.steps
    ]


def test_importable_in_the_build_environment(scene: Scene) -> None:
    """A runtime that the frontend installed into the build environment counts if no other is known."""
    caller = scene.build(scene.shell(scene.elsewhere))
    make_torch(scene.site(caller.prefix), "2.2.0")
    outcome = resolve(scene, caller)
    assert ("2.2.0", "importable", True, None) == summary(outcome)
    assert "importable in the build environment" == outcome.steps[-1].why


def test_specifier_guards(scene: Scene) -> None:
    """A runtime that the package does not support is a stop; the outcome keeps the resolution for the report."""
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere)), "torch>=3")
    assert TARGET == summary(outcome)[0]
    assert (
        f"the package does not support torch {TARGET} (installed: {scene.target}):"
        " expected 'torch>=3' (pyproject.toml: match-runtime)\n"
        "Install or lock a torch that the package supports, or ask its authors for a newer release."
    ) == str(outcome.refusal)


def test_prerelease_is_supported(scene: Scene) -> None:
    """A nightly satisfies a specifier, because a person chose it."""
    make_torch(make_venv(scene.root / "nightly"), "2.9.0.dev20260101+cu126")
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere), prefix=scene.root / "nightly"), "torch>=2.4")
    assert None is outcome.refusal


def test_nothing_known(scene: Scene) -> None:
    """If no runtime is found, the message lists every place that was looked at, and the next command."""
    make_venv(scene.root / "bare")
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere), prefix=scene.root / "bare"))
    assert (
        "no torch is known to build against. Looked at:\n"
        f"  the running interpreter: {scene.root}/bare: no torch\n"
        f"  the command: pip install: it may move torch: the requirements of {scene.source} are known only after building\n"
        f"Name it in the same command: pip install torch {scene.source}"
    ) == str(outcome.refusal)


def test_nowhere(scene: Scene) -> None:
    """If there was no place to look at, the message reports that."""
    outcome = resolve(scene, scene.build(scene.shell(scene.elsewhere)))
    assert f"the interpreter that made the build environment: {scene.root}/tools/bin/python: no environment" in str(
        outcome.refusal
    )
    outcome = resolve(scene, scene.hatch_build(scene.shell(scene.elsewhere)))
    assert "Looked at:\n  nothing: no environment and no lock was found\n" in str(outcome.refusal)


def test_unreadable_in_the_build_environment(scene: Scene) -> None:
    """An unreadable torch in the build environment is a stop; the outcome has no facts about it."""
    caller = scene.build(scene.shell(scene.elsewhere), by=scene.target)
    make_torch(scene.site(caller.prefix), "2.7.0")
    (scene.site(caller.prefix) / "torch/version.py").unlink()
    outcome = resolve(scene, caller)
    assert (None, None, None) == (outcome.visible, outcome.resolution, outcome.decision)
    assert "RuntimeReadError" == type(outcome.refusal).__name__


def test_missing_environment_beside_no_lock(scene: Scene) -> None:
    """A project without lock and environment is reported, and no other place is looked at."""
    write(scene.elsewhere / "pyproject.toml", "")
    outcome = resolve(scene, scene.uv(scene.shell(scene.elsewhere, scene.other), "sync"))
    assert ("uv sync, .venv next to the lock", f"{scene.elsewhere}/.venv", "no environment") == (
        outcome.steps[0].why,
        outcome.steps[0].path,
        outcome.steps[0].found,
    )
    assert outcome.resolution is None


def test_unreadable_runtime(scene: Scene) -> None:
    """A torch without a readable identity is a stop, and the search does not go on."""
    (scene.site(scene.target) / "torch/version.py").unlink()
    outcome = resolve(scene, scene.pip(scene.shell(scene.consumer, scene.other)))
    assert (None, "RuntimeReadError") == (outcome.resolution, type(outcome.refusal).__name__)


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        ('{"url": "https://h/t.whl", "archive_info": {"hashes": {"sha256": "a"}}}', ("https://h/t.whl", "a")),
        ('{"url": "https://h/t.whl", "archive_info": {}}', (None, None)),
        ('{"url": "https://h/t.tar.gz", "archive_info": {"hashes": {"sha256": "a"}}}', (None, None)),
        ('{"url": "file:///x", "dir_info": {}}', (None, None)),
        ('{"url": "https://h/t.whl", "archive_info": null}', (None, None)),
        ("[]", (None, None)),
        ("{", (None, None)),
        ("", (None, None)),
    ],
)
def test_direct_url(direct: str, expected: tuple[str | None, str | None], scene: Scene) -> None:
    """The resolution has URL and hash of a runtime that was installed from a URL with a hash."""
    write(scene.site(scene.target) / f"torch-{TARGET}.dist-info/direct_url.json", direct)
    outcome = resolve(scene, scene.pip(scene.shell(scene.elsewhere)))
    assert outcome.resolution is not None
    assert expected == (outcome.resolution.url, outcome.resolution.sha256)


def test_explicit_target_is_final(scene: Scene) -> None:
    """If a named target has no runtime, nothing else is looked at, not even a lock."""
    make_venv(scene.root / "bare")
    caller = scene.build(scene.shell(scene.consumer, scene.other))
    outcome = resolve(scene, caller, RUNTIME_BACKEND_TARGET=str(scene.root / "bare"))
    assert [("RUNTIME_BACKEND_TARGET", "no torch")] == [
        (step.why.rpartition(" ")[2], step.found) for step in outcome.steps
    ]


def test_places_are_looked_up_once(scene: Scene) -> None:
    """Two runtimes of one call share the look-ups."""
    caller = scene.build(scene.shell(scene.consumer), by=scene.target)
    resolver = make_resolver(scene, caller)
    rules = [
        RuntimeRule(name=name, requirement=Requirement(name), match="exact", origin="default")
        for name in ("torch", "numpy", "torch")
    ]
    first, absent, again = (resolver.resolve(rule) for rule in rules)
    assert (None, TARGET, TARGET) == (absent.resolution, summary(first)[0], summary(again)[0])
    assert first.resolution is not None
    assert again.resolution is not None
    assert first.resolution.environment is again.resolution.environment


def toolkit_lock(torch: str, *packages: str) -> str:
    """Return a uv.lock with a torch that requires some packages, each ``name==version``."""
    found = [package.split("==") for package in packages]
    lines = ", ".join(f'{{ name = "{name}", version = "{version}" }}' for name, version in found)
    text = lock_text(torch).replace(
        f'name = "torch"\nversion = "{torch}"\n', f'name = "torch"\nversion = "{torch}"\ndependencies = [{lines}]\n'
    )
    for name, version in found:
        text += f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://example.org/simple" }}\n'
    return text


@pytest.mark.parametrize(
    ("torch", "packages", "cuda"),
    [
        ("2.12.0", ["cuda-toolkit==13.0.2"], "13.0"),
        ("2.12.0", ["nvidia-cuda-runtime==13.2.75"], "13.2"),
        ("2.12.0", ["nvidia-cuda-runtime==13.2.75", "cuda-toolkit==13.0.2"], "13.0"),
        ("2.9.0", ["nvidia-cuda-runtime-cu12==12.8.90"], "12.8"),
        ("2.12.0", ["cuda-toolkit==13.0.2", "cuda-toolkit==13.2.1"], None),
        ("2.12.0", ["numpy==2.0"], None),
        ("2.12.0+cu126", ["cuda-toolkit==13.0.2"], None),
    ],
)
def test_cuda_of_a_locked_torch(torch: str, packages: list[str], cuda: str | None, scene: Scene) -> None:
    """A torch without a label gets the CUDA version of the libraries that are locked with it, if they have one."""
    write(scene.consumer / "uv.lock", toolkit_lock(torch, *packages))
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    text = (scene.source / "pyproject.toml").read_text("utf-8")
    write(scene.source / "pyproject.toml", f"{text}\n[tool.runtime-backend.cuda]\n")
    found = resolve(scene, caller).resolution
    assert found is not None
    assert (torch, cuda) == (found.identity.version, found.identity.cuda)
    write(scene.source / "pyproject.toml", text)  # where nobody asks for CUDA, nobody looks
    found = resolve(scene, caller).resolution
    assert found is not None
    assert found.identity.cuda is None
