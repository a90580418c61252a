"""Build requirements that a hook asks for: from build-requires, a build lock, and constraints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from callers import Scene
from hooks import Said, cached, call_of, make_source
from standins import make_distribution, write
from test_managers import under

from runtime_backend.build_lock.inputs import Inputs
from runtime_backend.config import load_settings
from runtime_backend.errors import LockError, ProvisionError, RuntimeBackendError
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan import Plan
from runtime_backend.plan.as_json import describe_plan
from runtime_backend.plan.as_text import plan_tree, render
from runtime_backend.plan.planning import make_plan

GR, BUILD = "get_requires_for_build_wheel", "build_wheel"
LOCK = "pylock.build.toml"
LOCKED = f'build-requires = ["ninja", "cython"]\nbuild-lock = "{LOCK}"\n'
URL = "https://example.org/{name}-{version}-py3-none-any.whl"
SHA256 = "ab" * 32


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose producer locks its build requirements; its real backend is not installed."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", LOCKED)
    return scene


def entry(name: str, version: str, *, hashes: str = f'sha256 = "{SHA256}"', file: str = URL, more: str = "") -> str:
    """Return a package of a lock."""
    url = file.format(name=name, version=version)
    wheel = f'wheels = [{{ url = "{url}", hashes = {{ {hashes} }} }}]\n'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}{wheel}\n'


NINJA, CYTHON = entry("ninja", "1.11"), entry("cython", "3.1.0")


def lock(scene: Scene, *entries: str, head: str = "", inputs: str | None = None, record: str | None = None) -> Path:
    """Write the build lock."""
    digest = inputs or Inputs.of(load_settings(scene.source, environ={})).digest
    record = f'[tool.runtime-backend]\ninputs = "{digest}"\n' if record is None else record
    text = f'lock-version = "1.0"\ncreated-by = "uv"\n{head}\n{"".join(entries)}{record}'
    return write(scene.source / LOCK, text)


def pip(scene: Scene, **installed: str) -> Caller:
    """Return the caller under pip, in whose build environment something is installed already."""
    overlay = scene.site(scene.root / "tmp/pip-build-env-abcd1234/overlay")
    overlay.mkdir(parents=True, exist_ok=True)
    for name, version in installed.items():
        make_distribution(overlay, name, version)
    return scene.pip(scene.shell(scene.elsewhere), "--no-deps")


def uv(scene: Scene, *words: str, **installed: str) -> Caller:
    """Return the caller under uv, likewise."""
    caller = scene.uv(scene.shell(scene.elsewhere, scene.target), *(words or ("pip", "install", "--no-deps", ".")))
    for name, version in installed.items():
        make_distribution(Path(caller.sys_path[0]), name, version)
    return caller


def asked(scene: Scene, caller: Caller, said: Said | None = None) -> list[str]:
    """Return what the hook asks for."""
    return call_of(GR, scene, caller, said).requirements(None)


def refusal(scene: Scene, caller: Caller) -> str:
    """Return the message of the error."""
    with pytest.raises(RuntimeBackendError) as caught:
        asked(scene, caller)
    return str(caught.value)


def reference(name: str, version: str) -> str:
    """Return the requirement of a locked wheel."""
    return f"{name} @ {URL.format(name=name, version=version)}#sha256={SHA256}"


def plan_of(hook: str, scene: Scene, caller: Caller) -> Plan:
    """Return the plan of a hook call."""
    caller = cached(scene, caller)
    return make_plan(hook, load_settings(scene.source, start=scene.consumer, environ=caller.environ), caller, print)


def test_locked(scene: Scene) -> None:
    """The hook asks for each wheel with its hash; the real backend is not asked, since it is not installed."""
    lock(scene, NINJA, CYTHON, entry("other", "1", more="marker = \"sys_platform == 'never'\"\n"))
    assert [reference("ninja", "1.11"), reference("cython", "3.1.0")] == asked(scene, pip(scene))


def test_requirements_of_an_sdist(scene: Scene) -> None:
    """An sdist is packed with the locked ones, too."""
    lock(scene, NINJA)
    assert [reference("ninja", "1.11")] == call_of("get_requires_for_build_sdist", scene, pip(scene)).requirements(None)


def test_optional_hooks_before_the_backend(scene: Scene) -> None:
    """As long as the real backend is not installed, it is expected to have each hook."""
    assert call_of("get_requires_for_build_editable", scene, pip(scene)).has("build_editable")
    make_source(scene.source, "backends.minimal", LOCKED)
    assert not call_of("build_editable", scene, pip(scene, ninja="1", cython="3")).has("build_editable")


def test_unlocked(scene: Scene) -> None:
    """Without a lock, the build requirements are asked for as they are written; the real backend once it is there."""
    make_source(scene.source, "backends.recording", 'build-requires = ["ninja>=1", "x; sys_platform == \'never\'"]\n')
    assert ["ninja>=1", "x; sys_platform == 'never'"] == asked(scene, pip(scene))
    found = asked(scene, pip(scene, ninja="1.11"))
    assert "ninja>=1" in found
    assert len(found) > 2


def test_off(scene: Scene) -> None:
    """For one call, the lock may be ignored, even if it is broken."""
    write(scene.source / LOCK, "?")
    caller = pip(scene)
    caller = caller._replace(environ={**caller.environ, "RUNTIME_BACKEND_BUILD_LOCK": "off"})
    assert ["ninja", "cython"] == asked(scene, caller)


def test_form_for_uv_with_hashes(scene: Scene) -> None:
    """Uv gets versions if it checks the hashes itself."""
    lock(scene, NINJA)
    assert ["ninja==1.11"] == asked(scene, uv(scene, "sync", "--require-build-hashes"))


@pytest.mark.parametrize("program", ["poetry", "pdm", "uv"])
def test_checked_by_us(program: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poetry and pdm get a file whose hash was checked."""
    checked: list[str] = []
    monkeypatch.setattr(
        "runtime_backend.index.verified.Verifying.verify", lambda self, *_, **__: checked.append(self.url)
    )
    lock(scene, NINJA)
    caller = uv(scene) if program == "uv" else under(scene, program, "install")
    if program == "uv":
        config = caller.prefix / "pyvenv.cfg"
        config.write_text(config.read_text().replace("uv = 0.13.9", "uv = 0.12.9"))
    (found,) = asked(scene, caller)
    assert [URL.format(name="ninja", version="1.11")] == checked
    assert found.startswith("ninja @ file://")
    assert found.endswith(f"/verified/{SHA256[:16]}/ninja-1.11-py3-none-any.whl#sha256={SHA256}")


