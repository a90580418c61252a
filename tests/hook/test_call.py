"""One hook call: the input of the real backend, the messages, and the result."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from backends import objects, recording
from callers import LOCKED, OTHER, STALE, TARGET, Scene, lock_text
from hooks import Said, call_of, make_source
from stamps import read_stamp
from standins import blocked, make_torch, make_venv, write

from runtime_backend.archives.wheel import read_from_dist_info
from runtime_backend.config import Settings
from runtime_backend.errors import BackendError, MetadataError, ProvisionError, ResolutionError
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook.call import HookCall
from runtime_backend.plan import Plan
from runtime_backend.provision.fetch import plan_fetching
from runtime_backend.store.holding import aside, lock_of

WHEEL = "nonsense-1.0-py3-none-any.whl"

pytestmark = pytest.mark.usefixtures("_recorded")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose source is built by the recording backend."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", 'metadata = "real"\n')
    (tmp_path / "dist").mkdir()
    return scene


def bare(scene: Scene) -> Path:
    """Make an environment without a runtime."""
    make_venv(scene.root / "bare")
    return scene.root / "bare"


def test_requirements_with_reuse(scene: Scene) -> None:
    """The real backend's requirements are passed on, without those for our runtimes."""
    caller = scene.pip(scene.shell(scene.elsewhere))
    found = call_of("get_requires_for_build_wheel", scene, caller).requirements({"a": "b"})
    assert ["nonsense-of-a-wheel>=3", "not a requirement!"] == found
    assert [("get_requires_for_build_wheel", {"a": "b"})] == recording.calls()


STATIC = '\n[project]\nname = "nonsense"\nversion = "1.0"\n'
"""Metadata for which uv calls no hook; it calls get_requires only after its lock is written."""


def test_requirements_with_a_lock(scene: Scene) -> None:
    """A locked runtime is added, pinned."""
    make_source(scene.source, "backends.recording", f'metadata = "real"\n{STATIC}')
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    found = call_of("get_requires_for_build_wheel", scene, caller).requirements(None)
    url = "https://example.org/torch-2.8.0-py3-none-any.whl"
    assert ["nonsense-of-a-wheel>=3", "not a requirement!", f"torch @ {url}#sha256={'ab' * 32}"] == found
    assert [("get_requires_for_build_wheel", None)] == recording.calls()


@pytest.mark.parametrize("hook", ["get_requires_for_build_sdist", "get_requires_for_build_editable"])
def test_requirements_of_others(hook: str, scene: Scene) -> None:
    """An sdist needs no runtime; an editable build does."""
    make_source(scene.source, "backends.recording", f'metadata = "real"\n{STATIC}')
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    found = call_of(hook, scene, caller).requirements(None)
    assert {"get_requires_for_build_sdist": 0, "get_requires_for_build_editable": 1}[hook] == len(
        [text for text in found if text.startswith("torch @ ")]
    )


def test_requirements_without_anything_known(scene: Scene) -> None:
    """If no runtime is known, none is required, and nothing fails: the frontend may only be locking."""
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
    said = Said()
    found = call_of("get_requires_for_build_wheel", scene, caller, said).requirements(None)
    assert (["nonsense-of-a-wheel>=3", "not a requirement!"], []) == (found, said.lines)


def test_requirements_of_a_minimal_backend(scene: Scene) -> None:
    """A real backend without the hook requires nothing."""
    make_source(scene.source, "backends.minimal")
    caller = scene.pip(scene.shell(scene.elsewhere))
    assert [] == call_of("get_requires_for_build_wheel", scene, caller).requirements(None)


def test_own_settings_stay_here(scene: Scene) -> None:
    """Our config settings are not passed on; if no other is left, an empty table is passed on."""
    caller = scene.build(scene.shell(scene.elsewhere))
    call = call_of("get_requires_for_build_wheel", scene, caller)
    found = call.requirements({"runtime-backend.pin": "torch==9.0"})
    assert ("torch==9.0", [("get_requires_for_build_wheel", {})]) == (found[-1], recording.calls())


def test_none_passes_through(scene: Scene) -> None:
    """With provision 'none', the real backend's own requirement for torch is passed on."""
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
    call = call_of("get_requires_for_build_wheel", scene, caller)
    found = call.requirements({"runtime-backend.provision": "none"})
    assert ["nonsense-of-a-wheel>=3", "Torch>=1", "not a requirement!"] == found


