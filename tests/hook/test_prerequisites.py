"""Missing headers and compilers, reported at the end of a failed build."""

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
    """Return the message about missing headers."""
    return NO_HEADERS.format(path, v=VERSION, short=VERSION.replace(".", ""))


def test_headers(tmp_path: Path) -> None:
    """Headers may be in either folder of the interpreter; if Python names no folder, nothing is reported."""
    one, other = tmp_path / "one", tmp_path / "other"
    write(other / "pyconfig.h", "")
    assert [no_headers(one / "Python.h")] == list(missing_headers([one, other]))
    write(other / "Python.h", "")
    assert ([], []) == (list(missing_headers([one, other])), list(missing_headers([])))


def test_folders_of_this_interpreter() -> None:
    """The folders for headers are those of the running interpreter."""
    assert all(VERSION in str(folder) or "include" in str(folder).lower() for folder in include_folders())
    assert include_folders()


@pytest.mark.parametrize(
    ("programs", "cxx", "missing"),
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
def test_compiler(programs: tuple[str, ...], cxx: str | None, missing: str | None, tmp_path: Path) -> None:
    """The compiler is the one in CXX, after its launcher, else any of the usual ones."""
    for name in programs:
        make_program(tmp_path / name, "#!/bin/sh\n")
    environ = {"PATH": str(tmp_path), **({} if cxx is None else {"CXX": cxx})}
    if missing and missing != NO_COMPILER:
        missing = f"no C++ compiler was found: {missing}. Install it, or name another one."
    assert ([missing] if missing else []) == list(missing_compiler(environ))


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows nothing is reported, because the compiler is on PATH only in its own shell."""
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
    """A failed build ends with the packages to install; the plan's variables count."""
    make_source(scene.source, "backends.objects:raising", env)
    said = Said()
    with pytest.raises(SystemExit):
        call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere, PATH="")), said).build("x", None, None)
    compiler = "no C++ compiler was found: CXX is 'mine', and 'mine' is not on PATH. Install it, or name another one."
    assert [no_headers(tmp_path / "include/Python.h"), compiler if env else NO_COMPILER] == said.lines[-4:-2]


def test_failed_sdist(scene: Scene) -> None:
    """A hook that compiles nothing reports neither headers nor compiler."""
    write(scene.source / "failing_backend.py", "def build_sdist(*_):\n    raise RuntimeError\n")
    make_source(scene.source, "failing_backend", 'backend-path = ["."]\n')
    said = Said()
    with pytest.raises(SystemExit):
        call_of("build_sdist", scene, scene.pip(scene.shell(scene.elsewhere, PATH="")), said).run("x", None)
    assert "  real backend: failing_backend (build_sdist, pip)" == said.lines[-1]
    del sys.modules["failing_backend"]