def test_installed_already(scene: Scene) -> None:
    """What the frontend has installed in the locked version is not asked for again, unless the environment is kept."""
    lock(scene, NINJA, CYTHON)
    assert [reference("cython", "3.1.0")] == asked(scene, pip(scene, ninja="1.11"))
    caller = scene.tox_packaging(scene.shell(scene.source, scene.target))
    make_distribution(Path(caller.sys_path[0]), "ninja", "1.11")
    assert reference("ninja", "1.11") in asked(scene, caller)


def consumers_lock(scene: Scene, *entries: str) -> None:
    """Let a consumer lock the requirements of a package that has them in build-system.requires."""
    build = '[build-system]\nrequires = ["runtime-backend", "ninja"]\nbuild-backend = "runtime_backend.build"\n'
    name = '[project]\nname = "ext"\nversion = "1"\n'
    own = '[tool.runtime-backend]\nbuild-backend = "backends.recording"\n'
    write(scene.source / "pyproject.toml", f"{build}{name}{own}")
    path = lock(scene, *entries)
    settings = f'[tool.runtime-backend.packages.ext]\nbuild-lock = "{path}"\n'
    write(scene.elsewhere / "pyproject.toml", settings)


def test_installed_too_early(scene: Scene) -> None:
    """Pip does not replace what it has installed for build-system.requires; uv does."""
    consumers_lock(scene, NINJA)
    found = refusal(scene, pip(scene, ninja="1.13"))
    assert found.startswith("  ninja 1.13 is installed (")
    assert f"expected ninja==1.11 ({scene.source / LOCK})\npip installed that for build-system.requires before" in found
    assert found.endswith("runtime-backend lock --export writes PIP_BUILD_CONSTRAINT.")
    assert [reference("ninja", "1.11")] == asked(scene, uv(scene, ninja="1.13"))
    assert "writes its own build constraints" in refusal(scene, poetry(scene, ninja="1.13"))