@pytest.mark.parametrize(
    ("backend", "reported"),
    [("raising", "ModuleNotFoundError: No module named 'torch'"), ("exiting", "SystemExit: torch is missing")],
)
def test_requirements_of_a_backend_that_needs_it(backend: str, reported: str, scene: Scene) -> None:
    """If the real backend cannot answer without the runtime, the runtime is required first."""
    make_source(scene.source, f"backends.objects:{backend}", 'metadata = "real"\n')
    said = Said()
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    found = call_of("get_requires_for_build_wheel", scene, caller, said).requirements(None)
    assert 1 == len(found)
    hook = "get_requires_for_build_wheel"
    assert [f"{hook}: the real backend cannot answer before it has torch: {reported}"] == said.lines


def test_requirements_of_a_backend_that_fails(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """If the real backend fails although it has the runtime, the hook fails, and says what it was called with."""
    make_source(scene.source, "backends.objects:raising")
    said = Said()
    call = call_of("get_requires_for_build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said)
    with pytest.raises(SystemExit):
        call.requirements(None)
    assert "ModuleNotFoundError" in capsys.readouterr().err
    assert "get_requires_for_build_wheel of the real backend failed; it was called with" in said.lines


def test_requirements_without_a_backend(scene: Scene) -> None:
    """A missing real backend is refused, even if no runtime is known."""
    make_source(scene.source, "nowhere_at_all")
    with pytest.raises(BackendError):
        call_of(
            "get_requires_for_build_wheel", scene, scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
        ).requirements(None)


def imported(scene: Scene) -> Caller:
    """Return a caller whose process imported torch in an earlier hook."""
    return scene.pip(scene.shell(scene.elsewhere))._replace(find_imported={"torch": OTHER}.get)


def test_description_after_an_import(scene: Scene) -> None:
    """If an earlier hook imported torch into this process (tox), the package is described in a child."""
    dist = scene.root / "dist"
    assert ["nonsense-of-a-wheel>=3", "not a requirement!"] == call_of(
        "get_requires_for_build_wheel", scene, imported(scene)
    ).requirements(None)
    call_of("prepare_metadata_for_build_wheel", scene, imported(scene)).run(str(dist), {"a": "b"})
    call_of("build_sdist", scene, imported(scene)).run(str(dist), None)
    here = [record["process"] == os.getpid() for record in recording.seen()]
    assert ([False, False, True], ("prepare_metadata_for_build_wheel", str(dist), {"a": "b"})) == (
        here,
        recording.calls()[1],
    )


def test_failed_description_after_an_import(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """A failure of that child is printed once, and gives the exit code."""
    make_source(scene.source, "backends.objects:exiting")
    with pytest.raises(SystemExit) as caught:
        call_of("get_requires_for_build_wheel", scene, imported(scene)).requirements(None)
    assert (1, "torch is missing\n") == (caught.value.code, capfd.readouterr().err)


def test_build_without_a_backend(scene: Scene) -> None:
    """A missing real backend is reported by its refusal alone, not as a failed build."""
    make_source(scene.source, "nowhere_at_all")
    said = Said()
    with pytest.raises(BackendError):
        call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said).build(
            str(scene.root / "dist"), None
        )
    assert [] == said.lines


def test_build_with_reuse(scene: Scene) -> None:
    """A wheel is built with the target's runtime at the end of the import path, and stamped with it."""
    table = '[tool.runtime-backend.env]\nBUILT_FOR = "{torch.version}"\nPATH = "/mine"\n'
    make_source(scene.source, "backends.recording", table)
    caller = scene.pip(scene.shell(scene.elsewhere, SOME="1", _PYPROJECT_HOOKS_BUILD_BACKEND="x"))
    said = Said()
    folder = str(scene.root / "dist")
    assert WHEEL == call_of("build_wheel", scene, caller, said).build(folder, {"a": "b"}, "metadata")
    reported = str(Path("metadata").absolute())
    assert ([("build_wheel", folder, {"a": "b"}, reported)], []) == (recording.calls(), said.lines)
    (seen,) = recording.seen()
    overlay = Path(seen["path"][-1])
    assert scene.site(scene.target) / "torch" == (overlay / "torch").resolve()
    assert (TARGET, os.environ["PATH"]) == (seen["environ"]["BUILT_FOR"], seen["environ"]["PATH"])
    assert f"{caller.environ['PYTHONPATH']}{os.pathsep}{overlay}" == seen["environ"]["PYTHONPATH"]
    assert str(overlay / "torch/share/cmake") == seen["environ"]["CMAKE_PREFIX_PATH"]
    assert re.fullmatch(r"\[build\]\nbuild_base = build/torch-2\.7\.0-[0-9a-f]{8}\n", seen["setuptools"])
    assert str(overlay) not in sys.path
    assert not Path(seen["environ"]["DIST_EXTRA_CONFIG"]).exists()
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    assert (TARGET, "reuse", None, 1) == (
        stamp["runtimes"][0]["version"],
        stamp["runtimes"][0]["provision"],
        stamp["real-backend"]["version"],
        stamp["compiled-files"],
    )
    assert ({"BUILT_FOR": TARGET}, ["PATH"]) == (stamp["variables"], stamp["variables-kept"])


def test_build_with_the_present_one(scene: Scene) -> None:
    """Without isolation, CMAKE_PREFIX_PATH has the runtime's own folder."""
    caller = scene.not_isolated(scene.shell(scene.elsewhere), ["pip"])
    call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None, None)
    (seen,) = recording.seen()
    assert str(scene.site(scene.target) / "torch/share/cmake") == seen["environ"]["CMAKE_PREFIX_PATH"]


def test_build_that_must_not_be(scene: Scene) -> None:
    """A build against a runtime other than the target's is refused."""
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    make_torch(scene.site(caller.prefix), OTHER)
    with pytest.raises(ProvisionError) as caught:
        call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None, None)
    assert "but the wheel is for torch 2.8.0 (locked: " in str(caught.value)
    assert [] == recording.calls()


