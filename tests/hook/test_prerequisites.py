"""What the machine lacks, told at the end of a failed build."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from callers import Scene
from hooks import Said, call_of, make_source
from standins import write
from toolkits import make_program

from runtime_backend.hook import prerequisites
from runtime_backend.hook.prerequisites import _missing_compiler, _missing_headers, include_folders

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
NO_HEADERS = (
    "Python's headers are not installed: found no {}. Install them: apt install python{v}-dev (Debian, Ubuntu), dnf install"
    " python3-devel or python{v}-devel (Fedora, RHEL), zypper install python{short}-devel (openSUSE), apk add python3-dev"
    " (Alpine). A Python of uv, pyenv or conda has its own."
)
NO_COMPILER = (
    "no C++ compiler is installed: found none of c++, g++, clang++ on PATH. Install one: apt install g++ (Debian, Ubuntu),"
    " dnf install gcc-c++ (Fedora, RHEL), zypper install gcc-c++ (openSUSE), apk add g++ (Alpine), xcode-select --install"
    " (macOS); or name one: CXX=/path/to/the/compiler."
)
missing_headers, missing_compiler = _missing_headers, _missing_compiler


def no_headers(path: Path) -> str:
    """Return what is said of a header that is not there."""
    return NO_HEADERS.format(path, v=VERSION, short=VERSION.replace(".", ""))


def test_headers(tmp_path: Path) -> None:
    """They lie in either folder of the interpreter; where Python tells no folder, nothing is said."""
    one, other = tmp_path / "one", tmp_path / "other"
    write(other / "pyconfig.h", "")
    assert [no_headers(one / "Python.h")] == list(missing_headers([one, other]))
    write(other / "Python.h", "")
    assert ([], []) == (list(missing_headers([one, other])), list(missing_headers([])))


def test_folders_of_this_interpreter() -> None:
    """They are those of the interpreter that runs."""
    assert all(VERSION in str(folder) or "include" in str(folder).lower() for folder in include_folders())
    assert include_folders()


@pytest.mark.parametrize(
    ("programs", "cxx", "told"),
    [
        ((), None, NO_COMPILER),
        (("gcc", "cc"), "", NO_COMPILER),
        (("c++",), None, None),
        (("g++",), None, None),
        (("clang++",), None, None),
        (("mine",), "mine -O2 -isysroot /sdk", None),
        (("g++",), "mine", "CXX is 'mine', and 'mine' is not on PATH"),
        (("g++", "ccache"), "ccache g++", None),
        (("g++",), "ccache g++", "CXX is 'ccache g++', and 'ccache' is not on PATH"),
        (("ccache",), "ccache g++", "CXX is 'ccache g++', and 'g++' is not on PATH"),
        (("g++",), "g++ -DX='", None),
        (("g++",), " ", None),
    ],
)
def test_compiler(programs: tuple[str, ...], cxx: str | None, told: str | None, tmp_path: Path) -> None:
    """It is what CXX names, behind its launcher, else any that is usual."""
    for name in programs:
        make_program(tmp_path / name, "#!/bin/sh\n")
    environ = {"PATH": str(tmp_path), **({} if cxx is None else {"CXX": cxx})}
    if told and told != NO_COMPILER:
        told = f"no C++ compiler was found: {told}. Install it, or name another one."
    assert ([told] if told else []) == list(missing_compiler(environ))


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the compiler is on PATH in a shell of its own only: nothing is said."""
    monkeypatch.setattr("os.name", "nt")
    found = list(missing_compiler({"PATH": ""}))
    monkeypatch.undo()
    assert [] == found


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a package whose build fails, on a machine without headers and compiler."""
    made = Scene(tmp_path)
    monkeypatch.setattr(prerequisites, "_missing_headers", missing_headers)
    monkeypatch.setattr(prerequisites, "_missing_compiler", missing_compiler)
    monkeypatch.setattr(prerequisites, "include_folders", lambda: [tmp_path / "include"])
    return made


@pytest.mark.parametrize("env", ["", '[tool.runtime-backend.env]\nCXX = "mine"\n'])
def test_failed_build(env: str, scene: Scene, tmp_path: Path) -> None:
    """A failed build ends with what to install; the plan's own variables count."""
    make_source(scene.source, "backends.objects:raising", env)
    said = Said()
    with pytest.raises(SystemExit):
        call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere, PATH="")), said).build("x", None, None)
    compiler = "no C++ compiler was found: CXX is 'mine', and 'mine' is not on PATH. Install it, or name another one."
    assert [no_headers(tmp_path / "include/Python.h"), compiler if env else NO_COMPILER] == said.lines[-4:-2]


def test_failed_sdist(scene: Scene) -> None:
    """A hook that compiles nothing needs neither."""
    write(scene.source / "failing_backend.py", "def build_sdist(*_):\n    raise RuntimeError\n")
    make_source(scene.source, "failing_backend", 'backend-path = ["."]\n')
    said = Said()
    with pytest.raises(SystemExit):
        call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere, PATH="")), said).run("x", None)
    assert "  real backend: failing_backend (build_sdist, pip)" == said.lines[-1]
    del sys.modules["failing_backend"]
