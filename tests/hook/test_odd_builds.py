"""Runtimes that change during a build, real backends that return wrong results, and refusals of the system."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from callers import TARGET, Scene
from hooks import Said, be, call_of, make_source
from standins import make_torch, write
from test_decider import shell

from runtime_backend import build
from runtime_backend.archives.wheel import read_from_dist_info
from runtime_backend.errors import BackendError, ProvisionError, RuntimeBackendError, SystemRefusalError, TargetError
from runtime_backend.frontend.caller import read_caller

BACKEND = """
import os, pathlib, shutil, sys, zipfile


def get_requires_for_build_wheel(config_settings=None):
    return open("/no/such/file").read().split() if os.path.exists("asks") else []


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    return "ext-1.dist-info"


def build_sdist(folder, config_settings=None):
    pathlib.Path(folder, "ext-1.zip").write_bytes(b"PK")
    return "ext-1.zip"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    exec(pathlib.Path("script.py").read_text())
    files = {"ext/_C.so": "compiled", "ext-1.dist-info/METADATA": "Name: ext\\nVersion: 1\\n"}
    with zipfile.ZipFile(pathlib.Path(folder) / "ext-1-py3-none-any.whl", "w") as archive:
        for path, text in {**files, "ext-1.dist-info/RECORD": RECORD}.items():
            archive.writestr(path, text)
    return MADE


MADE = "ext-1-py3-none-any.whl"
RECORD = "ext-1.dist-info/RECORD,,\\n"
"""


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene whose build runs a script of the test."""
    return make_scene(tmp_path, monkeypatch)


def make_scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene in a folder."""
    scene = Scene(folder)
    make_source(scene.source, "odd_backend", 'backend-path = ["."]\n')
    write(scene.source / "odd_backend.py", BACKEND)
    monkeypatch.chdir(scene.source)
    monkeypatch.delitem(sys.modules, "odd_backend", raising=False)
    (folder / "dist").mkdir()
    return scene


def run_build(scene: Scene, script: str, said: Said | None = None) -> Path:
    """Build a wheel while a script runs, and return it."""
    write(scene.source / "script.py", f"{script}\n")
    call = call_of("build_wheel", scene, scene.pip(shell(scene)), said)
    return scene.root / "dist" / call.build(str(scene.root / "dist"), None)


def in_dist(scene: Scene) -> list[str]:
    """Return the names in the folder of wheels."""
    return sorted(path.name for path in (scene.root / "dist").iterdir())


NEW = "import sys; sys.path.insert(0, {tests!r}); from standins import make_torch; shutil.rmtree({info!r});"


def replacing(scene: Scene, call: str) -> str:
    """Return a script that removes torch from the target, and then changes its folder ``site``."""
    site = scene.site(scene.target)
    start = NEW.format(tests=str(Path(__file__).parents[1]), info=str(site / f"torch-{TARGET}.dist-info"))
    return f"{start} site = pathlib.Path({str(site)!r}); {call}"


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("make_torch(site, '2.7.1')", "torch 2.7.1"),
        (f"make_torch(site, '{TARGET}', reported='{TARGET}+cpu')", f"torch {TARGET} (calls itself {TARGET}+cpu)"),
        (f"make_torch(site, '{TARGET}', git_version='another')", f"torch {TARGET}"),
        ("pass", "no readable torch"),
        (f"make_torch(site, '{TARGET}'); (site / 'torch/version.py').unlink()", "no readable torch"),
    ],
)
def test_runtime_that_changes_meanwhile(call: str, found: str, scene: Scene) -> None:
    """If torch is upgraded, changed or removed during a build, the build stops and the wheel is removed."""
    with pytest.raises(ProvisionError) as caught:
        run_build(scene, replacing(scene, call))
    assert (
        f"torch changed while ext-1-py3-none-any.whl was built: found {found} after the build"
        f" ({scene.site(scene.target)}), expected torch {TARGET}. The wheel was removed\n"
        "Run the same command again while nothing else installs into that environment."
    ) == str(caught.value)
    assert [] == in_dist(scene)


def test_runtime_that_is_installed_again(scene: Scene) -> None:
    """A build goes on if the same torch was installed again."""
    assert run_build(scene, replacing(scene, f"make_torch(site, '{TARGET}')")).is_file()


def test_runtime_of_an_editable(scene: Scene) -> None:
    """A torch in its own source tree is found again after the build."""
    site = scene.site(scene.target)
    shutil.rmtree(site)
    make_torch(site, TARGET, editable=scene.root / "pytorch")
    assert run_build(scene, "pass").is_file()


def test_runtime_that_changes_between_builds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process for all hooks (tox), a build uses the installed torch, not the one that was imported before."""
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    before = dict(os.environ), list(sys.path), Path.cwd()
    site, seen = scene.site(scene.target), scene.root / "seen"
    find = "import importlib.util; torch = pathlib.Path(importlib.util.find_spec('torch').origin)"
    script = f"{find}; shutil.copyfile(torch.with_name('version.py'), {str(seen)!r})"
    for version in (TARGET, "2.7.1"):
        shutil.rmtree(site)
        make_torch(site, version)
        run_build(scene, script)
        assert f"__version__ = {version!r}\n" in seen.read_text()
    assert before == (dict(os.environ), list(sys.path), Path.cwd())