def poetry(scene: Scene, **installed: str) -> Caller:
    """Return the caller under poetry, in whose build environment something is installed already."""
    write(scene.consumer / "pyproject.toml", (scene.elsewhere / "pyproject.toml").read_text())
    write(scene.consumer / "poetry.lock", "")
    caller = under(scene, "poetry", "install")
    for name, version in installed.items():
        make_distribution(Path(caller.sys_path[0]), name, version)
    return caller


def test_what_the_shim_brings(scene: Scene) -> None:
    """Packaging is there already, since the shim runs with it; another version is told."""
    lock(scene, NINJA, entry("packaging", "26.1"), entry("tomli", "2.0"))
    said = Said()
    assert [reference("ninja", "1.11")] == asked(scene, pip(scene, packaging="27.0"), said)
    (note,) = said.lines
    assert note.startswith("note: packaging 27.0 is installed (")
    assert note.endswith(f"), expected packaging==26.1 ({scene.source / LOCK})")
    assert None is plan_of(BUILD, scene, pip(scene, ninja="1.11", packaging="27.0")).refusal


def test_build_with_the_locked(scene: Scene) -> None:
    """A build compares what is there."""
    lock(scene, NINJA, CYTHON)
    assert None is plan_of(BUILD, scene, pip(scene, ninja="1.11", cython="3.1.0")).refusal