def test_build_with_nothing_known(scene: Scene) -> None:
    """A build without a known runtime is refused."""
    with pytest.raises(ResolutionError):
        call_of("build_editable", scene, scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))).build("x", None)
    assert [] == recording.calls()


def test_build_without_any_runtime(scene: Scene) -> None:
    """With provision 'none', the wheel is built in the usual build folder, and its stamp has no runtime."""
    make_source(scene.source, "backends.recording", 'provision = "none"\n')
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
    call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None, None)
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    assert ([], None) == (stamp["runtimes"], recording.seen()[0]["setuptools"])


def test_editable(scene: Scene) -> None:
    """An editable build always compiles, and its wheel needs no compiled file."""
    write(scene.source / "x.cpp", "")
    said = Said()
    caller = scene.pip(scene.shell(scene.elsewhere))
    call_of("build_editable", scene, caller, said).build(str(scene.root / "dist"), None, None)
    assert recording.seen()[0]["setuptools"].endswith("[build_ext]\nforce = 1\n")
    assert [] == said.lines


@pytest.mark.parametrize("has_sources", [True, False])
def test_uncompiled(has_sources: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A wheel without its extension causes a warning if the source has files to compile."""
    make_source(scene.source, "backends.minimal")
    if has_sources:
        write(scene.source / "csrc/x.cu", "")
    said = Said()
    call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said).build(
        str(scene.root / "dist"), None, None
    )
    expected = (
        f"warning: {WHEEL} contains no compiled file, although the source has files to compile (csrc/x.cu):"
        " the package may have left its extension out without an error"
    )
    assert ([expected] if has_sources else []) == said.lines


@pytest.mark.parametrize(
    ("hook", "made"),
    [
        ("build_sdist", "nonsense-1.0.tar.gz"),
        ("prepare_metadata_for_build_wheel", "nonsense-1.0.dist-info"),
        ("prepare_metadata_for_build_editable", "nonsense-1.0.dist-info"),
    ],
)
def test_others_need_no_runtime(hook: str, made: str, scene: Scene) -> None:
    """Metadata and sdists are made without a runtime, and are not stamped."""
    folder = str(scene.root / "dist")
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
    assert made == call_of(hook, scene, caller).run(folder, None)
    assert [(hook, folder, None)] == recording.calls()


def test_demanded_hook_is_absent(scene: Scene) -> None:
    """A real backend without build_wheel is refused."""
    make_source(scene.source, "backends.objects:empty")
    caller = scene.pip(scene.shell(scene.elsewhere))
    with pytest.raises(BackendError) as caught:
        call_of("build_wheel", scene, caller).build("x", None, None)
    assert "backends.objects:empty: found no hook build_wheel, expected one (PEP 517)" == str(caught.value)
    with pytest.raises(BackendError) as caught:
        call_of("build_sdist", scene, caller).run("x", None)
    assert "backends.objects:empty: found no hook build_sdist, expected one (PEP 517)" == str(caught.value)


def test_child_that_cannot_be_started(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of the system is not reported as a failure of the real backend."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("runtime_backend.watch.relay.subprocess.Popen", refuse)
    said = Said()
    with pytest.raises(OSError, match="Cannot allocate memory"):
        call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said).build("x", None, None)
    assert [] == said.lines


@pytest.mark.parametrize(
    ("backend", "code", "printed"),
    [
        ("raising", 1, "RuntimeError: the compiler failed\n"),
        ("exiting", 1, "no CUDA here\n"),
        ("leaving", 1, ""),
        ("coded", 3, ""),
    ],
)
def test_failed_build(backend: str, code: int, printed: str, scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed build ends with the real backend's output, its runtime and settings; exit code 0 is a failure, too."""
    make_source(scene.source, f"backends.objects:{backend}", '[tool.runtime-backend.env]\nA = "1"\nHOME = "x"\n')
    said = Said()
    with pytest.raises(SystemExit) as caught:
        call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said).build("x", None, None)
    err = capfd.readouterr().err
    assert (code, True) == (caught.value.code, err.endswith(printed) and bool(err) == bool(printed))
    assert "runtime_backend" not in err
    assert [
        "build_wheel of the real backend failed; it was called with",
        f"  torch: torch {TARGET}, installed ({scene.target}); reuse: installed in {scene.site(scene.target)}",
        f"    asked: a dry run: torch {TARGET} stays",
        "  A=1: set  [pyproject.toml: tool.runtime-backend.env.A]",
        "  HOME: left as the environment has it  [pyproject.toml: tool.runtime-backend.env.HOME]",
        f"  real backend: backends.objects:{backend} (build_wheel, pip)",
        f"  its whole output: {said.outputs[0]}",
        *(["the first errors in the output:", f"  {printed.strip()}"] if "Error" in printed else []),
    ] == said.lines


