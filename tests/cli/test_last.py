"""``explain --last``: the last build as text, as JSON and as a picture."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from standins import write
from test_records import BUILD, record

from runtime_backend.cli import main
from runtime_backend.cli.last import shown_name
from runtime_backend.watch.ninja import Step
from runtime_backend.watch.records import STOPPED, TAKEN, made_folder

LONG = "csrc/" + "very/" * 20 + "deep.cu"
TIMELINE = (
    Step(output="CMakeFiles/op.dir/csrc/a.cpp.o", start=1.5, end=31.5),
    Step(output="temp/csrc/b$x_$.o", start=2.0, end=80.0),
    Step(output=f"{LONG}.o", start=31.6, end=41.5),
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")


def recorded(tmp_path: Path, **changes: Any) -> Path:
    """Record a build of the package in the folder, and return the folder of the record."""
    return record(tmp_path / "cache", BUILD._replace(source=str(tmp_path / "pkg"), **changes))


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text has the source, the times and the frontend, then each file by its start, and the totals."""
    folder = recorded(tmp_path, timeline=TIMELINE, max_jobs="2")
    write(folder / "output.log", "")
    assert 0 == main(["explain", "--last"])
    assert [
        f"build_wheel of {tmp_path}/pkg: built",
        "began: 2023-11-14 22:13:20 UTC",
        "took: 1:20",
        "frontend: pip",
        "against: torch 2.13.0+cpu",
        "MAX_JOBS: 2",
        f"output: {folder}/output.log",
        "",
        f"{'file':60}  seconds  started at",
        f"{'csrc/a.cpp':60}     30.0        0:02",
        f"{'temp/csrc/b$x_$':60}     78.0        0:02",
        f"...{LONG[-57:]}      9.9        0:32",
        f"{'all':60}    117.9  in 78.5, 1.5 at once on average",
    ] == capsys.readouterr().out.splitlines()


def test_little_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown facts are reported as such or omitted; colours are used if they are forced."""
    recorded(tmp_path, timeline=(), runtimes={}, frontend=None, outcome="failed")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert 0 == main(["explain", "--last"])
    assert [
        f"\033[1mbuild_wheel of {tmp_path}/pkg\033[0m: failed",
        "\033[1mbegan\033[0m: 2023-11-14 22:13:20 UTC",
        "\033[1mtook\033[0m: 1:20",
        "\033[1mfrontend\033[0m: not known",
        "",
        "the build left no ninja log: the times of its files are not known",
    ] == capsys.readouterr().out.splitlines()


def test_no_time_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Steps without duration have no parallelism."""
    recorded(tmp_path, timeline=(Step(output="a.o", start=1, end=1),))
    assert 0 == main(["explain", "--last"])
    assert "all       0.0  in 0.0" == capsys.readouterr().out.splitlines()[-1]


def test_taken_from_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wheel that was taken from the store is no build without a log: nothing was compiled."""
    recorded(tmp_path, timeline=(), outcome=f"{TAKEN}: compiled here")
    assert 0 == main(["explain", "--last"])
    lines = capsys.readouterr().out.splitlines()
    expected = f"build_wheel of {tmp_path}/pkg: taken from the wheel store: compiled here"
    assert (expected, "nothing was compiled") == (lines[0], lines[-1])


def test_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A build that was stopped before it began is told with its message."""
    folder = recorded(tmp_path, timeline=(), outcome=f"{STOPPED}: no-runtime")
    write(folder / "output.log", "found no torch\nInstall it.\n")
    assert 0 == main(["explain", "--last"])
    lines = capsys.readouterr().out.splitlines()
    expected = f"build_wheel of {tmp_path}/pkg: stopped before it began: no-runtime"
    assert (expected, ["", "found no torch", "Install it."]) == (lines[0], lines[-3:])


