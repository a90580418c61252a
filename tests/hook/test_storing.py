"""The wheel store in builds: a wheel is taken only if every input is equal, and kept only if it can be given again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backends import recording
from callers import TARGET, Scene
from hooks import Said, call_of, make_source
from stamps import read_stamp
from standins import make_distribution, make_torch, write
from test_wrapper import wrap

from runtime_backend.archives import wheel
from runtime_backend.cli import main
from runtime_backend.errors import MetadataError
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan import store_inputs
from runtime_backend.watch.records import list_builds
from runtime_backend.wheel_store import source

WHEEL = "nonsense-1.0-py3-none-any.whl"

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("_recorded")]
"""Each builds twice, in other processes."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with a package that has build scripts."""
    scene = Scene(tmp_path)
    (tmp_path / "dist").mkdir()
    make_source(scene.source, "backends.recording")
    write(scene.source / "setup.py", "import os, helper\nos.environ.get('NONSENSE_MODE')\n")
    write(scene.source / "helper.py", "import os\nos.environ.get('FROM_HELPER')\n")
    write(scene.source / "csrc/kernel.cu", "__global__ void f() {}\n")
    make_distribution(overlay(scene), "ninja", "1.11")
    return scene


def overlay(scene: Scene) -> Path:
    """Return the folder in which pip installs build requirements."""
    return scene.site(scene.root / "tmp/pip-build-env-abcd1234/overlay")


def under_pip(scene: Scene, **variables: str) -> Caller:
    """Return the caller under pip."""
    return scene.pip({**scene.shell(scene.elsewhere), **variables})


def build(
    scene: Scene, caller: Caller | None = None, config: dict[str, Any] | None = None, said: Said | None = None
) -> bool:
    """Build a wheel, and return whether the real backend was called."""
    before = len(recording.calls())
    made = call_of("build_wheel", scene, caller or under_pip(scene), said).build(str(scene.root / "dist"), config)
    assert WHEEL == made
    return len(recording.calls()) > before


def lookups(scene: Scene) -> list[dict[str, Any]]:
    """Return what builds have looked for."""
    folder = scene.root / "our-cache/store/.lookups"
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.iterdir())]


def test_taken(scene: Scene) -> None:
    """The second build of the same source takes the wheel, and stamps it with its origin and its own decision."""
    said = Said()
    assert (True, False) == (build(scene), build(scene, said=said))
    assert [
        f"took {WHEEL} from the wheel store (compiled here, {said.lines[0].partition('here, ')[2][:10]}), and compiled"
        " nothing. To compile it: RUNTIME_BACKEND_STORE=off"
    ] == said.lines
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    (lookup,) = lookups(scene)
    assert ("store", "local", 64) == (stamp["origin"]["kind"], stamp["origin"]["store"], len(stamp["origin"]["key"]))
    assert (TARGET, 1) == (stamp["runtimes"][0]["version"], stamp["compiled-files"])
    assert ("compiled here", str(scene.source)) == (lookup["result"], lookup["source"])
    outcomes = [record.outcome for _, record in list_builds(scene.root / "our-cache")]
    assert ["built", "taken from the wheel store: compiled here"] == outcomes