def test_failed_sdist(scene: Scene) -> None:
    """A failed hook that is no build ends in the same way, but its output is not kept."""
    write(scene.source / "failing_backend.py", "def build_sdist(*_):\n    raise RuntimeError\n")
    make_source(scene.source, "failing_backend", 'backend-path = ["."]\n')
    said = Said()
    with pytest.raises(SystemExit):
        call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere)), said).run("x", None)
    assert ("build_sdist of the real backend failed; it was called with", []) == (said.lines[0], said.outputs)
    assert "  real backend: failing_backend (build_sdist, pip)" == said.lines[-1]
    del sys.modules["failing_backend"]


def test_failed_sdist_for_want_of_a_runtime(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """A hook that fails without a runtime reports why there was none."""
    write(
        scene.source / "failing_backend.py",
        "def build_sdist(*_):\n    import torch_that_is_nowhere\n",
    )
    make_source(scene.source, "failing_backend", 'backend-path = ["."]\n')
    with pytest.raises(ResolutionError):
        call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))).run("x", None)
    assert "No module named 'torch_that_is_nowhere'" in capsys.readouterr().err
    del sys.modules["failing_backend"]


def test_unsupported(scene: Scene) -> None:
    """The real backend's UnsupportedOperation is passed on to the frontend."""
    make_source(scene.source, "backends.objects:unsupporting")
    with pytest.raises(objects.UnsupportedOperation):
        call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere))).run("x", None)


def test_attributes(scene: Scene) -> None:
    """Whether the real backend has a hook is known before the call."""
    call = call_of("build_editable", scene, scene.pip(scene.shell(scene.elsewhere)))
    assert (recording.build_editable, None) == (call.attribute("build_editable"), call.attribute("nonsense"))


