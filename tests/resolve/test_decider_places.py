"""The distributions in the target, and those that the frontend counts: of an environment, of a folder, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import Frontend
from callers import LOCKED, PYTHON, STALE, TARGET, Scene
from platforms import make_platform
from standins import make_torch, make_venv, write
from test_decider import NEWER, bare, decide, scene, shell, summary, write_package

from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.environments import EnvironmentReader
from runtime_backend.frontend.places import Place
from runtime_backend.resolve.search import Search

__all__ = ["scene"]


def uv_with_borrowed_torch(scene: Scene, *words: str) -> Caller:
    """Return the caller under uv whose target sees the torch of the system's Python."""
    make_torch(make_venv(scene.root / "python"), "2.0.0")
    (scene.root / "python/pyvenv.cfg").unlink()
    make_venv(scene.root / "borrower")
    text = f"home = {scene.root}/python/bin\nversion = 3.11.7\ninclude-system-site-packages = true\n"
    write(scene.root / "borrower/pyvenv.cfg", text)
    return scene.uv(shell(scene, VIRTUAL_ENV=str(scene.root / "borrower")), "pip", "install", *words)


def test_uv_does_not_count_what_is_borrowed(scene: Scene, frontend: Frontend) -> None:
    """A torch of the system's Python that is visible in the target satisfies requirements under pip, but not under uv."""
    frontend.changes["torch"] = NEWER
    caller = uv_with_borrowed_torch(scene, str(scene.source))
    found = decide(scene, caller)
    assert ("9.4.0", "asked: a dry run: torch 2.0.0 -> 9.4.0") == summary(found)
    assert "it may move torch: torch>=2 (ext) is not installed" in [step.found for step in found.steps]
    found = decide(scene, scene.pip(shell(scene), prefix=scene.root / "borrower"))
    assert ("2.0.0", "proved: 1 requirement is satisfied, nothing is upgraded") == summary(found)


def test_uv_with_nothing_to_install(scene: Scene, frontend: Frontend) -> None:
    """Under uv, too, a torch in the environment itself proves that nothing moves."""
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), "pip", "install", str(scene.source))
    found = decide(scene, caller)
    assert (TARGET, "proved: 1 requirement is satisfied, nothing is upgraded") == summary(found)
    assert [] == frontend.asked


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("program", ["pip", "uv pip"])
def test_target_folder(program: str, folder: bool, scene: Scene, frontend: Frontend) -> None:  # noqa: FBT001 - a column
    """With ``--target`` the frontend is asked; a torch in the folder wins over one in the environment."""
    if folder:
        make_torch(scene.elsewhere / "there", "2.5.0")
    made = shell(scene, VIRTUAL_ENV=str(scene.target))
    words = ["pip", "install", "--target", "there", str(scene.source)]
    caller = scene.pip(made, argv=words) if program == "pip" else scene.uv(made, *words)
    found = decide(scene, caller)
    there = "2.5.0" if folder else TARGET
    assert (there, f"asked: a dry run: torch {there} stays") == summary(found)
    assert "it may move torch: --target" in [step.found for step in found.steps]
    assert 1 == len(frontend.asked)


OVER_ANOTHER = (
    "pip would mix two versions in {0}/there: found torch 2.5.0, but pip chooses torch 9.4.0, and does not replace"
    " existing folders\nLet pip replace it: the same command with --upgrade."
)


