"""The hooks of the module that frontends import."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from backends import objects, recording
from callers import TARGET, Scene
from hooks import be, make_source
from pyproject_hooks import BuildBackendHookCaller
from stamps import read_stamp
from standins import make_torch, make_venv, write

from runtime_backend import build
from runtime_backend.hook import finishing
from runtime_backend.store.holding import remove_if_free
from runtime_backend.system.stopping import _is_running

WHEEL = "nonsense-1.0-py3-none-any.whl"
OPTIONAL = (
    "get_requires_for_build_sdist",
    "prepare_metadata_for_build_wheel",
    "get_requires_for_build_editable",
    "prepare_metadata_for_build_editable",
    "build_editable",
)

pytestmark = pytest.mark.usefixtures("_recorded")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene in which this process is under pip."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    (tmp_path / "dist").mkdir()
    be(monkeypatch, scene, scene.pip(scene.shell(scene.elsewhere)))
    return scene


@pytest.mark.parametrize(("backend", "has_them"), [("backends.recording", True), ("backends.minimal", False)])
@pytest.mark.parametrize("hook", OPTIONAL)
def test_mirrored(hook: str, backend: str, has_them: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """An optional hook exists if the real backend has it."""
    make_source(scene.source, backend)
    assert has_them == hasattr(build, hook)


def test_unknown_attribute(scene: Scene) -> None:
    """Other names do not exist, and no settings are read for them."""
    (scene.source / "pyproject.toml").unlink()
    with pytest.raises(AttributeError) as caught:
        build.nonsense  # noqa: B018 - the access is the test
    assert "module 'runtime_backend.build' has no attribute 'nonsense'" == str(caught.value)


def test_editable_requirements_go_with_build_editable(scene: Scene) -> None:
    """get_requires_for_build_editable exists if the real backend builds editables, even without that hook."""
    source = "def build_editable(*_): pass\ndef build_wheel(*_): pass\ndef build_sdist(*_): pass\n"
    write(scene.source / "editing_backend.py", source)
    make_source(scene.source, "editing_backend", 'backend-path = ["."]\n')
    assert [] == build.get_requires_for_build_editable(None)
    assert not hasattr(build, "prepare_metadata_for_build_editable")
    del sys.modules["editing_backend"]


def test_hooks(scene: Scene) -> None:
    """Every hook calls that of the real backend."""
    folder = str(scene.root / "dist")
    assert ["nonsense-of-a-wheel>=3", "not a requirement!"] == build.get_requires_for_build_wheel()
    assert ["nonsense-of-an-sdist"] == build.get_requires_for_build_sdist({"a": "b"})
    assert "nonsense-1.0.dist-info" == build.prepare_metadata_for_build_wheel(folder, None)
    assert "nonsense-1.0.dist-info" == build.prepare_metadata_for_build_editable(folder)
    assert WHEEL == build.build_wheel(folder, None, "metadata")
    assert WHEEL == build.build_editable(folder, {"a": "b"}, None)
    assert "nonsense-1.0.tar.gz" == build.build_sdist(folder)
    assert [
        ("get_requires_for_build_wheel", None),
        ("get_requires_for_build_sdist", {"a": "b"}),
        ("prepare_metadata_for_build_wheel", folder, None),
        ("prepare_metadata_for_build_editable", folder, None),
        ("build_wheel", folder, None, str(scene.source / "metadata")),
        ("build_editable", folder, {"a": "b"}, None),
        ("build_sdist", folder, None),
    ] == recording.calls()


def test_boundary(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal is printed without credentials, with exit code 1."""
    (scene.site(scene.target) / "torch/version.py").unlink()
    with pytest.raises(SystemExit) as caught:
        build.build_wheel(str(scene.root / "dist"))
    assert 1 == caught.value.code
    assert capsys.readouterr().err.startswith(
        f"runtime-backend: error[runtime-unreadable]: torch {TARGET} is installed ("
    )


def test_boundary_keeps_secrets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal that quotes a URL does not quote its credentials."""
    pin = "torch @ https://me:hunter2@example.org/torch-9.0-py3-none-any.whl"
    be(
        monkeypatch,
        scene,
        scene.pip(scene.shell(scene.elsewhere, RUNTIME_BACKEND_PIN=pin, RUNTIME_BACKEND_PROVISION="require")),
    )
    with pytest.raises(SystemExit):
        build.build_wheel(str(scene.root / "dist"))
    err = capsys.readouterr().err
    assert (False, True) == ("hunter2" in err, "'torch @ https://example.org/torch-9.0-py3-none-any.whl'" in err)


def test_full_disk(scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is reported in words, whichever step found it."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x")

    monkeypatch.setattr(finishing, "finish_wheel", refuse)
    with pytest.raises(SystemExit) as caught:
        build.build_wheel(str(scene.root / "dist"))
    assert 1 == caught.value.code
    assert (
        "runtime-backend: error[system-refusal]: /x: No space left on device\nFree some space there: "
        in capsys.readouterr().err
    )


def test_bug_keeps_its_traceback(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other exception is a bug, and is passed on."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("runtime_backend.frontend.caller.read_caller", fail)
    with pytest.raises(ZeroDivisionError):
        build.build_sdist(str(scene.root))


def test_unsupported_operation(scene: Scene) -> None:
    """The module has the real backend's UnsupportedOperation if the real backend has one."""
    assert not hasattr(build, "UnsupportedOperation")
    make_source(scene.source, "backends.objects:unsupporting")
    assert objects.UnsupportedOperation is build.UnsupportedOperation
    with pytest.raises(build.UnsupportedOperation, match="no sdist"):
        build.build_sdist(str(scene.root / "dist"))