def test_of_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest build of a source is selected, not the newest of all; JSON has the record."""
    own = recorded(tmp_path)
    record(tmp_path / "cache", BUILD._replace(began=BUILD.began + 9))
    (tmp_path / "pkg").mkdir()
    monkeypatch.chdir(tmp_path / "pkg")
    assert 0 == main(["explain", "--last", ".", "--json"])
    assert json.loads((own / "build.json").read_text("utf-8")) == json.loads(capsys.readouterr().out)
    assert 0 == main(["explain", "--last"])
    assert "build_wheel of /home/jo/pkg: built" == capsys.readouterr().out.splitlines()[0]


def test_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A package is found by its name in any spelling, or by its folder's name if the record has none.

    A folder of that name takes precedence.
    """
    cache = tmp_path / "cache"
    builds = [
        BUILD._replace(source="/home/x1/src", name="my-pkg"),
        BUILD._replace(source="/home/jo/Other_Pkg", name=None, began=BUILD.began + 1),
        BUILD._replace(source=str(tmp_path / "my-pkg"), name="third", began=BUILD.began + 2),
    ]
    for build in builds:
        record(cache, build)
    for name, source in (("My.Pkg", "/home/x1/src"), ("other-pkg", "/home/jo/Other_Pkg"), ("my-pkg", "/home/x1/src")):
        assert 0 == main(["explain", "--last", name])
        assert f"build_wheel of {source}: built" == capsys.readouterr().out.splitlines()[0]
    (tmp_path / "my-pkg").mkdir()
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["explain", "--last", "my-pkg"])
    assert f"build_wheel of {tmp_path}/my-pkg: built" == capsys.readouterr().out.splitlines()[0]
    assert 1 == main(["explain", "--last", "mypkg"])
    assert (
        f"runtime-backend: error[no-such-build]: found no build of mypkg (did you mean 'my-pkg'?) in {cache}/builds, expected one of the"
        " last 20; there are records of my-pkg, other-pkg, third\nBuild mypkg, then run this again.\n"
    ) == capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "of", "what"), [([], "", "a package"), (["{source}"], " of {source}", "{source}")]
)
def test_nothing_recorded(
    arguments: list[str], of: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no build is recorded, the error names the next step."""
    source = str(tmp_path / "other")
    assert 1 == main(["explain", "--last", *(argument.format(source=source) for argument in arguments)])
    assert (
        f"runtime-backend: error[no-such-build]: found no build{of.format(source=source)} in {tmp_path}/cache/builds,"
        " expected one of the last 20\n"
        f"Build {what.format(source=source)}, then run this again.\n"
    ) == capsys.readouterr().err


def test_under_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A running build is reported, with the command that follows its output."""
    recorded(tmp_path)
    with made_folder(tmp_path / "cache", Path("x"), 0) as folder:
        log = write(folder / "output.log", "")
        assert 0 == main(["explain", "--last", "--json"])
    assert f"runtime-backend: a build is running; to follow it: tail -f {log}\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("csrc/a.o", "csrc/a"),
        ("CMakeFiles/op.dir/csrc/a.cpp.o", "csrc/a.cpp"),
        ("sub/CMakeFiles/op.dir/a.cu.o", "sub/a.cu"),
        ("op.cpython-311-x86_64-linux-gnu.so.p/csrc_a.cpp.o", "csrc_a.cpp"),
        ("CMakeFiles\\op.dir\\a.cpp.obj", "a.cpp"),
        ("home/jo/pkg/csrc/a.o", "csrc/a"),
        ("/home/jo/pkg/build/x/a.o", "build/x/a"),
        ("libop.so", "libop.so"),
    ],
)
def test_shown_name(output: str, name: str) -> None:
    """An object is shown with the name of its source, as far as it can be derived."""
    assert name == shown_name(Step(output=output, start=0, end=1), BUILD)