@pytest.mark.parametrize(
    ("words", "there", "refusal"),
    [
        ("pip install --target there torch", "2.5.0", OVER_ANOTHER),
        ("pip install --target there --upgrade torch", "2.5.0", None),
        ("pip install -U -t there torch", "2.5.0", None),
        ("pip install --target there torch", "9.4.0", None),
        ("pip install --target there torch", None, None),
        ("pip install --prefix there torch", "2.5.0", None),
        ("uv pip install --target there torch", "2.5.0", None),
    ],
)
def test_target_folder_with_another(
    words: str, there: str | None, refusal: str | None, scene: Scene, frontend: Frontend
) -> None:
    """Another torch under ``--target`` is a stop for pip without ``--upgrade``, because pip does not replace it."""
    if there is not None:
        make_torch(scene.elsewhere / "there", there)
    frontend.changes["torch"] = NEWER
    made, argv = shell(scene, VIRTUAL_ENV=str(scene.target)), [*words.split(" "), str(scene.source)]
    found = decide(scene, scene.uv(made, *argv[1:]) if argv[0] == "uv" else scene.pip(made, argv=argv))
    assert (refusal and refusal.format(scene.elsewhere)) == (found.refusal and str(found.refusal))
    assert (None if refusal else "9.4.0") == summary(found)[0]


def test_collecting_goes_by_a_lock(scene: Scene) -> None:
    """``pip wheel`` has no target: the lock in its working folder decides, if nothing moves."""
    write_package(scene)
    shell_there = {**shell(scene), "PWD": str(scene.consumer)}
    words = ["pip", "wheel", "--no-deps", str(scene.source)]
    found = decide(scene, scene.pip(shell_there, argv=words, prefix=bare(scene)))
    assert (LOCKED, "proved: pip wheel --no-deps moves only what it names") == summary(found)


def test_pip_prefix_counts_the_environment(scene: Scene, frontend: Frontend) -> None:
    """With ``--prefix``, a torch below the prefix is found first, but pip does not count it as installed."""
    make_torch(scene.elsewhere / "there/lib/python3.11/site-packages", "2.5.0")
    write_package(scene, "torch==2.5.0")
    frontend.changes["torch"] = Change(version="2.5.0")
    found = decide(scene, scene.pip(shell(scene), "--prefix", "there"))
    assert ("2.5.0", "asked: a dry run: torch 2.5.0 -> 2.5.0") == summary(found)


def test_pip_wheel(scene: Scene, frontend: Frontend) -> None:
    """``pip wheel`` counts nothing as installed; the torch that it collects is the decision."""
    frontend.changes["torch"] = NEWER
    caller = scene.pip(shell(scene), argv=["pip", "wheel", str(scene.source)])
    found = decide(scene, caller)
    assert ("9.4.0", f"asked: a dry run: torch {TARGET} -> 9.4.0") == summary(found)
    assert "it may move torch: torch>=2 (ext) is not installed" in [step.found for step in found.steps]
    write_package(scene)
    found = decide(scene, caller)
    assert (TARGET, "proved: it requires nothing else, nothing is upgraded") == summary(found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install --no-deps ext", "proved: uv pip install --no-deps moves only what it names"),
        ("pip install --no-deps --reinstall ext", "proved: uv pip install --no-deps moves only what it names"),
        ("pip install --no-deps --exact ext", f"asked: a dry run: torch {TARGET} stays"),
        ("pip install --no-deps --reinstall torch ext", f"asked: a dry run: torch {TARGET} stays"),
        ("pip sync --no-deps requirements.txt", f"asked: a dry run: torch {TARGET} stays"),
    ],
)
def test_no_dependencies_under_uv(line: str, expected: str, scene: Scene) -> None:
    """With ``--no-deps`` only named distributions move, unless the command removes unnamed ones."""
    write(scene.elsewhere / "requirements.txt", "ext\n")
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), *line.split(" "))
    assert (TARGET, expected) == summary(decide(scene, caller))


def test_upgrade_by_a_variable(scene: Scene, frontend: Frontend) -> None:
    """``PIP_UPGRADE`` lets pip replace distributions under ``--target``, as the option does."""
    make_torch(scene.elsewhere / "there", "2.5.0")
    frontend.changes["torch"] = NEWER
    found = decide(scene, scene.pip(shell(scene, PIP_UPGRADE="1"), "--target", "there", "torch"))
    assert ("9.4.0", None) == (summary(found)[0], found.refusal)