def test_notes_and_log(scene: Scene) -> None:
    """Notes are printed, and the plan of each call is one line of the log."""
    said, log = Said(), scene.root / "log"
    make_torch(make_venv(scene.elsewhere / ".venv"), STALE)
    write(scene.elsewhere / "uv.lock", (scene.consumer / "uv.lock").read_text("utf-8"))
    caller = scene.build(scene.shell(scene.elsewhere, RUNTIME_BACKEND_LOG=str(log)))
    for _ in range(2):
        call_of("get_requires_for_build_wheel", scene, caller, said).requirements(None)
    note = (
        f"note: torch {STALE} is installed in {scene.elsewhere}/.venv, but {scene.elsewhere}/uv.lock pins 2.8.0:"
        " building against the locked one"
    )
    assert [note, note] == said.lines
    assert ["get_requires_for_build_wheel"] * 2 == [json.loads(line)["hook"] for line in log.read_text().splitlines()]


def test_log_that_cannot_be_written(scene: Scene) -> None:
    """A log that cannot be written is an error."""
    path = blocked(scene.root)
    caller = scene.pip(scene.shell(scene.elsewhere, RUNTIME_BACKEND_LOG=str(path)))
    with pytest.raises(BackendError) as caught:
        call_of("build_sdist", scene, caller).run("x", None)
    assert (f"the log {path} cannot be written: Not a directory\nSet RUNTIME_BACKEND_LOG to another file.") == str(
        caught.value
    )


def test_scikit_build(scene: Scene) -> None:
    """A build folder in the producer's settings gets a folder for each runtime."""
    make_source(scene.source, "backends.recording", '[tool.scikit-build]\nbuild-dir = "build/x"\n')
    call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere))).build(str(scene.root / "dist"), None, None)
    assert recording.seen()[0]["environ"]["SKBUILD_BUILD_DIR"].startswith("build/x/torch-2.7.0-")


BACKEND = """
import pathlib
def get_requires_for_build_wheel(config_settings=None):
    import torch
    return ["ninja", "torch"]
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    import torch
    made = pathlib.Path(folder) / "x-1.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: x\\nVersion: 1+{WHICH}\\n\\nText")
    return made.name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    import sys
    sys.path.insert(0, {tests!r})
    from backends.making import make_wheel
    return make_wheel(folder)
def build_sdist(folder, config_settings=None):
    from torch.nonsense import x
"""


def asking(scene: Scene, which: str, table: str = "") -> Scene:
    """Let the scene's backend use an attribute of torch."""
    text = BACKEND.replace("{WHICH}", which).replace("{tests!r}", repr(str(Path(__file__).parents[1])))
    write(scene.source / "asking_backend.py", text)
    make_source(scene.source, "asking_backend", f'backend-path = ["."]\n{table}')
    return scene


@pytest.fixture
def _forgetful() -> Iterator[None]:
    """Remove the scene's backend from sys.modules, because other scenes use the same name."""
    yield
    sys.modules.pop("asking_backend", None)


@pytest.mark.usefixtures("_forgetful")
def test_metadata_with_a_stand_in(scene: Scene) -> None:
    """Without torch, the real backend answers with the stand-in, which has the locked version."""
    asking(scene, "{torch.__version__}")
    write(scene.consumer / "uv.lock", lock_text("2.8.0+cu126"))
    caller, said = scene.uv(scene.shell(scene.consumer), "lock"), Said()
    assert ["ninja"] == call_of("get_requires_for_build_wheel", scene, caller, said).requirements(None)
    folder = scene.root / "dist"
    assert "x-1.dist-info" == call_of("prepare_metadata_for_build_wheel", scene, caller, said).run(str(folder), None)
    assert "Version: 1+2.8.0+cu126\n" in (folder / "x-1.dist-info/METADATA").read_text()
    mark = json.loads((folder / "x-1.dist-info/runtime-backend.json").read_text())
    assert ("stub", ["torch 2.8.0+cu126 cuda=None hip=None rocm=None xpu=None git-version=None"]) == (
        mark["metadata"],
        mark["runtimes"],
    )
    assert [] == said.lines
    assert "torch" not in sys.modules