def test_changed_files_are_known(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a change of a source, a person learns which file it was."""
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(scene.root / "our-cache"))
    build(scene)
    write(scene.source / "csrc/kernel.cu", "changed")
    build(scene)
    assert 1 == main(["store", "explain", str(scene.source)])
    assert "  files of the source differ: csrc/kernel.cu" in capsys.readouterr().out.splitlines()


def test_taken_without_a_record(scene: Scene) -> None:
    """If the record cannot be written, the wheel is taken all the same."""
    assert build(scene)
    shutil.rmtree(scene.root / "our-cache/builds")
    write(scene.root / "our-cache/builds", "a file")
    said = Said()
    assert not build(scene, said=said)
    assert said.lines[0].startswith("note: this build is not recorded")


def _edit(path: str, text: str) -> Callable[[Scene, pytest.MonkeyPatch], Any]:
    return lambda scene, _: write(scene.source / path, text)


def _fact(name: str, value: object) -> Callable[[Scene, pytest.MonkeyPatch], None]:
    return lambda _, monkeypatch: monkeypatch.setattr(store_inputs, name, lambda *_: value)


def _environ(**variables: str) -> Callable[[Scene, pytest.MonkeyPatch], Caller]:
    return lambda scene, _: under_pip(scene, **variables)


def _torch(version: str, **facts: Any) -> Callable[[Scene, pytest.MonkeyPatch], None]:
    def change(scene: Scene, _: pytest.MonkeyPatch) -> None:
        site = scene.site(scene.target)
        shutil.rmtree(next(site.glob("torch-*.dist-info")))
        make_torch(site, version, **facts)

    return change


def _rebuilt_torch(scene: Scene, _: pytest.MonkeyPatch) -> None:
    record = next(scene.site(scene.target).glob("torch-*.dist-info")) / "RECORD"
    record.write_text(f"torch/lib/libtorch.so,sha256={'a' * 43},9\n{record.read_text('utf-8')}", "utf-8")


def _consumers_variable(scene: Scene, _: pytest.MonkeyPatch) -> None:
    write(scene.source / "setup.cfg", "[metadata]\nname = nonsense\n")
    text = '[tool.runtime-backend.packages.nonsense.env]\nANYTHING = "1"\n'
    write(scene.elsewhere / "pyproject.toml", text)


def _nested(scene: Scene, _: pytest.MonkeyPatch) -> Caller:
    write(scene.root / "cutlass/include/a.h", "1")
    return under_pip(scene, NONSENSE_MODE=str(scene.root / "cutlass"))


def _requirement(version: str) -> Callable[[Scene, pytest.MonkeyPatch], None]:
    def change(scene: Scene, _: pytest.MonkeyPatch) -> None:
        shutil.rmtree(overlay(scene))
        make_distribution(overlay(scene), "ninja", version)

    return change


INPUTS: dict[str, Callable[[Scene, pytest.MonkeyPatch], Any]] = {
    "a source file": _edit("csrc/kernel.cu", "__global__ void g() {}\n"),
    "a new file": _edit("csrc/other.cu", ""),
    "a setting": lambda scene, _: make_source(scene.source, "backends.recording", 'metadata = "real"\n'),
    "an executable file": lambda scene, _: (scene.source / "helper.py").chmod(0o755),
    "a removed file": lambda scene, _: (scene.source / "csrc/kernel.cu").unlink(),
    "the interpreter": _fact("describe_python", {"abi": ".cpython-399"}),
    "the C library": _fact("describe_libc", "glibc 2.99"),
    "the compiler": _fact("describe_compilers", ["gcc 99"]),
    "the CUDA toolkit": _fact("describe_toolkit", "99.0"),
    "ROCm": _fact("describe_rocm", "9.9"),
    "the runtime's version": _torch("2.8.0"),
    "the runtime's variant": _torch(TARGET, reported=f"{TARGET}+cu126", cuda="12.6"),
    "the runtime's files": _rebuilt_torch,
    "a compiler flag": _environ(CFLAGS="-O0"),
    "architectures": _environ(TORCH_CUDA_ARCH_LIST="9.0"),
    "a variable of setup.py": _environ(NONSENSE_MODE="fast"),
    "a variable of a module of setup.py": _environ(FROM_HELPER="1"),
    "a variable that the consumer sets": _consumers_variable,
    "a folder that a variable names": _nested,
    "a build requirement": _requirement("1.12"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_each_input_is_in_the_key(name: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a single input changes, the package is compiled; and again, its wheel is taken for the new inputs."""
    assert build(scene)
    caller = INPUTS[name](scene, monkeypatch)
    caller = caller if isinstance(caller, Caller) else under_pip(scene)
    assert (True, False) == (build(scene, caller), build(scene, caller))


def test_config_settings_are_in_the_key(scene: Scene) -> None:
    """A config setting of the real backend belongs to the key; one of ours, such as the log, does not."""
    assert (True, True, False) == (
        build(scene),
        build(scene, config={"--build-option": ["-O2", 1]}),
        build(scene, config={"--build-option": ["-O2", 1], "runtime-backend.log": str(scene.root / "log")}),
    )


def test_content_behind_a_variable(scene: Scene) -> None:
    """A folder that a variable names may change without its path."""
    write(scene.root / "cutlass/include/a.h", "1")
    caller = under_pip(scene, NONSENSE_MODE=f"-I{scene.root / 'cutlass'}")
    assert (True, False) == (build(scene, caller), build(scene, caller))
    write(scene.root / "cutlass/include/a.h", "22")
    assert build(scene, caller)


def test_processor(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor belongs to the key if a build script compiles for that of this machine."""
    for features, is_compiled in (("avx2", True), ("avx512", False)):
        monkeypatch.setattr(store_inputs, "describe_processor", lambda found=features: found)
        assert is_compiled == build(scene)
    write(scene.source / "setup.py", "flags = ['-march=native']\n")
    assert (True, False) == (build(scene), build(scene))
    monkeypatch.setattr(store_inputs, "describe_processor", lambda: "avx2")
    assert build(scene)


def test_gpus(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a list of architectures, torch compiles for the GPUs here, so they belong to the key."""
    _torch(TARGET, reported=f"{TARGET}+cu126", cuda="12.6")(scene, monkeypatch)
    for gpus, is_compiled in ((["9.0"], True), (["9.0"], False), (["8.6"], True)):
        monkeypatch.setattr("runtime_backend.cuda.architectures.list_capabilities", lambda _, found=gpus: found)
        assert is_compiled == build(scene)
    named = under_pip(scene, TORCH_CUDA_ARCH_LIST="9.0")
    assert build(scene, named)
    monkeypatch.setattr("runtime_backend.cuda.architectures.list_capabilities", lambda _: ["12.0"])
    assert not build(scene, named)


def _touch(scene: Scene, _: pytest.MonkeyPatch) -> None:
    os.utime(scene.source / "csrc/kernel.cu", (1, 1))


def _leave_results(scene: Scene, _: pytest.MonkeyPatch) -> None:
    for path in ("x.egg-info/PKG-INFO", "__pycache__/setup.pyc", ".git/index", "dist/x-1-py3-none-any.whl"):
        write(scene.source / path, "")


def _move_environment(scene: Scene, _: pytest.MonkeyPatch) -> Caller:
    other = scene.site(scene.root / "tmp/pip-build-env-zzzz9999/overlay")
    make_distribution(other, "ninja", "1.11")
    return under_pip(scene)._replace(sys_path=(str(other),))


OTHERS: dict[str, Callable[[Scene, pytest.MonkeyPatch], Any]] = {
    "times": _touch,
    "results of builds": _leave_results,
    "the path of the build environment": _move_environment,
    "job counts": _environ(MAX_JOBS="3", CMAKE_BUILD_PARALLEL_LEVEL="3", NVCC_THREADS="2"),
    "compiler caches": _environ(CCACHE_DIR="/elsewhere", SCCACHE_BUCKET="x"),
    "a secret": _environ(MY_TOKEN="hunter2"),  # noqa: S106 - what must not be in a key
    "a variable that no script names": _environ(UNRELATED="1"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_is_in_the_key(name: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes no code does not prevent that the wheel is taken."""
    assert build(scene)
    caller = OTHERS[name](scene, monkeypatch)
    assert not build(scene, caller if isinstance(caller, Caller) else under_pip(scene))


def test_torch_there_and_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch A, B, A: the third build takes the wheel for A."""
    found = []
    for version in (TARGET, "2.8.0", TARGET):
        _torch(version)(scene, monkeypatch)
        found.append(build(scene))
        stamp = read_stamp(scene.root / "dist" / WHEEL)
        assert stamp is not None
        assert version == stamp["runtimes"][0]["version"]
    assert [True, True, False] == found


def test_switched_off(scene: Scene) -> None:
    """With store = off, nothing is kept and nothing is taken: for a package, and for one call."""
    make_source(scene.source, "backends.recording", 'store = "off"\n')
    assert (True, True) == (build(scene), build(scene))
    assert not (scene.root / "our-cache/store").exists()
    assert (True, False) == (
        build(scene, config={"runtime-backend.store": "on"}),
        build(scene, config={"runtime-backend.store": "on"}),
    )


def test_editable(scene: Scene) -> None:
    """Editables are never stored."""
    for _ in range(2):
        call_of("build_editable", scene, under_pip(scene)).build(str(scene.root / "dist"), None)
    assert 2 == len(recording.calls())


def test_uncompiled(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel without compiled files is not kept."""
    monkeypatch.setattr(wheel, "count_compiled", lambda _: 0)
    assert (True, True) == (build(scene), build(scene))


def test_changed_while_it_was_built(scene: Scene) -> None:
    """If a file changes during the build, nobody knows which of its contents the wheel has."""
    code = "from backends.recording import *\nfrom backends import recording\nimport pathlib\n"
    code += "def build_wheel(*given):\n    pathlib.Path('csrc/kernel.cu').write_text('changed')\n    return recording.build_wheel(*given)\n"
    write(scene.source / "changing_backend.py", code)
    make_source(scene.source, "changing_backend", 'backend-path = ["."]\n')
    said = Said()
    assert build(scene, said=said)
    assert f"note: the wheel store: {WHEEL} is not kept: csrc/kernel.cu changed while it was built" in said.lines
    assert build(scene)


def test_objects_of_an_earlier_build(scene: Scene) -> None:
    """A wheel that may have objects of another source is not kept; the next lookup says why."""
    write(scene.source / "build/temp.linux/kernel.o", "")
    caller = under_pip(scene, DIST_EXTRA_CONFIG="/dev/null")
    assert (True, True) == (build(scene, caller), build(scene, caller))
    assert "its build folder had objects of an earlier build" in lookups(scene)[0]["notes"][-1]


def test_too_large_to_compare(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source tree that is too large to compare is always compiled."""
    monkeypatch.setattr(source, "MOST_FILES", 1)
    said = Said()
    assert build(scene, said=said)
    assert any(line.startswith("note: the wheel store is not used: the source tree") for line in said.lines)


def test_above_the_limit(scene: Scene) -> None:
    """A wheel that is larger than the whole store is not kept."""
    said = Said()
    config = {"runtime-backend.store-size": "0 MB"}
    assert (True, True) == (build(scene, config=config, said=said), build(scene, config=config))
    assert f"note: the wheel store: {WHEEL} is not kept: it is larger than the limit of 0 GB" in said.lines


def test_oldest_leave_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit, the wheels that were not used for longest are removed."""
    stored = scene.root / "our-cache/store"
    for number, version in enumerate((TARGET, "2.8.0")):
        _torch(version)(scene, monkeypatch)
        assert build(scene)
        for path in stored.glob("*.lock"):
            os.utime(path, (number, number))
    size = sum(path.stat().st_size for path in stored.glob("*/*") if path.parent.name != ".lookups")
    first, second = (path.stem for path in sorted(stored.glob("*.lock"), key=lambda path: path.stat().st_mtime))
    os.utime(stored / f"{first}.lock", (0, 0))
    _torch("2.9.0")(scene, monkeypatch)
    assert build(scene, config={"runtime-backend.store-size": f"{size / 1e6 + 0.001:.3f} MB"})
    assert (False, True) == ((stored / first).exists(), (stored / second).exists())


def test_wrapper(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source of a wrapper is known by its hash, and is unpacked only once to read its build scripts."""
    wrap(scene, more='[tool.runtime-backend.env]\nMODE = "1"\n')
    assert (True, False) == (build(scene), build(scene))
    monkeypatch.setattr("runtime_backend.upstream.Depot.tree", None)
    assert not build(scene)
    (lookup,) = lookups(scene)
    assert ("url", {"MODE": "1"}) == (lookup["inputs"]["source"]["kind"], lookup["inputs"]["variables"])
    assert str(scene.source) == lookup["tree"]


def test_patches_of_a_wrapper(scene: Scene) -> None:
    """A patch belongs to the source."""
    wrap(scene)
    assert build(scene)
    write(scene.source / "fix.patch", "--- a/a.cu\n+++ b/a.cu\n@@ -0,0 +1 @@\n+int x;\n")
    wrap(scene, more='patches = ["fix.patch"]\n')
    assert (True, False) == (build(scene), build(scene))


def test_version_from_git(scene: Scene) -> None:
    """If a build script reads the repository, the commit belongs to the key."""
    write(scene.source / "setup.py", "import subprocess\nsubprocess.run(['git', 'describe'])\n")
    assert (True, False) == (build(scene), build(scene))
    write(scene.source / ".git/HEAD", f"{'a' * 40}\n")
    assert (True, False) == (build(scene), build(scene))
    write(scene.source / ".git/HEAD", f"{'b' * 40}\n")
    assert build(scene)


def test_wheel_that_refuses_the_runtime(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored wheel that does not accept the runtime is refused, as a new one is."""
    assert build(scene)
    monkeypatch.setattr("runtime_backend.metadata.agreement.describe_refusals", lambda *_: ["torch<1"])
    with pytest.raises(MetadataError, match="was built against"):
        build(scene)


def test_ci(scene: Scene) -> None:
    """With write = ci, only builds in CI fill the remote store."""
    remote = scene.root / "remote"
    shared = {"RUNTIME_BACKEND_STORE": str(remote), "RUNTIME_BACKEND_STORE_WRITE": "ci"}
    assert build(scene, under_pip(scene, **shared))
    assert not remote.exists()
    shutil.rmtree(scene.root / "our-cache")
    said = Said()
    assert build(scene, under_pip(scene, **shared, CI="true"), said=said)
    assert f"put {WHEEL} into {remote}" in said.lines
    shutil.rmtree(scene.root / "our-cache")
    assert not build(scene, under_pip(scene, **shared))


def test_remote_that_refuses(scene: Scene) -> None:
    """If the remote store cannot be written to, the wheel is there all the same."""
    write(scene.root / "a-file", "")
    shared = {"RUNTIME_BACKEND_STORE": str(scene.root / "a-file"), "RUNTIME_BACKEND_STORE_WRITE": "always"}
    said = Said()
    assert build(scene, under_pip(scene, **shared), said=said)
    assert any(f"{WHEEL} is not put into {scene.root / 'a-file'}" in line for line in said.lines)