@pytest.mark.parametrize("line", ["tool install ext", "tool run ext", "x ext", "run script.py"])
def test_environment_of_uvs_own_without_a_runtime(line: str, scene: Scene) -> None:
    """If uv installs no runtime into an environment that it makes, other environments do not count."""
    write(scene.elsewhere / "script.py", "# /// script\n# dependencies = ['ext']\n# ///\n")
    caller = scene.uv(shell(scene, VIRTUAL_ENV=str(scene.target)), *line.split(" "))
    assert (None, "asked: a dry run: no torch") == summary(decide(scene, caller))


def place(path: Path, **more: bool | tuple[Path, ...]) -> Place:
    """Return a place with an environment, if there is one."""
    environment = EnvironmentReader(python=PYTHON, user_base=path / "no-user-base").read(path)
    return Place(**{"why": "here", "path": path, "environment": environment, **more})  # type: ignore[arg-type]


def search_for(name: str) -> Search:
    """Return a search for a runtime."""
    return Search(name, python=PYTHON, platform=make_platform("linux-x86_64", PYTHON))


def test_in_target(scene: Scene) -> None:
    """The target is the first environment with the runtime, or the one that is named as the target."""
    make_venv(scene.root / "bare")
    bare, venv, target = scene.root / "bare", scene.consumer / ".venv", scene.target
    lock = (scene.consumer / "uv.lock",)
    expected = [
        (None, []),
        (None, [place(bare)]),
        (TARGET, [place(bare), place(target)]),
        (None, [place(bare, is_target=True), place(target)]),
        (TARGET, [place(target, is_target=True), place(venv)]),
        (STALE, [place(venv, locks=lock), place(target)]),
        (TARGET, [place(venv, is_manager=True, is_target=True), place(target)]),
    ]
    for version, places in expected:
        found = search_for("torch").in_target(places)
        assert version == (found and found.identity.version)


def test_in_target_by_a_guess(scene: Scene) -> None:
    """If the target is only a guess, a note reports that."""
    search = search_for("torch")
    search.in_target([place(scene.target, is_guess=True)])
    assert [
        f"guess: building against torch {TARGET} of {scene.target} (here), because this system does not show the"
        " frontend's target; if it is another environment, set RUNTIME_BACKEND_TARGET"
    ] == search.notes


def test_what_a_lock_hands_on(scene: Scene) -> None:
    """For a wheel that a lock names without a URL, the resolution has the lock, the file name and the hashes."""
    wheel = f'files = [{{ file = "torch-{LOCKED}-py3-none-any.whl", hash = "sha256:{"ab" * 32}" }}]\n'
    text = f'[[package]]\nname = "torch"\nversion = "{LOCKED}"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n{wheel}'
    source = '\n[package.source]\ntype = "legacy"\nurl = "https://example.org/simple"\nreference = "x"\n'
    metadata = source + '\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.10"\ncontent-hash = "ab"\n'
    lock = write(scene.elsewhere / "poetry.lock", text + metadata)
    write(scene.elsewhere / "pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch"]\n')
    found = search_for("torch").in_locks(place(scene.elsewhere, locks=(lock,), is_manager=True))
    assert found is not None
    assert found.wanted is not None
    assert (str(lock), f"torch-{LOCKED}-py3-none-any.whl", {"ab" * 32}) == (
        found.origin,
        found.wanted.file,
        found.wanted.hashes,
    )


def test_is_locked(scene: Scene) -> None:
    """The locks show whether the selected part of a project has a distribution."""
    lock = scene.consumer / "uv.lock"
    search = search_for("numpy")
    assert search.is_locked(place(scene.consumer, locks=(lock,)), "torch")
    assert not search.is_locked(place(scene.consumer, locks=(lock,)), "ext")
    assert not search.is_locked(place(scene.consumer), "torch")
    assert LOCKED in lock.read_text("utf-8")