def texts_of(path: Path) -> set[str]:
    """Return the texts in an SVG: matplotlib draws the letters, and adds comments with the texts."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314 - our own file
    nodes = ET.parse(path, parser).getroot().iter(ET.Comment)  # type: ignore[arg-type] # noqa: S314
    return {(node.text or "").strip() for node in nodes}


@pytest.mark.once
def test_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The picture has the name of every file, an axis in seconds, and a title."""
    recorded(tmp_path, timeline=TIMELINE)
    path = tmp_path / "timeline.svg"
    assert 0 == main(["explain", "--last", "--plot", str(path)])
    captured = capsys.readouterr()
    assert f"runtime-backend: {path} shows what was compiled when\n" == captured.err
    assert captured.out.startswith("build_wheel of ")
    assert {
        "csrc/a.cpp",
        "temp/csrc/b$x_$",
        "seconds since the build began",
        "pkg: built in 1:20, against torch 2.13.0+cpu",
    } <= texts_of(path)


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "beginning"),
    [("x.png", b"\x89PNG\r\n"), ("x.SVG", b"<?xml version="), ("x.pdf", b"%PDF-"), ("x.y.PNG", b"\x89PNG\r\n")],
)
def test_formats(name: str, beginning: bytes, tmp_path: Path) -> None:
    """The ending of a picture's name selects its format."""
    recorded(tmp_path, timeline=TIMELINE)
    assert 0 == main(["explain", "--last", "--plot", str(tmp_path / name)])
    assert (tmp_path / name).read_bytes().startswith(beginning)


@pytest.mark.parametrize("name", ["x.jpg", "x", "svg", ".svg", "x.svg/", "x.svgz", "x.png "])
def test_other_formats(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another ending is wrong usage, before anything is drawn."""
    recorded(tmp_path, timeline=TIMELINE)
    with pytest.raises(SystemExit) as caught:
        main(["explain", "--last", "--plot", f"{tmp_path}/{name}"])
    told = f"argument --plot: found '{tmp_path}/{name}', expected a name ending in .png or .svg or .pdf\n"
    assert (2, True) == (caught.value.code, capsys.readouterr().err.endswith(told))
    assert ["cache"] == os.listdir(tmp_path)


def test_plot_without_runtime(tmp_path: Path) -> None:
    """The title names no runtime if the build had none."""
    recorded(tmp_path, timeline=TIMELINE, runtimes={})
    assert 0 == main(["explain", "--last", "--plot", str(tmp_path / "x.svg")])
    assert "pkg: built in 1:20" in texts_of(tmp_path / "x.svg")


def test_nothing_to_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A build without a ninja log cannot be drawn."""
    recorded(tmp_path, timeline=())
    assert 1 == main(["explain", "--last", "--plot", str(tmp_path / "x.svg")])
    assert (
        f"runtime-backend: error[no-ninja-log]: found no ninja log of the build of {tmp_path}/pkg, expected one to draw\n"
        "Add ninja to build-system.requires of the package, and build it again.\n"
    ) == capsys.readouterr().err
    assert not (tmp_path / "x.svg").exists()


def test_plot_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture that cannot be written is an error."""
    recorded(tmp_path, timeline=TIMELINE)
    path = tmp_path / "no/x.svg"
    assert 1 == main(["explain", "--last", "--plot", str(path)])
    assert (
        f"runtime-backend: error[file-cannot-be-written]: {path}: cannot be written: No such file or directory\n"
        "Expected a file in a writable folder that exists.\n"
    ) == capsys.readouterr().err


def test_without_matplotlib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without matplotlib, the error names the extra."""
    recorded(tmp_path, timeline=TIMELINE)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib" or name.endswith("cli.plot")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Without("matplotlib"), *sys.meta_path])
    assert 1 == main(["explain", "--last", "--plot", str(tmp_path / "x.svg")])
    assert (
        "runtime-backend: error[no-library]: matplotlib is not installed\nRun: pip install 'runtime-backend[plot]'\n"
    ) == capsys.readouterr().err


class Without:
    """A finder that does not find one library."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, name: str, *_: object) -> None:
        """Raise ModuleNotFoundError for it."""
        if name.partition(".")[0] == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_plot_of_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """--plot without --last is wrong usage."""
    with pytest.raises(SystemExit) as caught:
        main(["explain", "--plot", "x.svg"])
    assert (2, True) == (
        caught.value.code,
        capsys.readouterr().err.endswith("runtime-backend explain: error: argument --plot: expected --last with it\n"),
    )