@pytest.mark.parametrize(
    ("script", "code", "reported"),
    [
        ("import ctypes; ctypes.string_at(0)", 1, "the process was ended by SIGSEGV"),
        ("os._exit(3)", 3, "the process ended with exit code 3 without an answer"),
        ("os.kill(os.getpid(), 9)", 1, "the process was ended by SIGKILL, as the kernel does when memory runs out"),
    ],
)
def test_real_backend_that_dies(script: str, code: int, reported: str, scene: Scene) -> None:
    """If the process of the real backend is killed, the report is that of a failure, with the signal."""
    said = Said()
    with pytest.raises(SystemExit) as caught:
        run_build(scene, f"print('a.cpp:1:1: error: bad', flush=True); {script}", said)
    assert (code, f"build_wheel of the real backend: {reported}") == (caught.value.code, said.lines[0])
    assert "build_wheel of the real backend failed; it was called with" == said.lines[1]
    assert [f"  its whole output: {said.outputs[0]}", "the first errors in the output:"] == said.lines[-3:-1]
    assert "a.cpp:1:1: error: bad" in Path(said.outputs[0]).read_text("utf-8")


@pytest.mark.parametrize("made", ["None", "3", "'other.whl'", "''"])
def test_wheel_that_is_not_there(made: str, scene: Scene) -> None:
    """A real backend that returns the name of a missing file is refused."""
    write(scene.source / "odd_backend.py", BACKEND.replace('MADE = "ext-1-py3-none-any.whl"', f"MADE = {made}"))
    if made == "''":
        with pytest.raises(RuntimeBackendError):
            run_build(scene, "pass")
        return
    with pytest.raises(BackendError) as caught:
        run_build(scene, "pass")
    expected = (
        f"odd_backend: build_wheel returned {made}, expected the name of a file or folder in {scene.root / 'dist'}"
    )
    assert expected == caught.value.message


RECORD = 'RECORD = "ext-1.dist-info/RECORD,,\\n"'.replace("\n", "\\n")


@pytest.mark.parametrize("record", ['b"\\xff,,"', "'\"' + 'x' * 200_000"])
def test_odd_record(record: str, scene: Scene) -> None:
    """A RECORD that is not CSV in UTF-8 is refused, and the message names it."""
    write(scene.source / "odd_backend.py", BACKEND.replace(RECORD, f"RECORD = {record}"))
    with pytest.raises(BackendError) as caught:
        run_build(scene, "pass")
    assert (
        f"{scene.root / 'dist/ext-1-py3-none-any.whl'}: ext-1.dist-info/RECORD: cannot be read, expected UTF-8 text with a"
        " path, a hash and a size in each line"
    ) == caught.value.message


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\3\4" * 9])
def test_no_wheel(content: bytes, scene: Scene) -> None:
    """A wheel that is no zip file is refused."""
    path = scene.root / "dist/x.whl"
    path.write_bytes(content)
    with pytest.raises(BackendError) as caught:
        read_from_dist_info(path, "METADATA")
    reported = "the real backend returned a file that is not a wheel: it is not a tar or zip file, or it is damaged"
    assert f"{path}: {reported}" == caught.value.message
    with pytest.raises(SystemRefusalError, match="No such file or directory"):
        read_from_dist_info(path.with_name("gone"), "METADATA")


def test_no_sdist(scene: Scene) -> None:
    """An sdist that is no .tar.gz file is refused."""
    with pytest.raises(BackendError) as caught:
        call_of("build_sdist", scene, scene.pip(shell(scene))).run(str(scene.root / "dist"), None)
    reported = "the real backend returned a file that is not a .tar.gz archive, as PEP 517 requires"
    assert f"{scene.root / 'dist/ext-1.zip'}: {reported}" == caught.value.message


def test_metadata_that_are_not_there(scene: Scene) -> None:
    """A missing folder of metadata is refused."""
    make_source(scene.source, "odd_backend", 'backend-path = ["."]\nmetadata = "real"\n')
    with pytest.raises(BackendError, match=r"odd_backend: prepare_metadata_for_build_wheel returned 'ext-1.dist-info'"):
        call_of("prepare_metadata_for_build_wheel", scene, scene.pip(shell(scene))).run(str(scene.root / "dist"), None)


