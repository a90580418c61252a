"""A wheel's requirements compared with its runtime, and the missing requirements of an installed runtime."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from asking import Frontend
from callers import SHELL, TARGET, Scene
from hooks import call_of, make_source
from standins import make_distribution, make_torch, write
from test_decider import shell, write_package
from test_plan import plan

from runtime_backend.errors import MetadataError
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.processes import Process
from runtime_backend.installed.closure import find_missing
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.metadata.agreement import describe_refusals

VERSIONS = {"torch": "2.7.0+cu126", "numpy": "2.0"}


@pytest.mark.parametrize(
    ("requirement", "is_refused"),
    [
        ("torch", False),
        ("torch>=2.7", False),
        ("torch==2.7.0", False),
        ("torch==2.8.0", True),
        ("Torch<2.7", True),
        ("torch[opt]==2.7.0+cpu", True),
        ("torch (<2)", True),
        ("numpy<2", True),
        ("sympy<0", False),
        ("torch<2; python_version > '3'", True),
        ("torch<2; sys_platform == 'never'", False),
        ("torch<2; extra == 'old'", False),
        ("torch<2; python_version ~= 'x'", False),
        ("torch<2; 'x' in dependency_groups", False),
        ("torch (<two", False),
        ("torch @ https://h/torch-9.9-py3-none-any.whl", True),
        ("torch @ https://h/torch-2.7.0%2Bcpu-py3-none-any.whl?x=1#sha256=ab", True),
        ("torch @ https://h/torch-2.7.0%2Bcu126-py3-none-any.whl", False),
        ("torch @ https://h/torch.whl", False),
        ("torch @ git+https://h/torch.git@v2", False),
        ("torch===2.7.0", True),
        ("torch===2.7.0+cu126", False),
        ("torch==" + "1" * 5000, False),
    ],
)
def test_refusals(requirement: str, is_refused: bool) -> None:  # noqa: FBT001 - a column
    """A wheel refuses a runtime if the runtime does not meet a requirement that applies."""
    metadata = f"Metadata-Version: 2.1\nName: ext\nRequires-Dist: torch>=2\nRequires-Dist: {requirement}\n\nBody.\n"
    assert ([requirement] if is_refused else []) == describe_refusals(metadata.encode(), VERSIONS)


@pytest.mark.parametrize("versions", [{}, {"torch": ""}])
def test_refusals_of_what_is_not_known(versions: dict[str, str]) -> None:
    """An unknown runtime, or one without a version, is not refused."""
    assert [] == describe_refusals(b"Name: ext\nRequires-Dist: torch>=99\n", versions)


def test_no_refusals_without_requirements() -> None:
    """A wheel without requirements refuses no runtime."""
    assert [] == describe_refusals(b"Name: ext\n", VERSIONS)


def test_nightly_is_not_refused() -> None:
    """A nightly is accepted, because a person chose it."""
    assert [] == describe_refusals(b"Requires-Dist: torch>=2\n", {"torch": "2.9.0.dev20260101"})


BACKEND = """
import pathlib, zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    requires = "".join(f"Requires-Dist: {line}\\n" for line in pathlib.Path("requires.txt").read_text().splitlines())
    files = {"ext/_C.so": "compiled", "ext-1.dist-info/METADATA": f"Name: ext\\nVersion: 1\\n{requires}"}
    with zipfile.ZipFile(pathlib.Path(folder) / "ext-1-py3-none-any.whl", "w") as archive:
        for path, text in {**files, "ext-1.dist-info/RECORD": "".join(f"{path},,\\n" for path in files)}.items():
            archive.writestr(path, text)
    return "ext-1-py3-none-any.whl"
"""


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene whose package has its requirements only after a build."""
    scene = Scene(tmp_path)
    make_source(scene.source, "requiring_backend", 'backend-path = ["."]\n')
    write(scene.source / "requiring_backend.py", BACKEND)
    monkeypatch.chdir(scene.source)
    monkeypatch.delitem(sys.modules, "requiring_backend", raising=False)
    (tmp_path / "dist").mkdir()
    return scene


def build(scene: Scene, requires: str, *words: str) -> list[str]:
    """Build a wheel with requirements; return the names in its folder afterwards."""
    write(scene.source / "requires.txt", requires)
    call_of("build_wheel", scene, scene.pip(shell(scene), *words)).build(str(scene.root / "dist"), None)
    return [path.name for path in (scene.root / "dist").iterdir()]


def test_wheel_that_accepts_its_runtime(scene: Scene) -> None:
    """A wheel is kept if its runtime meets its requirements."""
    assert ["ext-1-py3-none-any.whl"] == build(scene, "torch>=2\nnumpy<0\ntorch<1; extra == 'old'\n")


def test_wheel_that_refuses_its_runtime(scene: Scene) -> None:
    """A wheel is refused and removed if its runtime does not meet its requirements."""
    with pytest.raises(MetadataError) as caught:
        build(scene, "numpy\ntorch>=99\ntorch!=2.7\n")
    assert (
        "ext-1-py3-none-any.whl requires 'torch>=99' and 'torch!=2.7', but was built against"
        f" torch {TARGET} (installed: {scene.target}): installing the wheel would replace that runtime\n"
        "Install a runtime that the package accepts, or name it in the same command, then run it again."
    ) == str(caught.value)
    assert [] == list((scene.root / "dist").iterdir())


