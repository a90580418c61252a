"""The record of builds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from standins import write

from runtime_backend.watch import records
from runtime_backend.watch.ninja import Step
from runtime_backend.watch.records import (
    Build,
    find_running,
    forget_builds,
    list_builds,
    made_folder,
    read_build,
    write_build,
)

BUILD = Build(
    source="/home/jo/pkg",
    hook="build_wheel",
    frontend="pip",
    began=1_700_000_000.25,
    seconds=80.5,
    outcome="built",
    runtimes={"torch": "2.13.0+cpu"},
    max_jobs=None,
    timeline=(Step(output="csrc/a.o", start=1.5, end=30.0),),
    name="pkg",
)


def record(cache: Path, build: Build) -> Path:
    """Record a build, and return its folder."""
    with made_folder(cache, Path(build.source), build.began) as folder:
        write_build(folder, build)
    return folder


def test_record(tmp_path: Path) -> None:
    """A record is read as written; the folder's name has the time, the source and the process id."""
    folder = record(tmp_path, BUILD)
    assert (tmp_path / f"builds/20231114-221320-pkg-{os.getpid()}", BUILD) == (folder, read_build(folder))
    assert {
        "format": 1,
        "source": "/home/jo/pkg",
        "name": "pkg",
        "hook": "build_wheel",
        "frontend": "pip",
        "began": "2023-11-14T22:13:20.250+00:00",
        "seconds": 80.5,
        "outcome": "built",
        "runtimes": {"torch": "2.13.0+cpu"},
        "max-jobs": None,
        "timeline": [{"output": "csrc/a.o", "start": 1.5, "end": 30.0}],
    } == json.loads((folder / "build.json").read_text("utf-8"))
    assert ["build.json"] == os.listdir(folder)


@pytest.mark.parametrize(("name", "told"), [("my pkg: é", "my-pkg"), ("é", "package"), ("a-b.1", "a-b.1")])
def test_odd_names(name: str, told: str, tmp_path: Path) -> None:
    """A folder's name needs no quoting."""
    with made_folder(tmp_path, tmp_path / name, 0) as folder:
        assert f"19700101-000000-{told}-{os.getpid()}" == folder.name
        assert 0o700 == folder.stat().st_mode & 0o777


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1}'])
def test_no_record(text: str, tmp_path: Path) -> None:
    """An invalid record, or one of another format, gives None."""
    write(tmp_path / "build.json", text)
    assert None is read_build(tmp_path)


def test_same_name(tmp_path: Path) -> None:
    """Another container may have a process of the same number, which builds a package of the same name."""
    with made_folder(tmp_path, tmp_path, 0) as one, made_folder(tmp_path, tmp_path, 0) as two:
        pass
    with made_folder(tmp_path, tmp_path, 0) as three:
        assert [one.name, f"{one.name}~2", f"{one.name}~3"] == [folder.name for folder in (one, two, three)]


def aged(folders: list[Path]) -> list[Path]:
    """Make builds older than an hour."""
    for folder in folders:
        os.utime(folder, (1, 1))
    return folders


def test_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest ones are forgotten."""
    monkeypatch.setattr(records, "KEPT", 2)
    folders = aged([record(tmp_path, BUILD._replace(began=BUILD.began + n)) for n in range(3)])
    forget_builds(tmp_path)
    assert [False, True, True] == [folder.is_dir() for folder in folders]
    assert 4 == len(os.listdir(tmp_path / "builds"))


def test_running_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later builds remove nothing of one that runs, and those that run count for nothing."""
    monkeypatch.setattr(records, "KEPT", 1)
    with made_folder(tmp_path, tmp_path, 0) as running, made_folder(tmp_path, tmp_path, 1) as second:
        folders = aged([running, second, *(record(tmp_path, BUILD._replace(began=BUILD.began + n)) for n in range(2))])
        forget_builds(tmp_path)
        assert [True, True, False, True] == [folder.is_dir() for folder in folders]
    forget_builds(tmp_path)
    assert [False, False, False, True] == [folder.is_dir() for folder in folders]


