"""Watched builds: the output that is passed on and kept, the record, and the notes if either is impossible."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from callers import TARGET, Scene
from hooks import Said, call_of, make_source
from standins import write

from runtime_backend.errors import RuntimeBackendError
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook import watching
from runtime_backend.hook.watching import Log
from runtime_backend.system.printable import printable

BACKEND = """
import json, os, pathlib, subprocess, sys
sys.path.insert(0, {tests!r})
from backends.making import make_wheel
def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path({seen!r}).write_text(json.dumps(dict(os.environ)))
    print("python prints")
    subprocess.run(["/bin/sh", "-c", "echo '[1/2] c++ a.cpp'; echo 'a warning' >&2; echo '[2/2] c++ b.cpp'"])
    text = pathlib.Path(os.environ["DIST_EXTRA_CONFIG"]).read_text() if {makes_log} else ""
    for base in [line.partition(" = ")[2] for line in text.splitlines() if "build_base" in line]:
        pathlib.Path(base, "temp").mkdir(parents=True)
        pathlib.Path(base, "temp/.ninja_log").write_text("# ninja log v5\\n0\\t20\\t0\\tcsrc/a.o\\tab\\n")
    {end}
    return make_wheel(folder)
build_editable = build_wheel
"""


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene whose source is built by a backend that prints; its source is the working directory."""
    scene = Scene(tmp_path)
    (tmp_path / "dist").mkdir()
    monkeypatch.chdir(scene.source)
    return scene


def watched(scene: Scene, end: str = "", table: str = "", *, makes_log: bool = True) -> None:
    """Write the backend."""
    tests = str(Path(__file__).parents[1])
    write(
        scene.source / "watched_backend.py",
        BACKEND.format(tests=tests, end=end, makes_log=makes_log, seen=str(scene.root / "seen.json")),
    )
    make_source(scene.source, "watched_backend", f'backend-path = ["."]\n{table}')


def build(
    scene: Scene, caller: Caller, said: Said, hook: str = "build_wheel", **config_settings: str
) -> dict[str, str]:
    """Build, and return the variables that the real backend saw."""
    call_of(hook, scene, caller, said).build(str(scene.root / "dist"), config_settings)
    seen: dict[str, str] = json.loads((scene.root / "seen.json").read_text("utf-8"))
    return seen


def recorded(scene: Scene) -> dict[str, Any]:
    """Return the one record."""
    (path,) = (scene.root / "our-cache/builds").glob("*/build.json")
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


