"""The caller: frontend, isolation and working directories."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from callers import Scene, make_caller

from runtime_backend.frontend.caller import read_caller
from runtime_backend.frontend.processes import Process


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uv sync", "uv"),
        ("/x/uvx ruff", "uv"),
        (r"C:\x\uv.exe sync", "uv"),
        ("/x/bin/python /x/bin/pip install .", "pip"),
        ("/x/bin/python3.12 /x/bin/pip3.12 install .", "pip"),
        ("pip3 install .", "pip"),
        ("python -m pip install .", "pip"),
        ("python -mpip install .", "pip"),
        ("python -Im build", "build"),
        ("python -X dev -W error -m build", "build"),
        ("python -Xdev -Wd -u -m build.__main__", "build"),
        ("python --check-hash-based-pycs default -m pip", None),
        ("python /x/pip/__main__.py install", "pip"),
        ("python /x/pip/__pip-runner__.py --python /y install", "pip"),
        ("python /x/pip.pyz install .", "pip"),
        ("python /x/bin/pip-compile", "pip"),
        ("python /x/bin/pip-sync", "pip"),
        ("pyproject-build", "build"),
        ("python /x/bin/poetry install", "poetry"),
        ("python -c import/pip", None),
        ("python -m", None),
        ("python -X", None),
        ("python", None),
        ("-bash", None),
        ("make pip", None),
        ("", None),
    ],
)
def test_frontend(line: str, expected: str | None, tmp_path: Path) -> None:
    """The frontend is found by its program, or by the module or script that an interpreter runs."""
    process = Process(argv=tuple(line.split()))
    caller = make_caller(tmp_path, cwd=tmp_path, ancestors=[process])
    assert (expected, None if expected is None else process) == caller.frontend


def test_nearest_frontend(tmp_path: Path) -> None:
    """Of several frontends, the nearest one calls."""
    ancestors = [Process(argv=("sh",)), Process(argv=("pip",)), Process(argv=("uv", "run"))]
    assert "pip" == make_caller(tmp_path, cwd=tmp_path, ancestors=ancestors).frontend[0]


def test_frontend_without_procfs(tmp_path: Path) -> None:
    """Without access to other processes, only uv and pip are found, by their marks."""
    scene = Scene(tmp_path, procfs=False)
    shell = scene.shell(scene.elsewhere)
    assert ("uv", None) == scene.uv(shell, "sync").frontend
    assert ("pip", None) == scene.pip(shell).frontend
    assert ("pip", None) == scene.pip_venv_isolation(shell).frontend
    assert (None, None) == scene.build(shell).frontend
    assert (None, None) == scene.not_isolated({**shell, "PIP_BUILD_TRACKER": "x"}, ["pip"]).frontend


def test_uv_under_another_name(tmp_path: Path) -> None:
    """The process right above a hook in uv's build environment is uv, whatever it is called, and whatever is above."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.elsewhere)
    for above in ([], [Process(argv=("uv", "run", "x"))]):
        renamed = Process(argv=("/opt/our-uv", "sync"), cwd=scene.elsewhere, environ=shell)
        caller = scene.uv(shell, "sync")._replace(list_ancestors=partial(tuple, (renamed, *above)))
        assert ("uv", renamed) == caller.frontend


def test_isolation(tmp_path: Path) -> None:
    """Each frontend isolates in its own way."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.elsewhere, scene.target)
    assert "hidden" == scene.pip(shell).isolation
    assert "throwaway" == scene.pip_venv_isolation(shell).isolation
    assert "throwaway" == scene.uv(shell, "sync").isolation
    assert "throwaway" == scene.build(shell).isolation
    assert "kept" == scene.hatch_build(shell).isolation
    assert "kept" == scene.tox_packaging(shell).isolation
    assert "none" == scene.not_isolated(shell, ["pip"]).isolation


def test_isolation_under_tox(tmp_path: Path) -> None:
    """A variable of tox in another environment does not make the environment a kept one."""
    scene = Scene(tmp_path)
    assert "hidden" == scene.pip(scene.shell(scene.elsewhere, TOX_ENV_NAME=".pkg")).isolation


def test_isolation_through_a_link(tmp_path: Path) -> None:
    """Distributions are visible even if their folder is on the path by another name."""
    scene = Scene(tmp_path)
    (tmp_path / "alias").symlink_to(scene.target)
    caller = make_caller(tmp_path / "alias", cwd=scene.source, sys_path=[scene.site(scene.target)])
    assert "none" == caller.isolation


def test_unreadable_environment(tmp_path: Path) -> None:
    """If the interpreter's environment cannot be read, there is no isolation."""
    caller = make_caller(tmp_path, cwd=tmp_path)
    assert ("none", None) == (caller.isolation, caller.own_environment)


def test_personal_environ(tmp_path: Path) -> None:
    """The person's variables are those of the nearest process in which the build environment is not activated."""
    scene = Scene(tmp_path)
    shell = scene.shell(scene.elsewhere, scene.target)
    assert shell == scene.hatch_build(shell).personal_environ
    assert shell == scene.uv(shell, "sync").personal_environ
    assert str(scene.target) == scene.build(shell).personal_environ["VIRTUAL_ENV"]
    alone = scene.uv(shell, "sync")._replace(list_ancestors=lambda: [Process(argv=("uv",))])
    assert "VIRTUAL_ENV" not in alone.personal_environ
    assert str(scene.elsewhere) == alone.personal_environ["PWD"]


@pytest.mark.parametrize(
    ("told", "shell", "expected"),
    [("/a", "/b", ["/a", "/b"]), ("/a", "/a", ["/a"]), (None, "/b", ["/b"]), ("/a", "", ["/a"]), (None, "", [])],
)
def test_working_folders(told: str | None, shell: str, expected: list[str], tmp_path: Path) -> None:
    """The frontend's working directory comes before the shell's."""
    pip = Process(argv=("pip",), cwd=None if told is None else Path(told))
    caller = make_caller(tmp_path, cwd=tmp_path, environ={"PWD": shell}, ancestors=[pip])
    assert tuple(map(Path, expected)) == caller.working_folders


def test_ancestors_are_read_once(tmp_path: Path) -> None:
    """The ancestors are listed once, on first use."""
    calls: list[int] = []

    def count() -> tuple[Process, ...]:
        calls.append(1)
        return ()

    caller = make_caller(tmp_path, cwd=tmp_path)._replace(list_ancestors=count)
    assert [] == calls
    assert ((), ()) == (caller.ancestors, caller.ancestors)
    assert [1] == calls


def test_read_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The caller of this process has its environment, folders and arguments."""
    monkeypatch.chdir(tmp_path)
    caller = read_caller()
    assert (tmp_path, Path(sys.prefix), tuple(sys.path)) == (caller.cwd, caller.prefix, caller.sys_path)
    assert (os.environ["PATH"], True) == (caller.environ["PATH"], caller.is_hook)
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" == caller.reader.python.rstrip("t")


def test_imported_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of an imported module is found, if it has one."""
    found = read_caller().find_imported
    monkeypatch.setitem(sys.modules, "a_runtime", SimpleNamespace(__version__="1.0"))
    monkeypatch.setitem(sys.modules, "another", SimpleNamespace())
    assert ["1.0", None, None] == [found("a-runtime"), found("another"), found("absent")]