def test_fresh_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that has just ended keeps its record regardless of their number; removed ones are ignored."""
    monkeypatch.setattr(records, "KEPT", 1)
    folders = [record(tmp_path, BUILD._replace(began=BUILD.began + n)) for n in range(3)]
    forget_builds(tmp_path)
    assert [True] * 3 == [folder.is_dir() for folder in folders]
    monkeypatch.setattr(records, "_is_running", lambda folder: folder.rmdir() if not os.listdir(folder) else False)
    (folders[0] / "build.json").unlink()
    forget_builds(tmp_path)
    assert [False, True, True] == [folder.is_dir() for folder in folders]


def test_list_builds(tmp_path: Path) -> None:
    """Records are listed oldest first; folders without a record are ignored, and a name is optional."""
    assert [] == list_builds(tmp_path)
    other = BUILD._replace(source="/home/jo/a-later-one", began=BUILD.began + 5)
    folders = [record(tmp_path, build) for build in (BUILD, other, BUILD._replace(began=BUILD.began - 5))]
    write(tmp_path / "builds/99990101-000000-x-1/output.log", "")
    builds = list_builds(tmp_path)
    assert [folders[2], folders[0], folders[1]] == [folder for folder, _ in builds]
    assert [BUILD, other] == [build for _, build in builds[1:]]
    early = {name: value for name, value in BUILD.describe().items() if name != "name"}
    write(folders[0] / "build.json", json.dumps(early))
    assert BUILD._replace(name=None) == list_builds(tmp_path)[1][1]


def test_find_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build is running while it has no record, and its process holds its folder."""
    environ = {"PYTHONPATH": str(Path(records.__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", RUN, tmp_path], env=environ, stdout=subprocess.PIPE) as other:  # noqa: S603
        assert other.stdout is not None
        folder = Path(other.stdout.readline().decode().strip())
        write(tmp_path / f"builds/2-killed-{os.getpid()}/output.log", "")
        (tmp_path / "builds/5-terminal-1").mkdir()
        write(record(tmp_path, BUILD) / "output.log", "")
        assert [folder / "output.log"] == find_running(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(records, "held_if_free", refuse)
            assert [] == find_running(tmp_path)
        other.kill()
    assert [] == find_running(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seconds", float("inf")), ("seconds", "1"), ("seconds", True), ("began", 5), ("began", "x"), ("runtimes", []),
        ("runtimes", {"torch": 2}), ("timeline", 3), ("timeline", [3]), ("timeline", [{"output": "a"}]), ("source", None),
        ("timeline", [{"output": "a", "start": None, "end": 1}]), ("frontend", 3), ("began", "0001-01-01T00:00:00"),
    ],
)  # fmt: skip
def test_odd_record(key: str, value: object, tmp_path: Path) -> None:
    """A record with a value of a wrong type gives None."""
    folder = record(tmp_path, BUILD)
    write(folder / "build.json", json.dumps({**BUILD.describe(), key: value}))
    assert read_build(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "3", "[" * 100_000])
def test_deep_record(text: str, tmp_path: Path) -> None:
    """A deeply nested text gives None."""
    write(tmp_path / "build.json", text)
    assert read_build(tmp_path) is None


def test_path_that_is_not_utf8(tmp_path: Path) -> None:
    """A path that is not UTF-8 is read as it was written."""
    build = BUILD._replace(source=os.fsdecode(b"/home/caf\xe9"))
    assert build == read_build(record(tmp_path, build))


RUN = """
import pathlib, sys, time
from runtime_backend.watch.records import made_folder
with made_folder(pathlib.Path(sys.argv[1]), pathlib.Path("pkg"), 0) as folder:
    (folder / "output.log").write_text("")
    print(folder, flush=True)
    time.sleep(60)
"""


def refuse(*_: object) -> None:
    """Refuse, as another person's folder does."""
    raise PermissionError