def test_end_to_end(tmp_path: Path) -> None:
    """The hooks work through pyproject-hooks, each in its own process, with a named target."""
    scene = Scene(tmp_path)
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    make_torch(make_venv(tmp_path / "mine", python), "2.1.0")
    (tmp_path / "dist").mkdir()
    make_source(scene.source, "backends.recording")
    here = Path(__file__).parents[1]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
        "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)]),
        "RUNTIME_BACKEND_TARGET": str(tmp_path / "mine"),
        "RUNTIME_BACKEND_CACHE_DIR": str(tmp_path / "our-cache"),
    }

    def run(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        subprocess.run(cmd, cwd=cwd, env={**environ, **(extra_environ or {})}, check=True)  # noqa: S603

    caller = BuildBackendHookCaller(str(scene.source), "runtime_backend.build", runner=run)
    assert ["nonsense-of-a-wheel>=3", "not a requirement!"] == caller.get_requires_for_build_wheel()
    assert WHEEL == caller.build_wheel(str(tmp_path / "dist"))
    stamp = read_stamp(tmp_path / "dist" / WHEEL)
    assert stamp is not None
    assert ("2.1.0", "reuse") == (stamp["runtimes"][0]["version"], stamp["runtimes"][0]["provision"])


STOPPED = """
import os, pathlib, subprocess, sys
def build_wheel(*_):
    code = "import os, time; print(os.getpid(), os.environ['OVERLAY'], flush=True); time.sleep(60)"
    with open(os.environ["NOTE"], "w") as note:
        subprocess.check_call([sys.executable, "-c", code], stdout=note)
def build_sdist(*_): pass
"""


@contextmanager
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Start a build that waits; yield its process, the process of its compiler, and the overlay that it uses."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    make_torch(make_venv(tmp_path / "target", python), "2.1.0")
    write(tmp_path / "source/stopped_backend.py", STOPPED)
    make_source(tmp_path / "source", "stopped_backend", 'backend-path = ["."]\nenv = { OVERLAY = "{torch.site}" }\n')
    note = tmp_path / "note"
    (tmp_path / "scratch").mkdir()
    environ = {
        **os.environ,
        "PYTHONPATH": str(Path(build.__file__).parents[1]),
        "RUNTIME_BACKEND_TARGET": str(tmp_path / "target"),
        "RUNTIME_BACKEND_CACHE_DIR": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path / "scratch"),
        "NOTE": str(note),
    }
    command = [sys.executable, "-c", "from runtime_backend import build; build.build_wheel('.')"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path / "source", env=environ, stdout=pipe, stderr=pipe) as process:  # noqa: S603
        while not (note.is_file() and note.read_text().endswith("\n")):
            assert process.poll() is None, process.communicate()
        pid, overlay = note.read_text().split()
        yield process, int(pid), Path(overlay)


def await_end(pid: int) -> None:
    """Wait until a process has ended, or is a zombie."""
    deadline = time.monotonic() + 30
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_stopped(number: signal.Signals, tmp_path: Path) -> None:
    """A stopped build ends its compilers, leaves no temporary folder, and is recorded as failed."""
    cache, scratch = tmp_path / "cache", tmp_path / "scratch"
    with running(tmp_path) as (process, pid, overlay):
        assert ["runtime-backend-"] == [path.name[:16] for path in scratch.iterdir() if "runtime" in path.name]
        process.send_signal(number)
        process.communicate(timeout=30)
    assert (-number, []) == (process.returncode, list(scratch.iterdir()))
    await_end(pid)
    (record,) = (cache / "builds").glob("*/build.json")
    assert "failed" == json.loads(record.read_text("utf-8"))["outcome"]
    assert remove_if_free(overlay)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_killed(tmp_path: Path) -> None:
    """No compiler keeps running after the frontend was killed."""
    with running(tmp_path) as (process, pid, _):
        process.kill()
        process.communicate(timeout=30)
    await_end(pid)