def test_failure_of_the_real_backend(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file of the real backend is a failure of the real backend, with its traceback."""
    be(monkeypatch, scene, scene.pip(shell(scene)))
    write(scene.source / "asks", "")
    with pytest.raises(SystemExit):
        build.get_requires_for_build_wheel()
    printed = capsys.readouterr().err
    assert "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'\n" in printed
    assert "runtime-backend: error" not in printed


@pytest.mark.parametrize(
    ("number", "path", "hint"),
    [
        (errno.EMFILE, None, "Allow more open files, then run the same command again: ulimit -n 4096"),
        (errno.EROFS, "/cache/x", "Change its permissions. If the path is in the cache, you can use another cache folder: RUNTIME_BACKEND_CACHE_DIR=/another/folder"),
        (errno.ENAMETOOLONG, "/x", "Use a shorter path. If the path is in the cache: RUNTIME_BACKEND_CACHE_DIR=/another/folder"),
        (errno.EIO, "/x", None),
    ],
)  # fmt: skip
def test_system_that_refuses(  # noqa: PLR0913, PLR0917 - a table, and what pytest hands in
    number: int,
    path: str | None,
    hint: str | None,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A refusal of the system is a message with path and hint, not a traceback, in every step."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), path)

    be(monkeypatch, scene, scene.pip(shell(scene)))
    monkeypatch.setattr("runtime_backend.hook.call.load_settings", refuse)
    with pytest.raises(SystemExit) as caught:
        build.get_requires_for_build_wheel()
    where = "the operating system refused a call" if path is None else path
    expected = [
        f"runtime-backend: error[system-refusal]: {where}: {os.strerror(number)}",
        *([] if hint is None else [hint]),
    ]
    assert (1, expected) == (caught.value.code, capsys.readouterr().err.splitlines())


@pytest.mark.parametrize("is_closed", [True, False])
def test_nobody_reads(scene: Scene, monkeypatch: pytest.MonkeyPatch, *, is_closed: bool) -> None:
    """If stderr cannot be written, the exit code reports the failure."""
    be(monkeypatch, scene, scene.pip(shell(scene)))
    (scene.site(scene.target) / "torch/version.py").unlink()
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stderr", full)
        if is_closed:
            with suppress(OSError):
                full.close()
        with pytest.raises(SystemExit) as caught:
            build.build_wheel(str(scene.root / "dist"))
        with suppress(OSError, ValueError):
            full.close()
    assert 1 == caught.value.code


def test_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory that does not exist any more is reported."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(TargetError) as caught:
        read_caller()
    monkeypatch.chdir(tmp_path)
    assert (
        "the working directory cannot be used: No such file or directory\n"
        "It may have been removed. Change to another one, then run the same command again."
    ) == str(caught.value)


def test_path_that_is_not_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build in a folder whose name is not UTF-8 succeeds, and is recorded."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:  # pragma: no cover - macOS has no such names
        pytest.skip("this file system has no such names")
    scene, said = make_scene(folder, monkeypatch), Said()
    wheel = run_build(scene, "pass", said)
    stamp = read_from_dist_info(wheel, "runtime-backend.json")
    assert stamp is not None
    assert TARGET == json.loads(stamp)["runtimes"][0]["version"]
    (record,) = (scene.root / "our-cache/builds").glob("*/build.json")
    assert str(scene.source) == json.loads(record.read_text("utf-8"))["source"]
    assert [] == [line for line in said.lines if "not" in line]


@pytest.mark.parametrize("path", ["/" + "x" * 300 + ".lock", "/" + "x/" * 3000 + "uv.lock", "/a\0b", "/\udcff/uv.lock"])
@pytest.mark.parametrize("kind", ["LOCK", "TARGET"])
def test_paths_that_are_none(kind: str, path: str, scene: Scene) -> None:
    """A lock or a target with an impossible path is reported as missing."""
    caller = scene.pip(shell(scene))
    caller = caller._replace(environ={**caller.environ, f"RUNTIME_BACKEND_{kind}": path})
    write(scene.source / "script.py", "\n")
    with pytest.raises(TargetError) as caught:
        call_of("build_wheel", scene, caller).build(str(scene.root / "dist"), None)
    assert caught.value.message.startswith(f"RUNTIME_BACKEND_{kind}: found {path!r}, ")


FEW = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
sys.path[:0] = [{package!r}, {backends!r}]
held = [open("/dev/null") for _ in range({held})]
from runtime_backend import build
print(build.build_wheel({folder!r}))
"""


ENOUGH = 8
"""Numbers of occupied descriptors, of twenty: how many a child needs differs between Pythons."""


@pytest.mark.parametrize("held", [0, ENOUGH, 11, 12, 13])
def test_few_descriptors(held: int, scene: Scene) -> None:
    """With few descriptors left, a build is not followed; with none left, it stops with a hint."""
    write(scene.source / "pyproject.toml", '[tool.runtime-backend]\nbuild-backend = "odd_backend"\nbackend-path = ["."]\nprovision = "none"\n')  # fmt: skip
    write(scene.source / "script.py", "\n")
    script = FEW.format(
        package=str(Path(build.__file__).parents[1]), backends=str(scene.source), held=held, folder=str(scene.root)
    )
    environ = {**os.environ, "RUNTIME_BACKEND_CACHE_DIR": str(scene.root / "cache")}
    done = subprocess.run(  # noqa: S603 - a script of this file
        [sys.executable, "-c", script], cwd=scene.source, env=environ, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    is_refused = (
        "Too many open files\nAllow more open files, then run the same command again: ulimit -n " in done.stderr
    )
    is_built = (0, "ext-1-py3-none-any.whl\n") == (done.returncode, done.stdout)
    assert is_built or (held > ENOUGH and is_refused and done.returncode == 1), done.stderr