@pytest.mark.usefixtures("_forgetful")
def test_what_the_stand_in_lacks(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """If the stand-in lacks an attribute, the real torch is tried; if that is missing, the build reports it."""
    asking(scene, "")
    caller, said = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene)), Said()
    with pytest.raises(ResolutionError):
        call_of("build_sdist", scene, caller, said).run(str(scene.root / "dist"), None)
    note = "'stub' gave no answer (the stand-in torch has no torch.nonsense); trying 'real'"
    assert [f"note: build_sdist: {note}"] == said.lines
    assert "No module named 'torch'" in capsys.readouterr().err
    asking(scene, "", 'metadata = "stub"\n')
    with pytest.raises(MetadataError) as caught:
        call_of("build_sdist", scene, caller).run(str(scene.root / "dist"), None)
    reported = "build_sdist: 'stub' gave no answer: the stand-in torch has no torch.nonsense\nLet the real backend"
    assert str(caught.value).startswith(reported)


@pytest.mark.usefixtures("_forgetful")
def test_metadata_that_depend_on_what_is_not_known(scene: Scene) -> None:
    """A package version that contains torch's version is not guessed."""
    asking(scene, "{torch.__version__}", 'metadata = "stub"\n')
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene))
    with pytest.raises(MetadataError) as caught:
        call_of("prepare_metadata_for_build_wheel", scene, caller).run(str(scene.root / "dist"), None)
    assert "the answer depends on facts of torch that are not known: torch.version" in str(caught.value)


def test_static_metadata(scene: Scene) -> None:
    """A complete [project] table is the answer, even if the real backend has no such hook."""
    make_source(scene.source, "backends.minimal", STATIC)
    caller, folder = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene)), scene.root / "dist"
    hook = "prepare_metadata_for_build_wheel"
    assert [True, False] == [
        call_of(hook, scene, caller).has(hook),
        call_of("prepare_metadata_for_build_editable", scene, caller).has("prepare_metadata_for_build_editable"),
    ]
    assert "nonsense-1.0.dist-info" == call_of(hook, scene, caller).run(str(folder), None)
    assert "Name: nonsense\nVersion: 1.0\n" in (folder / "nonsense-1.0.dist-info/METADATA").read_text()


def prepared(scene: Scene, metadata: str, way: str, *runtimes: str) -> str:
    """Write metadata that the frontend got before, and return the folder."""
    folder = scene.root / "prepared/nonsense-1.0.dist-info"
    write(folder / "METADATA", metadata)
    mark = {"format": 1, "metadata": way, "runtimes": runtimes}
    write(folder / "runtime-backend.json", json.dumps(mark))
    return str(folder)


def test_wheel_of_prepared_metadata(scene: Scene) -> None:
    """The real backend gets the prepared metadata only if it made them itself, for the same runtime."""
    caller, dist = scene.pip(scene.shell(scene.elsewhere)), str(scene.root / "dist")
    same = f"torch {TARGET} cuda=None hip=None rocm=None xpu=None git-version=0123abc"
    for way, runtimes, is_seen in [("real", [same], True), ("real", ["torch 1.0"], False), ("stub", [same], False)]:
        folder = prepared(scene, "Metadata-Version: 2.1\nName: Nonsense\n", way, *runtimes)
        off = {"runtime-backend.store": "off"}
        assert WHEEL == call_of("build_wheel", scene, caller).build(dist, off, folder)
        assert (folder if is_seen else None) == recording.calls()[-1][-1]


def test_wheel_of_other_metadata(scene: Scene) -> None:
    """A wheel that differs from the metadata that the frontend got is refused and removed."""
    folder = prepared(scene, "Name: nonsense\nRequires-Dist: torch\n", "stub", "torch 2.8.0")
    caller = scene.pip(scene.shell(scene.elsewhere))
    with pytest.raises(MetadataError) as caught:
        call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None, folder)
    assert (
        f"{WHEEL} differs from the metadata that the frontend got before:\n"
        "  Requires-Dist: torch: not in the wheel\n"
        f"The metadata came from 'stub', for torch 2.8.0; the wheel is built against torch {TARGET}.\n"
    ) in str(caught.value)
    assert [] == list((scene.root / "dist").iterdir())


