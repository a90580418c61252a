"""The decision for a command with its own resolver: proved, read from a lock that it names, or asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from asking import Frontend
from callers import TARGET, Scene, make_caller
from packaging.requirements import Requirement
from standins import make_venv, write
from test_search import make_resolver

from runtime_backend.config import RuntimeRule
from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.caller import Caller
from runtime_backend.provision import requirement_for
from runtime_backend.resolve.outcome import Outcome

TORCH = RuntimeRule(name="torch", requirement=Requirement("torch"), match="exact", origin="default")
URL = "https://example.org/torch-9.4.0-py3-none-any.whl"
NEWER = Change(version="9.4.0", url=URL, sha256="ab" * 32)


def write_package(scene: Scene, *dependencies: str, dynamic: bool = False) -> None:
    """Write the pyproject.toml of the package that is built."""
    line = 'dynamic = ["dependencies"]' if dynamic else f"dependencies = {list(dependencies)}"
    build = '[build-system]\nbuild-backend = "runtime_backend.build"\n'
    write(scene.source / "pyproject.toml", f'{build}[project]\nname = "ext"\nversion = "1"\n{line}\n')


def shell(scene: Scene, **more: str) -> dict[str, str]:
    """Return the variables of a person without settings."""
    return {**scene.shell(scene.elsewhere, PIP_CONFIG_FILE=os.devnull, UV_NO_CONFIG="1"), **more}


def bare(scene: Scene) -> Path:
    """Make an environment without a runtime."""
    make_venv(scene.root / "bare")
    return scene.root / "bare"


def decide(scene: Scene, caller: Caller, *, may_ask: bool = True, pin: str = "", target: str = "") -> Outcome:
    """Resolve torch as a hook does, with the settings for this call."""
    ours = {"RUNTIME_BACKEND_PIN": pin, "RUNTIME_BACKEND_TARGET": target}
    caller = caller._replace(environ={**caller.environ, **{name: value for name, value in ours.items() if value}})
    return make_resolver(scene, caller, may_ask=may_ask).resolve(TORCH)


def summary(outcome: Outcome) -> tuple[str | None, str | None]:
    """Return the decided version, and the decision."""
    version = None if outcome.resolution is None else outcome.resolution.identity.version
    return version, None if outcome.decision is None else str(outcome.decision)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose package requires torch."""
    scene = Scene(tmp_path)
    write_package(scene, "torch>=2")
    return scene


@pytest.mark.parametrize(
    ("dependencies", "words", "evidence"),
    [
        ([], [], "it requires nothing else, nothing is upgraded"),
        (["torch>=2"], [], "1 requirement is satisfied, nothing is upgraded"),
        (["torch>=2"], ["torch"], "2 requirements are satisfied, nothing is upgraded"),
        (["torch>=9"], ["--no-deps"], "pip install --no-deps moves only what it names"),
    ],
)
def test_proved(dependencies: list[str], words: list[str], evidence: str, scene: Scene, frontend: Frontend) -> None:
    """If it is proved that the command moves nothing, it is not asked, and the installed runtime counts."""
    write_package(scene, *dependencies)
    found = decide(scene, scene.pip(shell(scene), *words))
    assert (TARGET, f"proved: {evidence}", []) == (*summary(found), frontend.asked)
    assert found.refusal is None


@pytest.mark.parametrize(
    ("dependencies", "words", "gap"),
    [
        (["torch>=2"], ["-U", "torch"], "-U"),
        (["numpy"], [], "numpy (ext) is not installed"),
        (None, [], "the requirements of ext are known only after building"),
    ],
)
def test_asked_and_kept(
    dependencies: list[str] | None, words: list[str], gap: str, scene: Scene, frontend: Frontend
) -> None:
    """A command that may move the runtime is asked once; if the runtime stays, the installed one counts."""
    write_package(scene, *(dependencies or ()), dynamic=dependencies is None)
    found = decide(scene, scene.pip(shell(scene), *words))
    assert (TARGET, f"asked: a dry run: torch {TARGET} stays") == summary(found)
    assert ["pip install"] == [installation.program for installation in frontend.asked]
    assert f"it may move torch: {gap}" in [step.found for step in found.steps]
    assert found.resolution is not None
    assert ("installed", True) == (found.resolution.how, found.resolution.distribution is not None)


def test_asked_and_replaced(scene: Scene, frontend: Frontend) -> None:
    """The runtime that the frontend is about to install counts, with the URL in its answer."""
    frontend.changes["torch"] = NEWER
    found = decide(scene, scene.pip(shell(scene), "-U", "torch"))
    assert ("9.4.0", f"asked: a dry run: torch {TARGET} -> 9.4.0") == summary(found)
    assert found.resolution is not None
    assert ("asked", "a dry run", URL, "ab" * 32, None) == (
        found.resolution.how,
        found.resolution.origin,
        found.resolution.url,
        found.resolution.sha256,
        found.resolution.distribution,
    )
    assert ("the frontend", "a dry run", "torch 9.4.0") == (
        found.steps[-1].why,
        found.steps[-1].path,
        found.steps[-1].found,
    )