def test_wheel_that_refuses_its_runtime_without_dependencies(scene: Scene) -> None:
    """With ``--no-deps``, the wheel is kept, because nothing replaces the runtime."""
    assert ["ext-1-py3-none-any.whl"] == build(scene, "torch>=99\n", "--no-deps")


def missing(site: Path, *extras: str) -> list[str]:
    """Return the missing requirements of torch."""
    index = DistributionIndex([site])
    root = index.find("torch")
    assert root is not None
    return find_missing(root, set(extras), index)


def test_nothing_is_missing(tmp_path: Path) -> None:
    """Requirements for other platforms, and unreadable ones, do not count as missing."""
    make_torch(tmp_path, "2.7.0", requires=["Sym_Py", "win; sys_platform == 'never'", "opt; extra == 'opt'", "a (>=1,"])
    make_distribution(tmp_path, "sym-py", "1", requires=["torch"])
    assert [] == missing(tmp_path)


def test_missing(tmp_path: Path) -> None:
    """A missing requirement is reported, wherever in the closure it is."""
    make_torch(tmp_path, "2.7.0", requires=["sympy", "numpy>=2"])
    make_distribution(tmp_path, "sympy", "1", requires=["mpmath<2; python_version > '3'"])
    assert sorted(["numpy>=2", 'mpmath<2; python_version > "3"']) == sorted(missing(tmp_path))


def test_missing_for_an_extra(tmp_path: Path) -> None:
    """The requirements of an extra count only if the extra is requested."""
    make_torch(tmp_path, "2.7.0", requires=["opt; extra == 'opt-einsum'", "other; extra == 'other'"])
    assert [] == missing(tmp_path)
    assert ['opt; extra == "opt-einsum"'] == missing(tmp_path, "opt_einsum")


def asking_pip(scene: Scene) -> Caller:
    """Return the caller under a pip that installs the given requirements."""
    return scene.pip(shell(scene), "numpy")


def test_incomplete_runtime(scene: Scene, frontend: Frontend) -> None:
    """If this command is about to install a requirement of torch, torch cannot be imported yet and is required anew."""
    make_torch(scene.site(scene.target), TARGET, requires=["sympy"])
    found = plan("get_requires_for_build_wheel", scene, asking_pip(scene)).runtimes[0]
    assert ("require", f"torch==={TARGET}", 1) == (
        found.provision.kind,
        found.provision.requirement,
        len(frontend.asked),
    )


def test_incomplete_runtime_of_a_lock(scene: Scene) -> None:
    """Pipenv installs from its lock with two pips side by side, so a torch may be there before what it requires."""
    locked = {"_meta": {"pipfile-spec": 6, "sources": []}, "default": {"torch": {"version": f"=={TARGET}"}}}
    write(scene.consumer / "Pipfile", "")
    write(scene.consumer / "Pipfile.lock", json.dumps(locked))
    make_torch(scene.site(scene.target), TARGET, requires=["sympy"])
    own = {**scene.shell(scene.consumer), "PIP_PYTHON_PATH": "/x"}
    caller = scene.pip(own, "--no-deps")
    pipenv = Process(argv=("/t/bin/python", "/t/bin/pipenv", "install"), cwd=scene.consumer, environ=own)
    under_pipenv = caller._replace(list_ancestors=lambda: (*caller.list_ancestors()[:1], pipenv, SHELL))
    hook = "get_requires_for_build_wheel"
    assert "require" == plan(hook, scene, under_pipenv).runtimes[0].provision.kind
    make_distribution(scene.site(scene.target), "sympy", "1")
    assert "reuse" == plan(hook, scene, under_pipenv).runtimes[0].provision.kind


def test_complete_runtime(scene: Scene, frontend: Frontend) -> None:
    """A complete torch is reused, whatever the command installs."""
    make_torch(scene.site(scene.target), TARGET, requires=["sympy"])
    make_distribution(scene.site(scene.target), "sympy", "1")
    assert "reuse" == plan("build_wheel", scene, asking_pip(scene)).runtimes[0].provision.kind
    assert 1 == len(frontend.asked)


def test_incomplete_runtime_that_stays_so(scene: Scene, frontend: Frontend) -> None:
    """A torch with a missing requirement that the command does not install is still reused."""
    make_torch(scene.site(scene.target), TARGET, requires=["sympy"])
    write_package(scene)
    found = plan("build_wheel", scene, scene.pip(shell(scene), "--no-deps")).runtimes[0]
    assert ("reuse", []) == (found.provision.kind, frontend.asked)


def test_folded_requirement() -> None:
    """A folded field is one requirement, also with the line ends of Windows."""
    for end in ("\n", "\r\n"):
        text = f"Name: ext{end}Requires-Dist: torch{end}  <2{end}\t; python_version > '3'{end}{end}Body{end}"
        assert ["torch <2 ; python_version > '3'"] == describe_refusals(text.encode(), VERSIONS)