def test_build(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """The output is passed on with an estimate of the progress, kept without it, and the build is recorded."""
    watched(scene)
    said = Said()
    build(scene, scene.pip(scene.shell(scene.elsewhere, MAX_JOBS="3")), said)
    captured = capfd.readouterr()
    lines = ["[1/2] (0:00, about 0:00 left) c++ a.cpp", "[2/2] (0:00) c++ b.cpp"]
    assert (lines, "a warning\n") == ([line for line in captured.out.splitlines() if line[0] == "["], captured.err)
    (log,) = said.outputs
    assert re.fullmatch(rf"{scene.root}/our-cache/builds/\d{{8}}-\d{{6}}-source-{os.getpid()}/output\.log", log)
    assert sorted([*lines, "a warning"]) == sorted(
        line for line in Path(log).read_text("utf-8").splitlines() if line != "python prints"
    )
    record = recorded(scene)
    assert (str(scene.source), "build_wheel", "pip", "built", {"torch": TARGET}, "3", []) == (
        record["source"],
        record["hook"],
        record["frontend"],
        record["outcome"],
        record["runtimes"],
        record["max-jobs"],
        said.lines,
    )
    ((output, taken),) = [(step["output"], step["end"] - step["start"]) for step in record["timeline"]]
    assert ("csrc/a.o", True) == (output, taken <= 0.021)


def test_output_is_its_persons(scene: Scene) -> None:
    """With any umask, only the owner can enter the folder of a build's output, which may contain secrets."""
    watched(scene)
    said = Said()
    mask = os.umask(0)
    try:
        build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    finally:
        os.umask(mask)
    (log,) = said.outputs
    assert "0o700" == oct(stat.S_IMODE(Path(log).parent.stat().st_mode))


def test_failed_build(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed build is recorded, too, with ninja's steps; the kept output contains the failure."""
    watched(scene, "raise RuntimeError('the compiler failed')")
    said = Said()
    with pytest.raises(SystemExit):
        build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    (log,) = said.outputs
    repeated = ["the first errors in the output:", "  RuntimeError: the compiler failed"]
    assert [f"  its whole output: {log}", *repeated] == said.lines[-3:]
    assert "RuntimeError: the compiler failed\n" in capfd.readouterr().err
    assert ("failed", 1) == (recorded(scene)["outcome"], len(recorded(scene)["timeline"]))


def test_stopped(scene: Scene) -> None:
    """A build without the right runtime is recorded, so that the last build is not an earlier one; with the message."""
    watched(scene, table='match-runtime = ["absent"]\n')
    with pytest.raises(RuntimeBackendError) as caught:
        build(scene, scene.pip(scene.shell(scene.elsewhere)), Said())
    record = recorded(scene)
    assert ("stopped before it began: no-runtime", {}) == (record["outcome"], record["runtimes"])
    (output,) = (scene.root / "our-cache/builds").glob("*/output.log")
    assert f"{caught.value}\n" == output.read_text("utf-8")


def test_stopped_without_a_cache(scene: Scene) -> None:
    """If that cannot be recorded, the person gets the refusal alone."""
    watched(scene, table='match-runtime = ["absent"]\n')
    said = Said()
    write(scene.root / "our-cache/builds", "")
    with pytest.raises(RuntimeBackendError):
        build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    assert [] == said.lines


# A separate program, because pytest captures the output of this process.
COMPILER = """subprocess.run(["/bin/sh", "-c", "echo 'a.cpp:1:1: error: bad https://jo:secret@example.org/x'"])
    sys.exit("setup.py has its own words")"""


@pytest.mark.parametrize("where", ["terminal", "pipe", "nothing kept"])
def test_errors_come_last(
    where: str, scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The compiler's errors are repeated at the end of the output, without secrets; not on a terminal."""
    watched(scene, COMPILER)
    monkeypatch.setattr(watching, "can_follow", lambda: where != "terminal")
    if where == "nothing kept":
        write(scene.root / "our-cache/builds", "a file in the way")
    said = Said()
    with pytest.raises(SystemExit):
        build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    repeated = ["the first errors in the output:", "  a.cpp:1:1: error: bad https://example.org/x"]
    assert (where != "terminal") == (repeated == [*map(printable, said.lines[-2:])])
    assert (where != "terminal") == ("the first errors in the output:" in said.lines)
    assert "setup.py has its own words\n" in capfd.readouterr().err


def test_failure_without_errors(scene: Scene) -> None:
    """A build that fails without output has no errors to repeat."""
    watched(scene, "sys.exit(3)")
    said = Said()
    with pytest.raises(SystemExit):
        build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    assert said.lines[-1].startswith("  its whole output: ")


def test_name(scene: Scene) -> None:
    """The record has the package's name, if that can be read."""
    watched(scene)
    build(scene, scene.pip(scene.shell(scene.elsewhere)), Said())
    assert None is recorded(scene)["name"]
    write(scene.source / "PKG-INFO", "Name: My.Pkg\n")
    shutil.rmtree(scene.root / "our-cache/builds")
    shutil.rmtree(scene.source / "build", ignore_errors=True)
    build(scene, scene.pip(scene.shell(scene.elsewhere)), Said())
    assert "my-pkg" == recorded(scene)["name"]


def test_planned_jobs(scene: Scene) -> None:
    """The record has the effective MAX_JOBS."""
    watched(scene, table='[tool.runtime-backend.env]\nMAX_JOBS = "2"\n')
    build(scene, scene.pip(scene.shell(scene.elsewhere)), Said())
    assert "2" == recorded(scene)["max-jobs"]


def test_cache_that_cannot_be_written(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    """If the folder for the output cannot be made, the build reports it and goes on."""
    watched(scene)
    write(scene.root / "our-cache/builds", "a file in the way")
    said = Said()
    build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    cache = scene.root / "our-cache/builds"
    assert said.lines[0].startswith(f"note: this build is not recorded, and its output is not kept: {cache}")
    assert ([], True) == (said.outputs, said.lines[0].endswith(": Not a directory"))
    assert "[2/2] (0:00) c++ b.cpp\n" in capfd.readouterr().out


def test_output_that_cannot_be_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """If only the output cannot be written, the build is still recorded."""
    watched(scene)
    monkeypatch.setattr(watching, "output_path", lambda folder: folder / "no/such/folder")
    said = Said()
    build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    note = "note: the output of this build is not kept, or only in part: No such file or directory"
    assert ([], True, "built") == (said.outputs, said.lines[0].startswith(note), recorded(scene)["outcome"])


def test_full_disk(tmp_path: Path) -> None:
    """After the first failure to write, no more output is kept."""
    log = Log(tmp_path / "log")
    log.write(b"one\n")
    assert log._file is not None  # noqa: SLF001 - the only way to a full disk
    log._file.close()  # noqa: SLF001
    log._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, SLF001, PTH123
    log.write(b"two\n")
    log.write(b"three\n")
    log.close()
    assert ("one\n", "[Errno 28] No space left on device") == ((tmp_path / "log").read_text(), str(log.error))


def test_record_that_cannot_be_written(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that cannot be recorded still succeeds."""
    watched(scene)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", "/cache/build.json")

    monkeypatch.setattr(watching, "write_build", refuse)
    said = Said()
    build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    assert ["note: this build is not recorded: /cache/build.json: No space left on device"] == said.lines


def test_no_descriptors_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with too many open files is not followed; it reports that and goes on."""
    watched(scene)

    monkeypatch.setattr(watching, "run_followed", lambda *_: None)
    said = Said()
    build(scene, scene.pip(scene.shell(scene.elsewhere)), said)
    assert "note: the output of this build is not kept: the process has too many open files" in said.lines
    assert "built" == recorded(scene)["outcome"]


@pytest.mark.parametrize(
    ("own", "table", "status"),
    [
        ({}, "", "[%f/%t %es] "),
        ({"NINJA_STATUS": "mine "}, "", None),
        ({}, '[tool.runtime-backend.env]\nNINJA_STATUS = "theirs "\n', "theirs "),
    ],
)
def test_terminal(
    own: dict[str, Any], table: str, status: str | None, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal ninja shows progress and seconds, unless NINJA_STATUS is set; the output is not kept."""
    watched(scene, table=table)
    monkeypatch.setattr(watching, "can_follow", lambda: False)
    said = Said()
    seen = build(scene, scene.pip(scene.shell(scene.elsewhere, **own)), said)
    assert ([], [], status, "built") == (
        said.outputs,
        said.lines,
        seen.get("NINJA_STATUS"),
        recorded(scene)["outcome"],
    )
    assert "NINJA_STATUS" not in os.environ


def test_build_folder_of_scikit_build_core(scene: Scene) -> None:
    """scikit-build-core builds in a temporary folder whose log is read, unless it is an editable or a folder is named."""
    watched(scene, makes_log=False)
    caller = scene.pip(scene.shell(scene.elsewhere))
    folder = Path(build(scene, caller, Said())["SKBUILD_BUILD_DIR"])
    assert ("scikit-build", False) == (folder.name, folder.parent.exists())
    assert "SKBUILD_BUILD_DIR" not in build(scene, caller, Said(), "build_editable")
    for key in ("build-dir", "skbuild.build-dir"):
        assert "SKBUILD_BUILD_DIR" not in build(scene, caller, Said(), **{key: "x"})


LOG = "pathlib.Path({folder!r}).mkdir(parents=True); pathlib.Path({folder!r}, '.ninja_log').write_text('# ninja log v5\\n0\\t1\\t0\\tx.o\\tab\\n')"


@pytest.mark.parametrize(
    ("folder", "own", "config_settings"),
    [
        ("build/temp", {"DIST_EXTRA_CONFIG": "own.cfg"}, {}),
        ("out", {"SKBUILD_BUILD_DIR": "out"}, {}),
        ("out/cp311", {"SKBUILD_BUILD_DIR": "out/{wheel_tag}"}, {}),
        ("out/cp311-x", {}, {"build-dir": "out/cp311-{state}"}),
        (".mesonpy-x1", {}, {}),
        ("build/cp311", {}, {}),
    ],
)
def test_build_folders(folder: str, own: dict[str, Any], config_settings: dict[str, str], scene: Scene) -> None:
    """Ninja's log is found in the build folder of the person, the call or the real backend."""
    watched(scene, LOG.format(folder=folder), makes_log=False)
    build(scene, scene.pip(scene.shell(scene.elsewhere, **own)), Said(), **config_settings)
    assert ["x.o"] == [step["output"] for step in recorded(scene)["timeline"]]