@pytest.mark.parametrize(
    ("change", "version", "evidence"),
    [(NEWER, "9.4.0", "a dry run: torch none -> 9.4.0"), (None, None, "a dry run: no torch")],
)
def test_asked_without_an_installed_one(
    change: Change | None, version: str | None, evidence: str, scene: Scene, frontend: Frontend
) -> None:
    """For a new environment, the runtime that the frontend is about to install counts, if there is one."""
    if change is not None:
        frontend.changes["torch"] = change
    found = decide(scene, scene.pip(shell(scene), "torch", prefix=bare(scene)))
    assert (version, f"asked: {evidence}") == summary(found)
    assert (change is None) == found.is_unknown


def test_asked_and_removed(scene: Scene, frontend: Frontend) -> None:
    """A runtime that is about to be removed does not count."""
    frontend.changes["torch"] = Change(version=None)
    requirements = write(scene.elsewhere / "requirements.txt", f"{scene.source}\n")
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), "pip", "sync", str(requirements))
    found = decide(scene, caller)
    assert (None, f"asked: a dry run: torch {TARGET} is removed", True) == (*summary(found), found.is_unknown)


def test_asked_and_replaced_by_a_source_tree(scene: Scene, frontend: Frontend) -> None:
    """A runtime that uv is about to build from a source tree has no version yet, so it cannot be required by version."""
    frontend.changes["torch"] = Change(version="", is_source=True)
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), "pip", "install", "./pytorch", str(scene.source))
    found = decide(scene, caller)
    assert ("", f"asked: a dry run: torch {TARGET} -> a source tree") == summary(found)
    assert found.resolution is not None
    assert (None, "the command builds it from source") == (
        requirement_for(found.resolution, "uv"),
        found.resolution.missing,
    )