def test_newest(scene: Scene) -> None:
    """If the frontend chose the runtime, metadata and wheel require exactly that runtime."""
    make_source(scene.source, "backends.recording", 'unresolved = "newest"\n')
    caller, dist = scene.pip(scene.shell(scene.elsewhere), prefix=bare(scene)), scene.root / "dist"
    make_torch(Path(caller.sys_path[0]), "2.9.0")
    made = call_of("prepare_metadata_for_build_wheel", scene, caller).run(str(dist), None)
    assert "Requires-Dist: torch==2.9.0" in (dist / made / "METADATA").read_text().splitlines()
    wheel = call_of("build_wheel", scene, caller).build(str(dist), None, str(dist / made))
    metadata = read_from_dist_info(dist / wheel, "METADATA") or b""
    assert 1 == metadata.decode().splitlines().count("Requires-Dist: torch==2.9.0")


def test_fetch(scene: Scene) -> None:
    """A runtime that can no longer be required is fetched, and reused afterwards."""
    said, caller = Said(), scene.uv(scene.shell(scene.consumer), "sync")
    installer = scene.root / "bin/uv"
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); import standins, pathlib"
    make = f"standins.make_torch(pathlib.Path(sys.argv[sys.argv.index('--target') + 1]), {LOCKED!r})"
    write(installer, f"#!{sys.executable}\n{code}\n{make}\n")
    installer.chmod(0o755)
    caller = caller._replace(environ={**caller.environ, "UV": str(installer)})
    call_of("build_wheel", scene, caller, said).build(str(scene.root / "dist"), None)
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    assert [(LOCKED, "locked", "reuse")] == [(r["reported"], r["how"], r["provision"]) for r in stamp["runtimes"]]
    assert f"fetching torch @ https://example.org/torch-{LOCKED}-" in said.lines[0]
    (fetched,) = (path for path in (scene.root / "our-cache/fetched").iterdir() if path.is_dir())
    assert (fetched / "torch") == (Path(recording.seen()[-1]["path"][-1]) / "torch").resolve()
    call_of("build_wheel", scene, caller, said).build(str(scene.root / "dist"), {"runtime-backend.store": "off"})
    assert 2 == len(said.lines)


def test_fetched_is_another_one(scene: Scene) -> None:
    """A runtime in the cache with the right name and another identity is refused."""
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    url = f"torch @ https://example.org/torch-{LOCKED}-py3-none-any.whl#sha256={'ab' * 32}"
    folder = plan_fetching(scene.root / "our-cache/fetched", "3.11", url).folder
    make_torch(folder, "2.0.0")
    with pytest.raises(ProvisionError) as caught:
        call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None)
    assert f"{folder}: found another runtime or none, expected {url}, which was fetched into it\nRemove it" in str(
        caught.value
    )
    assert [] == recording.calls()