@pytest.mark.parametrize(("hook", "stops"), [(BUILD, True), ("build_editable", True), ("build_sdist", False)])
def test_build_with_others(hook: str, stops: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A build with another version stops, and so does one that lacks a locked distribution."""
    lock(scene, NINJA, CYTHON)
    found = plan_of(hook, scene, pip(scene, ninja="1.13")).refusal
    assert stops == isinstance(found, ProvisionError)
    if found is not None:
        assert "  ninja 1.13 is installed (" in found.message
        assert f"  cython is not installed, expected cython==3.1.0 ({scene.source / LOCK})" in found.message
        assert str(found.hint).startswith("Run the same command again")


def test_build_with_others_in_a_kept_environment(scene: Scene) -> None:
    """What hatch and tox keep is removed first."""
    lock(scene, NINJA)
    found = plan_of(BUILD, scene, scene.hatch_build(scene.shell(scene.source, scene.target))).refusal
    assert found is not None
    assert str(found.hint).startswith("Remove the build environment that the frontend keeps")


def test_build_without_isolation(scene: Scene) -> None:
    """Without isolation, a difference is a warning, and the hook asks for what is written."""
    lock(scene, NINJA)
    caller = scene.not_isolated(scene.shell(scene.elsewhere), ["pip", "install", "--no-build-isolation", "."])
    found = plan_of(BUILD, scene, caller)
    assert None is found.refusal
    assert f"warning: ninja is not installed, expected ninja==1.11 ({scene.source / LOCK})" in found.notes
    assert ["ninja", "cython"] == asked(scene, caller)


def constrain(scene: Scene, *constraints: str) -> None:
    """Let the consumer restrict build requirements."""
    listed = ", ".join(f'"{text}"' for text in constraints)
    write(scene.elsewhere / "pyproject.toml", f"[tool.runtime-backend]\nbuild-constraints = [{listed}]\n")


def test_constraints(scene: Scene) -> None:
    """What the hook asks for is restricted; what nobody asks for is not."""
    make_source(scene.source, "backends.recording", 'build-requires = ["cython>=3", "x @ https://h/x.whl"]\n')
    constrain(scene, "cython<3.2", "Cython!=3.1.1", "x<2", "unused<1")
    assert ["cython!=3.1.1,<3.2,>=3", "x @ https://h/x.whl"] == asked(scene, pip(scene))


def test_constraints_of_the_backends_answer(scene: Scene) -> None:
    """What the real backend requires is restricted, too."""
    make_source(scene.source, "backends.recording")
    assert "nonsense-of-a-wheel>=3" in asked(scene, pip(scene))
    constrain(scene, "nonsense-of-a-wheel<99")
    assert ["nonsense-of-a-wheel<99,>=3", "not a requirement!"] == asked(scene, pip(scene))


def test_constraints_on_what_is_installed(scene: Scene) -> None:
    """Uv replaces what it has installed, and pip stops."""
    make_source(scene.source, "backends.recording", "build-requires = []\n")
    constrain(scene, "cython<3.2", "packaging<1")
    said = Said()
    assert "cython<3.2" in asked(scene, uv(scene, cython="3.3", packaging="27"), said)
    assert [True] == ["packaging 27 is installed (" in line for line in said.lines]
    assert "expected cython<3.2 (" in refusal(scene, pip(scene, cython="3.3"))
    assert isinstance(plan_of_consumer(scene, pip(scene, cython="3.3")).refusal, ProvisionError)


def plan_of_consumer(scene: Scene, caller: Caller) -> Plan:
    """Return the plan of a build for the consumer."""
    caller = cached(scene, caller)
    return make_plan(BUILD, load_settings(scene.source, start=scene.elsewhere, environ=caller.environ), caller, print)


def test_spelling_of_versions(scene: Scene) -> None:
    """A version may be spelt in another way; a local label is another version."""
    lock(scene, entry("ninja", "1.11.0"))
    assert [] == asked(scene, pip(scene, ninja="1.11"))
    assert "1.11+x is installed" in refusal(scene, pip(scene, ninja="1.11+x"))


@pytest.mark.parametrize("version", ["?", ""])
def test_version_that_is_none(version: str, scene: Scene) -> None:
    """What is installed without a valid version is not the right one."""
    lock(scene, NINJA)
    assert "is installed" in refusal(scene, pip(scene, ninja=version or "x"))


def stop_of(scene: Scene) -> str:
    """Return the message about the lock, without its path."""
    with pytest.raises(LockError) as caught:
        asked(scene, pip(scene))
    return str(caught.value).replace(f"{scene.source / LOCK}: ", "")


AGAIN = "\nMake it again: runtime-backend lock"


def test_no_lock(scene: Scene) -> None:
    """A lock that does not exist stops the hook, and a build."""
    assert "found no build lock\nMake it: runtime-backend lock" == stop_of(scene)
    assert isinstance(plan_of(BUILD, scene, pip(scene)).refusal, LockError)


def test_lock_of_somebody_else(scene: Scene) -> None:
    """A lock without our record is not used."""
    expected = "found no record of what it was made from, expected a lock made by `runtime-backend lock`"
    for record in ("", "[tool.runtime-backend]\nother = 1\n", "[tool]\nruntime-backend = 3\n"):
        lock(scene, NINJA, record=record)
        assert expected + AGAIN == stop_of(scene)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ('requires = ["ninja", "old"]\nbackend = "backends.recording"\n', "cython is new, old is gone"),
        ('requires = ["cython", "ninja"]\nbackend = "mesonpy"\n', "they are for backends.recording now"),
        ('requires = ["cython", "ninja"]\nbackend = "backends.recording"\n', "its digest of them differs"),
        ("requires = 3\n", "cython is new, ninja is new, they are for backends.recording now"),
    ],
)
def test_stale(record: str, told: str, scene: Scene) -> None:
    """A lock that was made from other build requirements is not used; the difference is told."""
    lock(scene, NINJA, record=f'[tool.runtime-backend]\ninputs = "0"\n{record}')
    assert f"it is stale: it was made from other build requirements ({told}){AGAIN}" == stop_of(scene)


def test_runtime_in_the_lock(scene: Scene) -> None:
    """The runtime is not a build requirement."""
    lock(scene, NINJA, entry("torch", "2.7.0"))
    assert f"found torch, expected no runtime in a build lock{AGAIN}" == stop_of(scene)


def test_for_no_platform(scene: Scene) -> None:
    """Nor is a lock whose packages have no wheels at all."""
    lock(scene, '[[packages]]\nname = "d"\nversion = "4"\n')
    assert stop_of(scene).startswith("it is for other Pythons or platforms than Python 3")


@pytest.mark.parametrize("head", ['requires-python = ">=99"\n', "environments = [\"sys_platform == 'never'\"]\n"])
def test_for_others(head: str, scene: Scene) -> None:
    """A lock for other Pythons or platforms is not used."""
    lock(scene, NINJA, head=head)
    assert stop_of(scene).startswith("it is for other Pythons or platforms than Python 3")


def test_no_wheel(scene: Scene) -> None:
    """All packages without a fitting wheel are named, with the reason."""
    far = "https://example.org/{name}-{version}-cp39-cp39-win32.whl"
    sdist = f'sdist = {{ url = "https://example.org/a-1.tar.gz", hashes = {{ sha256 = "{SHA256}" }} }}\n'
    source = f'[[packages]]\nname = "a"\nversion = "1"\n{sdist}\n'
    nowhere = '[[packages]]\nname = "d"\nversion = "4"\n'  # as uv writes what has no wheel for its platforms
    elsewhere = '[[packages]]\nname = "e"\nversion = "5"\nmarker = "sys_platform == \'never\'"\n'
    lock(scene, nowhere, elsewhere, source, entry("b", "2", file=far), entry("c", "3", hashes='sha512 = "ab"'), NINJA)
    assert stop_of(scene).startswith(
        "a 1: found a source, expected a wheel: a source is built by requirements that are not locked;"
        " b 2: none of its wheels fits this interpreter; c 3: found no SHA-256, expected one;"
        " d 4: none of its wheels fits this interpreter. This is Python 3"
    )


def test_nothing_is_locked(scene: Scene) -> None:
    """A lock may be empty."""
    lock(scene)
    assert [] == [text for text in asked(scene, pip(scene)) if "ninja @" in text]


def test_shown(scene: Scene) -> None:
    """Explain shows the lock, or what is asked for, and the constraints."""
    lock(scene, NINJA)
    constrain(scene, "ninja<2")
    write(scene.consumer / "pyproject.toml", (scene.elsewhere / "pyproject.toml").read_text())
    plan = plan_of(GR, scene, pip(scene))
    at = f"{scene.consumer / 'pyproject.toml'}: tool.runtime-backend.build-constraints"
    assert {
        "requires": ["ninja", "cython"],
        "lock": str(scene.source / LOCK),
        "locked": ["ninja==1.11"],
        "constraints": [{"value": "ninja<2", "origin": at}],
    } == describe_plan(plan)["build-requirements"]
    shown = "\n".join(render(plan_tree(plan)))
    assert f"build lock: {scene.source / LOCK}" in shown
    assert f"ninja<2  [{at}]" in shown
    make_source(scene.source, "backends.recording", 'build-requires = ["ninja"]\n')
    plan = plan_of(GR, scene, pip(scene))
    assert "build requirements: ninja  [pyproject" in "\n".join(render(plan_tree(plan)))
    described = describe_plan(plan)["build-requirements"]
    assert (None, []) == (described["lock"], described["locked"])


def test_shown_without_requirements(scene: Scene) -> None:
    """A consumer's constraints are shown alone for a package that has no such key."""
    make_source(scene.source, "backends.recording")
    constrain(scene, "ninja<2")
    write(scene.consumer / "pyproject.toml", (scene.elsewhere / "pyproject.toml").read_text())
    plan = plan_of(GR, scene, pip(scene))
    shown = list(render(plan_tree(plan)))
    assert not [line for line in shown if "build requirements" in line]
    assert describe_plan(plan)["build-requirements"]["requires"] is None


def normal(folder: Path, *texts: str) -> Sequence[str]:
    """Return requirements as the inputs of a lock have them."""
    write(folder / "pyproject.toml", "")
    settings = load_settings(folder, environ={})
    build = settings.build._replace(declared=texts)
    return Inputs.of(settings._replace(build=build)).requires


def test_inputs(tmp_path: Path) -> None:
    """Spelling and order make no difference."""
    assert ("a-b<2,>=1", "c") == normal(tmp_path, "C", "A.b >=1,<2", "c")
    assert ("not one",) == normal(tmp_path, "not one")