@pytest.mark.parametrize("is_direct", [True, False])
def test_asked_and_taken_from_an_index(is_direct: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001 - a column
    """The resolution keeps whether the frontend demanded the URL, or found it on an index."""
    frontend.changes["torch"] = NEWER._replace(is_direct=is_direct)
    found = decide(scene, scene.pip(shell(scene), "-U", "torch")).resolution
    assert found is not None
    assert is_direct is found.is_direct


def test_other_changes(scene: Scene, frontend: Frontend) -> None:
    """Changes of other distributions do not matter."""
    frontend.changes["torchvision"] = NEWER
    assert TARGET == summary(decide(scene, scene.pip(shell(scene), "-U", "torchvision")))[0]


def test_recalled(scene: Scene, frontend: Frontend) -> None:
    """A hook that may not ask has no decision, unless an earlier hook of the same command asked."""
    frontend.changes["torch"] = NEWER
    caller = scene.pip(shell(scene), "-U", "torch")
    assert (TARGET, None) == summary(decide(scene, caller, may_ask=False))
    assert [] == frontend.asked
    asked = summary(decide(scene, caller))
    frontend.changes.clear()
    assert ("9.4.0", f"asked: a dry run: torch {TARGET} -> 9.4.0") == asked
    assert [asked, asked] == [summary(decide(scene, caller, may_ask=may_ask)) for may_ask in (False, True)]
    assert 1 == len(frontend.asked)


@pytest.mark.parametrize(
    ("words", "version"),
    [
        (["torch==9.4.0"], "9.4.0"),
        (["Torch===9.4.0+cpu"], "9.4.0+cpu"),
        (["torch>=9", "torch==9.4.0"], "9.4.0"),
        (["-r", "requirements.txt"], "9.5.0"),
        (["torch>=9"], None),
        (["torch==9.*"], None),
        (["numpy==2.0"], None),
        (["-r", "absent.txt"], None),
        (["-r", "unreadable.txt"], None),
        ([f"torch @ {URL}"], None),
    ],
)
def test_named_before_it_is_asked(words: list[str], version: str | None, scene: Scene, frontend: Frontend) -> None:
    """A hook that may not ask uses the version that the command names, without a decision."""
    write(scene.elsewhere / "requirements.txt", "numpy\ntorch==9.5.0\n")
    write(scene.elsewhere / "unreadable.txt", "# coding: nonsense\ntorch==9.5.0\n")
    found = decide(scene, scene.pip(shell(scene), *words, prefix=bare(scene)), may_ask=False)
    assert (version, None, []) == (*summary(found), frontend.asked)
    assert (None if version is None else ("torch", "named", "pip install")) == (
        found.resolution and (found.resolution.identity.name, found.resolution.how, found.resolution.origin)
    )


def test_named_by_what_accepts_variants(scene: Scene) -> None:
    """A version that the command names with == is required with ==, which accepts its variants."""
    found = decide(scene, scene.pip(shell(scene), "torch==9.4", prefix=bare(scene)), may_ask=False).resolution
    assert found is not None
    assert "torch==9.4" == requirement_for(found, "pip")


def test_installed_before_it_is_asked(scene: Scene) -> None:
    """A hook that may not ask uses the installed runtime, if there is one, whatever the command names."""
    found = decide(scene, scene.pip(shell(scene), "torch==9.4.0"), may_ask=False)
    assert (TARGET, None) == summary(found)


def test_another_command_is_asked_anew(scene: Scene, frontend: Frontend) -> None:
    """An answer counts for the command that gave it."""
    for words in (["-U", "torch"], ["-U", "torch", "numpy"]):
        decide(scene, scene.pip(shell(scene), *words))
    assert 2 == len(frontend.asked)


STREAM = "{0} has read its requirements from a stream ({1}), which cannot be read again"


@pytest.mark.parametrize(
    ("argv", "why", "hint"),
    [
        (
            "pip install -r -",
            STREAM.format("pip install", "-"),
            "Save the requirements in a file, and name that: pip install -r requirements.txt",
        ),
        (
            "pip install -r /dev/fd/63 ext",
            STREAM.format("pip install", "/dev/fd/63"),
            "Save the requirements in a file, and name that: pip install -r requirements.txt",
        ),
        (
            "pip install -e git+https://h/ext.git@main",
            "a dry run of pip would clone git+https://h/ext.git into its source folder",
            "Install torch first, in a separate command; then run: pip install -e URL#egg=NAME",
        ),
        (
            "uv pip sync -",
            STREAM.format("uv pip sync", "-"),
            "Save the requirements in a file, and name that: uv pip sync requirements.txt",
        ),
        (
            "uv run -",
            "uv has read the script from standard input",
            "Save the script in a file, and run that: uv run script.py",
        ),
    ],
)
def test_unaskable(argv: str, why: str, hint: str, scene: Scene, frontend: Frontend) -> None:
    """A command that cannot be repeated is a stop, with the one that can; a hook that may not ask goes on."""
    words = argv.split(" ")
    made = shell(scene, VIRTUAL_ENV=str(scene.target))
    caller = scene.uv(made, *words[1:]) if words[0] == "uv" else scene.pip(made, argv=words)
    found = decide(scene, caller)
    assert f"it is not known which torch the target will have: {why}\n{hint}" == str(found.refusal)
    assert ("DecisionError", []) == (type(found.refusal).__name__, frontend.asked)
    assert None is decide(scene, caller, may_ask=False).decision


def pylock(folder: Path, name: str, version: str) -> Path:
    """Write a pylock.toml with one distribution."""
    text = f'lock-version = "1.0"\ncreated-by = "me"\n[[packages]]\nname = "{name}"\nversion = "{version}"\n'
    wheel = f'name = "{name}-{version}-py3-none-any.whl"\nurl = "{URL}"\nhashes = {{ sha256 = "{"ab" * 32}" }}\n'
    return write(folder / "pylock.toml", f"{text}[[packages.wheels]]\n{wheel}")


@pytest.mark.parametrize(
    "line", ["pip install -r pylock.toml", "uv pip install -r pylock.toml", "uv pip sync pylock.toml"]
)
def test_pylock(line: str, scene: Scene, frontend: Frontend) -> None:
    """If the command names only a lock, the decision is read from the lock."""
    lock, words = pylock(scene.elsewhere, "torch", "9.4.0"), line.split(" ")
    made = shell(scene, VIRTUAL_ENV=str(scene.target))
    caller = scene.uv(made, *words[1:]) if words[0] == "uv" else scene.pip(made, argv=words)
    found = decide(scene, caller)
    assert ("9.4.0", f"read: {lock}", []) == (*summary(found), frontend.asked)
    assert found.resolution is not None
    assert ("locked", URL) == (found.resolution.how, found.resolution.url)


def test_pylock_of_what_is_installed(scene: Scene) -> None:
    """If the locked runtime is installed already, the resolution has its environment."""
    pylock(scene.elsewhere, "torch", TARGET)
    found = decide(scene, scene.pip(shell(scene), argv=["pip", "install", "-r", "pylock.toml"]))
    assert found.resolution is not None
    environment = found.resolution.environment
    assert environment is not None
    assert ("locked", scene.target) == (found.resolution.how, environment.prefix)
    assert ("pip install (no extra, default groups)", str(scene.elsewhere / "pylock.toml"), f"torch {TARGET}") in [
        (step.why, step.path, step.found) for step in found.steps
    ]


def test_pylock_goes_before_what_is_installed(scene: Scene) -> None:
    """A lock on the command line needs no note about another runtime that is installed now."""
    pylock(scene.elsewhere, "torch", "9.4.0")
    found = decide(scene, scene.pip(shell(scene), argv=["pip", "install", "-r", "pylock.toml"]))
    assert ("9.4.0", ()) == (summary(found)[0], found.notes)


@pytest.mark.parametrize(
    ("line", "name"),
    [("pip install -r pylock.toml", "numpy"), ("pip install -r pylock.toml numpy", "torch")],
)
def test_pylock_that_does_not_decide(line: str, name: str, scene: Scene, frontend: Frontend) -> None:
    """A lock without the runtime, or one with something next to it on the command line, leaves it to the frontend."""
    pylock(scene.elsewhere, name, "9.4.0")
    found = decide(scene, scene.pip(shell(scene), argv=line.split(" ")))
    assert (TARGET, f"asked: a dry run: torch {TARGET} stays", 1) == (*summary(found), len(frontend.asked))


@pytest.mark.parametrize(
    "words",
    [
        ["tool", "install", "ext", "--with", "torch"],
        ["run", "script.py"],
        ["run", "--no-project", "--with", "torch", "--with", "ext", "python"],
    ],
)
def test_environments_of_uvs_own(words: list[str], scene: Scene, frontend: Frontend) -> None:
    """For an environment that uv makes, the frontend is asked, whatever is installed elsewhere."""
    write(scene.elsewhere / "script.py", '# /// script\n# dependencies = ["torch", "ext"]\n# ///\n')
    frontend.changes["torch"] = NEWER
    found = decide(scene, scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), *words))
    assert ("9.4.0", 1) == (summary(found)[0], len(frontend.asked))
    program = frontend.asked[0].program
    assert ("the command", program, f"it may move torch: {program} makes a new environment") in [
        (step.why, step.path, step.found) for step in found.steps
    ]