def test_sdist_that_lacks_something(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing files that a build needs are added to an sdist."""
    said, dist = Said(), scene.root / "dist"
    made = call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere)), said).run(str(dist), None)
    assert [f"note: {made} lacked pyproject.toml, needed for a build: added"] == said.lines
    whole = "import tarfile, pathlib\ndef build_sdist(folder, config_settings=None):\n    with tarfile.open(folder + '/x-1.tar.gz', 'w:gz') as archive:\n        archive.add('pyproject.toml', 'x-1/pyproject.toml')\n    return 'x-1.tar.gz'\n"
    write(scene.source / "whole_backend.py", whole)
    make_source(scene.source, "whole_backend", 'backend-path = ["."]\n')
    monkeypatch.chdir(scene.source)
    call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere)), said).run(str(dist), None)
    assert 1 == len(said.lines)
    del sys.modules["whole_backend"]


IN_TREE = """
import torchgen  # like a backend that uses torch when it is imported
def build_wheel(*_): pass
def build_sdist(*_): pass
def build_editable(*_): pass
"""


@pytest.fixture
def in_tree(scene: Scene) -> Iterator[Scene]:
    """Return a scene whose real backend is in the source tree, and needs torch when it is imported."""
    write(scene.source / "torch_backend.py", IN_TREE)
    make_source(scene.source, "torch_backend", 'backend-path = ["."]\n')
    yield scene
    for name in ("torch_backend", "torchgen"):
        sys.modules.pop(name, None)


def at_home(caller: Caller, home: Path | str) -> Caller:
    """Return a caller with a home folder that contains the cache."""
    return caller._replace(environ={**caller.environ, "HOME": str(home)})


def test_probe_by_the_settings_to_come(in_tree: Scene) -> None:
    """The check whether a hook exists uses the config settings on the command line, and makes nothing else."""
    cache = in_tree.root / "named"
    words = ("-C", f"runtime-backend.cache-dir={cache}")
    caller = at_home(in_tree.pip(in_tree.shell(in_tree.elsewhere), *words), in_tree.root / "home")
    assert HookCall("build_editable", caller, Said()).has("build_editable")
    assert Path(sys.modules["torchgen"].__file__ or "").is_relative_to(cache)
    assert not (in_tree.root / "home").exists()


@pytest.mark.parametrize("home", ["a-file/below", ""])
def test_probe_without_a_cache(home: str, in_tree: Scene) -> None:
    """If the cache is not writable, the real backend can still be checked for hooks, but nothing is built."""
    write(in_tree.root / "a-file", "")
    caller = at_home(in_tree.pip(in_tree.shell(in_tree.elsewhere), "--no-deps"), home and in_tree.root / home)
    assert [True, False] == [HookCall(hook, caller, Said()).has(hook) for hook in OPTIONAL]
    torch = Path(sys.modules["torchgen"].__file__ or "")
    assert (True, TARGET) == (torch.is_file(), read_version(torch.parents[1]))
    with pytest.raises(ProvisionError) as caught:
        HookCall("build_editable", caller, Said()).build(str(in_tree.root / "dist"), None)
    reason = f"Not a directory: {in_tree.root}/a-file/below/.cache" if home else "no home folder: HOME is not set, and"
    assert f" cannot be made: {reason}" in caught.value.message


OPTIONAL = ("build_editable", "prepare_metadata_for_build_wheel")


def read_version(site: Path) -> str:
    """Return the text of ``torch/version.py``."""
    return (site / "torch/version.py").read_text("utf-8").partition("__version__ = '")[2].partition("'")[0]


@pytest.mark.parametrize("home", ["a-file/below", ""])
def test_cache_that_is_not_needed(home: str, scene: Scene) -> None:
    """An sdist, metadata, and a build with provision 'none' need no cache."""
    write(scene.root / "a-file", "")
    caller = at_home(scene.pip(scene.shell(scene.elsewhere)), home and scene.root / home)
    for hook in ("build_sdist", "prepare_metadata_for_build_wheel"):
        HookCall(hook, caller, Said()).run(str(scene.root / "dist"), None)
    said = Said()
    HookCall("build_wheel", caller, said).build(str(scene.root / "dist"), {"runtime-backend.provision": "none"})
    assert (scene.root / "dist" / WHEEL).is_file()
    stored, note = said.lines
    why = "Not a directory" if home else "no home folder: HOME is not set, and the system knows no user with this id"
    assert note.startswith("note: this build is not recorded, and its output is not kept: ")
    assert note.endswith(f": {why}")
    assert stored.startswith("note: the wheel store is not used: ")
    assert f": {why}" in stored


def test_planned_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check for a hook and its call share the plan if the config settings are those of the command line."""
    plans = list[object]()
    make = HookCall._make_plan  # noqa: SLF001 - it is counted

    def count(self: HookCall, settings: Settings) -> Plan:
        plans.append(settings.offline.value)
        return make(self, settings)

    monkeypatch.setattr(HookCall, "_make_plan", count)
    words = ("-C", "runtime-backend.offline=1")
    call = call_of("build_editable", scene, scene.pip(scene.shell(scene.elsewhere), *words))
    assert call.has("build_editable")
    call.build(str(scene.root / "dist"), {"runtime-backend.offline": "1"})
    assert [True] == plans
    call.build(str(scene.root / "dist"), {})
    assert [True, False] == plans


def test_editable_keeps_its_environment(scene: Scene) -> None:
    """An editable is built with paths that no later build changes."""
    caller = scene.pip(scene.shell(scene.elsewhere))
    call_of("build_editable", scene, caller).build(str(scene.root / "dist"), None)
    call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None)
    editable, wheel = (Path(seen["path"][-1]) for seen in recording.seen()[-2:])
    assert (".held", "overlays") == (editable.parent.name, wheel.parent.name)
    assert editable == wheel.resolve()


def test_left_by_a_killed_build(scene: Scene) -> None:
    """A build removes all unfinished files of earlier builds."""
    left = aside(scene.root / "our-cache/fetched/torch-2")
    write(left / "torch/x", "")
    write(lock_of(left), "")
    call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere))).build(str(scene.root / "dist"), None)
    assert not left.exists()