def test_other_environments_are_no_targets(scene: Scene) -> None:
    """A lock or another environment does not count for the target of ``pip install``."""
    caller = scene.pip(scene.shell(scene.consumer, scene.other, PIP_CONFIG_FILE=os.devnull), prefix=bare(scene))
    found = decide(scene, caller)
    assert (None, "asked: a dry run: no torch") == summary(found)


def test_guessed_target(scene: Scene) -> None:
    """If the target is only a guess, a note reports that."""
    process = scene.uv(shell(scene), "pip", "install", str(scene.source)).ancestors[0]
    process = process._replace(environ={})
    prefix = scene.root / "cache/uv/builds-v0/.tmpAbC"
    environ = {**shell(scene, VIRTUAL_ENV=str(scene.target))}
    caller = make_caller(prefix, cwd=scene.source, environ=environ, ancestors=[process])
    found = decide(scene, caller)
    assert f"building against torch {TARGET} of {scene.target} (VIRTUAL_ENV)" in " ".join(found.notes)


@pytest.mark.parametrize("may_ask", [True, False])
@pytest.mark.parametrize("prefix", ["target", "bare"])
@pytest.mark.parametrize(
    "word",
    [
        "torch @ https://example.org/torch.whl", "https://example.org/torch.whl", f"{URL}#sha256=ab", f"{URL}?x=1",
        f"{URL}[opt]", "torch @ http://[x/torch-1-py3-none-any.whl", "http://[x/torch-1-py3-none-any.whl", "a\0b",
        "torch==" + "1" * 5000, "\udcff", "x" * 5000,
    ],
)  # fmt: skip
def test_any_word(word: str, prefix: str, scene: Scene, frontend: Frontend, *, may_ask: bool) -> None:
    """Any additional argument of the command is asked about, or leaves the decision open."""
    bare(scene)
    there = {"target": TARGET, "bare": None}[prefix]
    outcome = decide(scene, scene.pip(shell(scene), word, prefix=scene.root / prefix), may_ask=may_ask)
    if may_ask:
        assert ["pip install"] == [asked.program for asked in frontend.asked]
        assert there == summary(outcome)[0]
    else:
        assert [] == frontend.asked


def test_wheel_beside_the_package_without_dependencies(scene: Scene, frontend: Frontend) -> None:
    """With ``--no-deps``, a wheel of another distribution moves nothing else; a wheel of torch is asked about."""
    other = URL.replace("torch-", "other-")
    assert TARGET == summary(decide(scene, scene.pip(shell(scene), "--no-deps", f"{other}?x=1#sha256=ab")))[0]
    assert [] == frontend.asked
    decide(scene, scene.pip(shell(scene), "--no-deps", f"{URL}?x=1#sha256=ab"))
    assert 1 == len(frontend.asked)
